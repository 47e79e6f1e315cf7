//! Names of calls and dialogs: the key a user holds, and the tags and Call-IDs that travel on the wire (RFC 3261
//! sections 12 and 19.3).

use std::fmt;

use rand::Rng;
use rand::rngs::StdRng;
use rvoip_transaction_core::sip_core::ByteString;

/// A call of one [`DialogManager`](crate::DialogManager): slab index and generation, so that a key of an ended call
/// never names a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallKey {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

impl fmt::Display for CallKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.index, self.generation)
    }
}

/// A tag of ours: 64 random bits, sixteen hexadecimal digits on the wire. Random enough to name the dialog on this side
/// alone, so that one look-up by number finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocalTag(u64);

impl LocalTag {
    /// A new tag.
    pub fn mint(rng: &mut StdRng) -> LocalTag {
        LocalTag(rng.next_u64())
    }

    /// Reads a tag off the wire; `None` when it cannot be one of ours.
    pub fn parse(text: &str) -> Option<LocalTag> {
        let ours = text.len() == 16
            && text
                .bytes()
                .all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'f'));
        ours.then(|| u64::from_str_radix(text, 16).ok().map(LocalTag))?
    }
}

impl fmt::Display for LocalTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut octets = [0; 16];
        for (octet, place) in octets.iter_mut().rev().zip((0..64).step_by(4)) {
            *octet = b"0123456789abcdef"[(self.0 >> place) as usize & 0xf];
        }
        f.write_str(std::str::from_utf8(&octets).map_err(|_| fmt::Error)?)
    }
}

/// A new Call-ID: 128 random bits and nothing about this host.
pub(crate) fn mint_call_id(rng: &mut StdRng) -> ByteString {
    format!("{:016x}{:016x}", rng.next_u64(), rng.next_u64()).into()
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn a_tag_reads_back_and_nothing_else_reads() {
        let tag = LocalTag::mint(&mut StdRng::seed_from_u64(1));
        assert_eq!(LocalTag::parse(&tag.to_string()), Some(tag));
        assert_eq!(LocalTag(0xfedc_ba98).to_string(), "00000000fedcba98");
        for text in [
            "",
            "0123456789abcde",
            "0123456789ABCDEF",
            "+123456789abcdef",
            "0123456789abcdefg",
        ] {
            assert_eq!(LocalTag::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_names() {
        let names = |seed| {
            let mut rng = StdRng::seed_from_u64(seed);
            (LocalTag::mint(&mut rng), mint_call_id(&mut rng))
        };
        assert_eq!(names(7), names(7));
        assert_ne!(names(7), names(8));
    }
}
