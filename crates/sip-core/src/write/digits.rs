//! Numbers in decimal, and addresses made of them.

/// Digits and what stands between them, written from the end.
pub(crate) struct Digits {
    octets: [u8; Digits::MOST],
    start: usize,
}

impl Digits {
    /// As many as the largest number has; an IPv4 address has fewer.
    const MOST: usize = 20;

    #[inline]
    pub(crate) fn new() -> Digits {
        Digits {
            octets: [0; Digits::MOST],
            start: Digits::MOST,
        }
    }

    /// Puts a character in front.
    #[inline]
    pub(crate) fn put(&mut self, character: u8) {
        if self.start > 0 {
            self.start -= 1;
            self.octets[self.start] = character;
        }
    }

    /// Puts a number in front.
    #[inline]
    pub(crate) fn put_number(&mut self, mut number: u64) {
        while number >= 10 {
            self.put(b'0' + (number % 10) as u8);
            number /= 10;
        }
        self.put(b'0' + number as u8);
    }

    #[inline]
    pub(crate) fn push_to(&self, out: &mut String) {
        out.push_str(std::str::from_utf8(&self.octets[self.start..]).unwrap_or_default());
    }
}

/// Writes a number in decimal.
pub(crate) fn push_number(out: &mut String, number: u64) {
    let mut digits = Digits::new();
    digits.put_number(number);
    for digit in &digits.octets[digits.start..] {
        out.push(char::from(*digit));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_in_decimal() {
        for number in [
            0,
            7,
            10,
            99,
            100,
            101,
            999,
            1000,
            5060,
            65_535,
            1 << 31,
            u64::MAX,
        ] {
            let mut out = String::new();
            push_number(&mut out, number);
            assert_eq!(out, number.to_string());
        }
    }
}
