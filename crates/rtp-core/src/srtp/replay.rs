//! The replay window: which of the last 128 indexes were taken (RFC 3711 section 3.3.2).

use super::SrtpError;

/// The last indexes of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ReplayWindow {
    /// One more than the highest index; 0 before the first packet.
    end: u64,
    /// Bit `n` is set when index `end - 1 - n` was taken.
    taken: u128,
}

impl ReplayWindow {
    /// Whether `index` may be taken; to be asked before it is authenticated.
    pub(super) fn check(&self, index: u64) -> Result<(), SrtpError> {
        if index >= self.end {
            return Ok(());
        }
        match u32::try_from(self.end - 1 - index) {
            Ok(age) if age < u128::BITS && self.taken >> age & 1 == 0 => Ok(()),
            _ => Err(SrtpError::Replayed),
        }
    }

    /// Takes note of `index`, which was checked and is authentic.
    pub(super) fn take(&mut self, index: u64) {
        if index >= self.end {
            let ahead = u32::try_from(index + 1 - self.end).unwrap_or(u32::MAX);
            self.taken = self.taken.checked_shl(ahead).unwrap_or(0) | 1;
            self.end = index + 1;
        } else if let Ok(age) = u32::try_from(self.end - 1 - index) {
            self.taken |= 1u128.checked_shl(age).unwrap_or(0);
        }
    }

    /// The highest index taken.
    pub(super) fn highest(&self) -> Option<u64> {
        self.end.checked_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_window_is_128_wide() {
        let mut window = ReplayWindow::default();
        assert_eq!(window.highest(), None);
        window.take(200);
        assert_eq!(window.check(200), Err(SrtpError::Replayed));
        assert_eq!(window.check(73), Ok(()));
        assert_eq!(window.check(72), Err(SrtpError::Replayed));
        window.take(73);
        assert_eq!(window.check(73), Err(SrtpError::Replayed));
        window.take(1_000);
        assert_eq!(window.highest(), Some(1_000));
        assert_eq!(window.check(999), Ok(()));
        assert_eq!(window.check(872), Err(SrtpError::Replayed));
    }

    proptest! {
        /// Against the plain statement: never twice, and nothing more than 127 behind the highest.
        #[test]
        fn an_index_is_taken_once(indexes in proptest::collection::vec(0u64..600, 1..400)) {
            let mut window = ReplayWindow::default();
            let (mut seen, mut highest) = (HashSet::new(), 0);
            for index in indexes {
                let fresh = !seen.contains(&index) && index + 128 > highest;
                prop_assert_eq!(window.check(index).is_ok(), fresh);
                if fresh {
                    window.take(index);
                    seen.insert(index);
                    highest = highest.max(index);
                }
            }
        }
    }
}
