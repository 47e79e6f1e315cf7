//! DTMF digits and their numbers as telephone events (RFC 4733 section 3.2).

use std::fmt;
use std::time::Duration;

mod detector;
mod event_set;
mod telephone_event;
mod tone;

pub use detector::DtmfDetector;
pub(crate) use detector::RATE_HZ as DETECTOR_RATE_HZ;
pub use event_set::TelephoneEventSet;
pub(crate) use telephone_event::{Press, TelephoneEvents};

/// A DTMF digit: 0 to 9, `*`, `#`, A to D; or a hook flash, `!`, which has no sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DtmfDigit(u8);

/// How digits are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DtmfTiming {
    /// How long a digit is pressed, in whole frames of 20 ms, up to a minute.
    pub tone: Duration,
    /// How long nothing is pressed after it; 40 ms at least, in which its end is told three times.
    pub pause: Duration,
}

impl Default for DtmfTiming {
    /// 100 ms and 100 ms.
    fn default() -> Self {
        Self {
            tone: Duration::from_millis(100),
            pause: Duration::from_millis(100),
        }
    }
}

/// All digits and the hook flash, each at the place of its number.
const DIGITS: &[u8; 17] = b"0123456789*#ABCD!";

impl DtmfDigit {
    /// A hook flash (event 16 of RFC 4733 section 3.2 and its registry): the hook is on for a moment.
    pub const FLASH: Self = Self(16);

    /// The digit that a character stands for, letters in either case.
    #[must_use]
    pub fn from_char(digit: char) -> Option<Self> {
        let digit = digit.to_ascii_uppercase();
        let place = DIGITS.iter().position(|known| char::from(*known) == digit);
        place.map(|place| Self(place as u8))
    }

    /// The digit of this event; `None` for the events that are neither digit nor hook flash.
    #[must_use]
    pub fn from_event(event: u8) -> Option<Self> {
        (usize::from(event) < DIGITS.len()).then_some(Self(event))
    }

    /// The number of the event.
    #[must_use]
    pub const fn event(self) -> u8 {
        self.0
    }

    /// The digit as a character.
    #[must_use]
    pub fn as_char(self) -> char {
        let known = DIGITS.get(usize::from(self.0));
        known.map_or('!', |known| char::from(*known))
    }
}

impl fmt::Display for DtmfDigit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.as_char())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digit_has_its_number_and_its_character() {
        for (number, digit) in "0123456789*#ABCD!".chars().enumerate() {
            let known = DtmfDigit::from_char(digit).unwrap();
            assert_eq!(usize::from(known.event()), number);
            assert_eq!(known.as_char(), digit);
        }
        assert_eq!(DtmfDigit::from_char('d').map(DtmfDigit::event), Some(15));
        assert_eq!(DtmfDigit::from_char('!'), Some(DtmfDigit::FLASH));
        assert_eq!(DtmfDigit::from_char('E'), None);
        assert_eq!(DtmfDigit::from_event(17), None);
    }
}
