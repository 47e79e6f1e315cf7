//! Where the line feeds of a head stand, found a block at a time.

/// How many octets are looked at together: as many as a word has bits.
const BLOCK: usize = 64;

/// The places of the line feeds, in order.
pub(super) struct LineFeeds<'a> {
    octets: &'a [u8],
    /// Where the next block starts.
    next: usize,
    /// The line feeds of the block before it that are still to be told, the first in the lowest bit.
    found: u64,
}

impl<'a> LineFeeds<'a> {
    pub(super) fn new(octets: &'a [u8]) -> LineFeeds<'a> {
        LineFeeds {
            octets,
            next: 0,
            found: 0,
        }
    }
}

impl Iterator for LineFeeds<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.found == 0 {
            let rest = self
                .octets
                .get(self.next..)
                .filter(|rest| !rest.is_empty())?;
            self.found = match rest.first_chunk() {
                Some(block) => line_feeds_of(block),
                None => line_feeds_of(&padded(rest)),
            };
            self.next += BLOCK;
        }
        let place = self.found.trailing_zeros() as usize;
        self.found &= self.found - 1;
        Some(self.next - BLOCK + place)
    }
}

/// A bit for each octet, set if it is a line feed.
#[inline]
fn line_feeds_of(block: &[u8; BLOCK]) -> u64 {
    /// Moves the lowest bit of each octet of a word into the highest octet, one beside the other.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let marks = block.map(|octet| u8::from(octet == b'\n'));
    let words = marks.as_chunks::<8>().0.iter().enumerate();
    words.fold(0, |found, (place, word)| {
        let bits = u64::from_le_bytes(*word).wrapping_mul(GATHER) >> 56;
        found | bits << (place * 8)
    })
}

/// The last octets, with zeros behind them.
fn padded(rest: &[u8]) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block[..rest.len()].copy_from_slice(rest);
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_feed_is_found_wherever_it_stands() {
        for length in 0..200 {
            for step in [1, 2, 7, 63, 64, 65] {
                let octet = |at: usize| if at % step == 0 { b'\n' } else { b'\x0b' };
                let octets: Vec<u8> = (0..length).map(octet).collect();
                let expected: Vec<usize> = (0..length).step_by(step).collect();
                assert_eq!(LineFeeds::new(&octets).collect::<Vec<_>>(), expected);
            }
        }
    }
}
