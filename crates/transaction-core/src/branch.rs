//! Branch parameters and tags: unique, unguessable, and naming the shard that minted them.

use rand::Rng;
use rand::rngs::StdRng;

/// What an RFC 3261 branch begins with (section 8.1.1.7).
pub(crate) const MAGIC_COOKIE: &str = "z9hG4bK";

const SHARD_DIGITS: usize = 4;

/// A fresh branch: the magic cookie, the shard in four hexadecimal digits, 96 random bits.
pub(crate) fn mint(rng: &mut StdRng, shard: u16) -> String {
    let (high, low): (u32, u64) = (rng.next_u32(), rng.next_u64());
    format!("{MAGIC_COOKIE}{shard:04x}{high:08x}{low:016x}")
}

/// The shard that minted `branch`, so that a driver with several shards finds the one a response belongs to; `None` when
/// the branch is not of this layer's making.
pub fn shard_of(branch: &str) -> Option<u16> {
    let digits = branch.strip_prefix(MAGIC_COOKIE)?.get(..SHARD_DIGITS)?;
    u16::from_str_radix(digits, 16).ok()
}

/// Whether `branch` promises to be unique (RFC 3261 section 8.1.1.7); without that promise a request is matched as
/// RFC 2543 did.
pub(crate) fn is_unique(branch: &str) -> bool {
    branch
        .get(..MAGIC_COOKIE.len())
        .is_some_and(|cookie| cookie.eq_ignore_ascii_case(MAGIC_COOKIE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use std::collections::HashSet;

    #[test]
    fn a_branch_names_its_shard_and_never_comes_twice() {
        let mut rng = StdRng::seed_from_u64(1);
        let branches: HashSet<String> = (0..10_000).map(|_| mint(&mut rng, 0xbeef)).collect();
        assert_eq!(branches.len(), 10_000);
        assert!(
            branches
                .iter()
                .all(|branch| shard_of(branch) == Some(0xbeef) && is_unique(branch))
        );
    }

    #[test]
    fn foreign_branches_are_read_without_trust() {
        assert_eq!(shard_of("z9hG4bK"), None);
        assert_eq!(shard_of("z9hG4bKé00000"), None);
        assert_eq!(shard_of("390skdjuw"), None);
        assert!(is_unique("Z9HG4BKabc"));
        assert!(is_unique("z9hG4bK"));
        assert!(!is_unique("z9hG4b"));
        assert!(!is_unique("390skdjuw"));
        assert!(!is_unique(""));
    }
}
