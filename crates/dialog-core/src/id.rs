//! Names of calls and dialogs: the key a user holds, and the tags and Call-IDs that travel on the wire (RFC 3261
//! sections 12 and 19.3).

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Deref;

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

crate::table::key!(CallKey);

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
        let octets: &[u8; 16] = text.as_bytes().try_into().ok()?;
        let mut number = 0;
        for octet in octets {
            let digit = match octet {
                b'0'..=b'9' => octet - b'0',
                b'a'..=b'f' => octet - b'a' + 10,
                _ => return None,
            };
            number = number << 4 | u64::from(digit);
        }
        Some(LocalTag(number))
    }

    /// The tag as it goes over the wire.
    pub fn text(self) -> TagText {
        let mut octets = [0; 16];
        for (octet, place) in octets.iter_mut().rev().zip((0..64).step_by(4)) {
            *octet = b"0123456789abcdef"[(self.0 >> place) as usize & 0xf];
        }
        TagText(octets)
    }
}

/// The sixteen digits of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TagText([u8; 16]);

impl Deref for TagText {
    type Target = str;

    fn deref(&self) -> &str {
        // Digits and letters always are text.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for LocalTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

/// A map whose keys this side mints: no peer chooses them, so that hashing them needs no defence against floods of equal
/// hashes, and costs next to nothing.
pub type KeyMap<K, V> = HashMap<K, V, BuildHasherDefault<KeyHasher>>;

/// The hasher of a [`KeyMap`]: mixes the few numbers that a key consists of.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyHasher(u64);

impl KeyHasher {
    /// An odd number without pattern, 2^64 divided by the golden ratio.
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
}

impl Hasher for KeyHasher {
    fn write(&mut self, octets: &[u8]) {
        octets
            .iter()
            .for_each(|octet| self.write_u64((*octet).into()));
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(number.into());
    }

    fn write_u64(&mut self, number: u64) {
        let mixed = (self.0.rotate_left(32) ^ number).wrapping_mul(Self::FACTOR);
        self.0 = mixed ^ (mixed >> 32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A new Call-ID: 128 random bits and nothing about this host.
pub(crate) fn mint_call_id(rng: &mut StdRng) -> ByteString {
    format!("{:016x}{:016x}", rng.next_u64(), rng.next_u64()).into()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::hash::BuildHasher;

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
    fn keys_that_follow_each_other_spread() {
        let key = |index| CallKey {
            index,
            generation: index + 1,
        };
        let hash = |key| BuildHasherDefault::<KeyHasher>::default().hash_one(key);
        let hashes: Vec<u64> = (0..4096).map(key).map(hash).collect();
        for places in [0, 57] {
            let distinct: HashSet<u64> = hashes.iter().map(|hash| hash >> places & 0x7f).collect();
            assert_eq!(
                distinct.len(),
                128,
                "all values of the seven bits from {places}"
            );
        }
        let low: HashSet<u64> = hashes.iter().map(|hash| hash & 0xfff).collect();
        assert!(low.len() > 2300, "{} of 4096", low.len());
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
