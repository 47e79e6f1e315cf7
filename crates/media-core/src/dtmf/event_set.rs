//! Which telephone events a party takes (RFC 4733 section 2.4.1).

/// A set of telephone events, by their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TelephoneEventSet {
    /// Bit `n` of word `m`: event `64 * m + n`.
    words: [u64; 4],
}

impl TelephoneEventSet {
    /// The digits 0 to 9, `*`, `#`, A to D: what a party takes that names none.
    pub const DIGITS: Self = Self {
        words: [0xFFFF, 0, 0, 0],
    };

    /// What the parameters of `a=fmtp` name, as `0-15,66`; what is not understood is passed over.
    pub(crate) fn from_fmtp(parameters: Option<&str>) -> Self {
        let text = parameters.unwrap_or_default().trim();
        let text = text.strip_prefix("events=").unwrap_or(text);
        let mut set = Self { words: [0; 4] };
        for value in text.split([',', ';']) {
            let (first, last) = value.split_once('-').unwrap_or((value, value));
            let number = |text: &str| text.trim().parse::<u8>();
            if let (Ok(first), Ok(last)) = (number(first), number(last))
                && first <= last
            {
                for (index, word) in set.words.iter_mut().enumerate() {
                    *word |= below(u32::from(last) + 1, index) & !below(first.into(), index);
                }
            }
        }
        match set.words {
            [0, 0, 0, 0] => Self::DIGITS,
            _ => set,
        }
    }

    /// Whether the event of this number is one of them.
    #[must_use]
    pub const fn contains(self, event: u8) -> bool {
        self.words[(event >> 6) as usize] >> (event & 0x3F) & 1 == 1
    }
}

/// The events below `number` in a word.
fn below(number: u32, word: usize) -> u64 {
    let inside = number.saturating_sub(64 * word as u32);
    1u64.checked_shl(inside).map_or(u64::MAX, |bit| bit - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_events_that_a_peer_names() {
        let digits: Vec<u8> = (0..=15).collect();
        let all: Vec<u8> = (0..=255).collect();
        for (text, expected) in [
            (None, &digits[..]),
            (Some("0-15"), &digits),
            (Some(" 0-15 "), &digits),
            (Some("0-11"), &digits[..12]),
            (Some("0-15,66,70"), &[&digits[..], &[66, 70]].concat()),
            (Some("0-9, 10 - 11 ,16"), &[&digits[..12], &[16]].concat()),
            (Some("events=0-16"), &(0..=16).collect::<Vec<_>>()),
            (Some("16"), &[16]),
            (Some("127-128,255"), &[127, 128, 255]),
            (Some("0-255"), &all),
            (Some("5-3,7"), &[7]),
            (Some("0-11,256,x,-,9-"), &digits[..12]),
            (Some("mode=1"), &digits),
            (Some(""), &digits),
        ] {
            let set = TelephoneEventSet::from_fmtp(text);
            let named: Vec<u8> = (0..=255).filter(|event| set.contains(*event)).collect();
            assert_eq!(named, expected, "{text:?}");
        }
    }
}
