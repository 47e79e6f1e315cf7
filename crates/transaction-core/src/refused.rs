//! Which requests have been refused lately without a transaction, so that a copy of one is refused as well: else a request
//! whose refusal has crossed its repetition would begin a call that nobody waits for.

use crate::fingerprint::Fingerprint;

/// Requests remembered; a later one takes the place of an earlier one. At 20,000 refusals in a second each is remembered
/// for some three seconds, in which it has been sent three times.
const PLACES: usize = 1 << 16;

/// A memory of one size, held only as long as there is something to remember.
#[derive(Debug, Default)]
pub(crate) struct Refused {
    places: Vec<Option<Fingerprint>>,
    /// When something was refused last, in milliseconds.
    last: u64,
}

impl Refused {
    pub(crate) fn remember(&mut self, passed: u64, fingerprint: Fingerprint) {
        if self.places.is_empty() {
            self.places = vec![None; PLACES];
        }
        self.places[Self::place(fingerprint)] = Some(fingerprint);
        self.last = passed;
    }

    /// Whether a request has been refused. Nothing is remembered any more when nothing has been refused for a `lifetime`.
    pub(crate) fn knows(&mut self, passed: u64, lifetime: u64, fingerprint: Fingerprint) -> bool {
        if self.places.is_empty() {
            return false;
        }
        if passed > self.last.saturating_add(lifetime) {
            *self = Refused::default();
            return false;
        }
        self.places[Self::place(fingerprint)] == Some(fingerprint)
    }

    /// Whether nothing is remembered.
    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    fn place(fingerprint: Fingerprint) -> usize {
        (fingerprint.bits() >> 32) as usize % PLACES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_refused_is_known_for_a_lifetime_in_memory_of_one_size() {
        let mut refused = Refused::default();
        let [one, other] = [1, 2].map(|number| Fingerprint::from_bits(number << 32));
        assert!(!refused.knows(0, 32_000, one));
        refused.remember(5, one);
        assert!(refused.knows(32_005, 32_000, one) && !refused.knows(32_005, 32_000, other));
        for number in 0..200_000 {
            refused.remember(6, Fingerprint::from_bits(number << 20));
        }
        assert_eq!(refused.places.len(), PLACES);
        assert!(!refused.knows(32_007, 32_000, one));
        assert!(refused.places.is_empty());
    }
}
