//! Keyed hashes of 64 bits that stand for what has to be equal.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroU64;

use rand::Rng;
use rand::rngs::StdRng;

/// What stands for the parts of a message that matching compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint(NonZeroU64);

impl Fingerprint {
    pub(crate) fn from_bits(bits: u64) -> Fingerprint {
        Fingerprint(NonZeroU64::new(bits).unwrap_or(NonZeroU64::MAX))
    }

    pub(crate) fn bits(self) -> u64 {
        self.0.get()
    }
}

/// What nobody outside knows, and what makes fingerprints different in every shard.
#[derive(Clone, Debug)]
pub(crate) struct Secret(DefaultHasher);

impl Secret {
    pub(crate) fn new(rng: &mut StdRng) -> Secret {
        let mut hasher = DefaultHasher::new();
        for _ in 0..2 {
            hasher.write_u64(rng.next_u64());
        }
        Secret(hasher)
    }

    /// Begins a fingerprint; `kind` keeps the uses of the secret apart.
    pub(crate) fn imprint(&self, kind: u8) -> Imprint {
        let mut octets = [0; BUFFER_OCTETS];
        octets[0] = kind;
        Imprint {
            hasher: self.0.clone(),
            octets,
            len: 1,
        }
    }

    /// The fingerprint of one thing.
    pub(crate) fn of(&self, kind: u8, thing: &impl Hash) -> Fingerprint {
        let mut hasher = self.0.clone();
        hasher.write_u8(kind);
        thing.hash(&mut hasher);
        Fingerprint::from_bits(hasher.finish())
    }
}

/// Usually there is room for all pieces of a fingerprint, so that they are hashed at one go.
const BUFFER_OCTETS: usize = 192;

/// A fingerprint in the making, of pieces of text in a fixed order.
pub(crate) struct Imprint {
    hasher: DefaultHasher,
    octets: [u8; BUFFER_OCTETS],
    len: usize,
}

impl Imprint {
    pub(crate) fn text(&mut self, text: &str) {
        self.put(text.as_bytes(), |_| {});
    }

    /// Text whose case does not count.
    pub(crate) fn folded(&mut self, text: &str) {
        self.put(text.as_bytes(), <[u8]>::make_ascii_lowercase);
    }

    /// Text that may be missing, which is not the same as being empty.
    pub(crate) fn optional(&mut self, text: Option<&str>) {
        self.text(if text.is_some() { "+" } else { "-" });
        self.text(text.unwrap_or_default());
    }

    pub(crate) fn number(&mut self, number: u32) {
        self.put(&number.to_be_bytes(), |_| {});
    }

    pub(crate) fn finish(mut self) -> Fingerprint {
        self.hasher.write(&self.octets[..self.len]);
        Fingerprint::from_bits(self.hasher.finish())
    }

    /// Puts a piece down and after it an octet that no text contains, so that no two sequences of pieces look alike.
    fn put(&mut self, mut piece: &[u8], change: impl Fn(&mut [u8])) {
        loop {
            let room = &mut self.octets[self.len..];
            let fits = piece.len().min(room.len());
            let (now, later) = piece.split_at(fits);
            room[..fits].copy_from_slice(now);
            change(&mut room[..fits]);
            self.len += fits;
            piece = later;
            if self.len < BUFFER_OCTETS {
                break;
            }
            self.hasher.write(&self.octets);
            self.len = 0;
        }
        self.octets[self.len] = 0xff;
        self.len += 1;
        if self.len == BUFFER_OCTETS {
            self.hasher.write(&self.octets);
            self.len = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use std::collections::HashSet;

    #[test]
    fn pieces_of_any_length_make_their_own_fingerprint() {
        let secret = Secret::new(&mut StdRng::seed_from_u64(1));
        let mut seen = HashSet::new();
        for length in 0..600 {
            let text = "x".repeat(length);
            for cut in [0, length / 2, length].into_iter().collect::<HashSet<_>>() {
                let mut imprint = secret.imprint(b'a');
                imprint.text(&text[..cut]);
                imprint.text(&text[cut..]);
                assert!(seen.insert(imprint.finish()), "{length} {cut}");
            }
        }
        assert!(seen.insert(secret.imprint(b'b').finish()));
        let missing = |text| {
            let mut imprint = secret.imprint(b'a');
            imprint.optional(text);
            imprint.finish()
        };
        assert_ne!(missing(None), missing(Some("")));
    }

    #[test]
    fn case_is_folded_where_it_does_not_count_and_secrets_differ() {
        let [one, other] = [1, 2].map(|seed| Secret::new(&mut StdRng::seed_from_u64(seed)));
        let folded = |secret: &Secret, text: &str| {
            let mut imprint = secret.imprint(b'a');
            imprint.folded(text);
            imprint.finish()
        };
        let long = "z9hG4bKAbc".repeat(50);
        assert_eq!(folded(&one, &long), folded(&one, &long.to_lowercase()));
        assert_ne!(folded(&one, "abc"), folded(&other, "abc"));
    }
}
