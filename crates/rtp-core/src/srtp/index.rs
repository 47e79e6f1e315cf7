//! The index of a packet: its sequence number counted on through wraps, 48 bits (RFC 3711 section 3.3.1).

/// The number of indexes: a rollover counter of 32 bits before a sequence number of 16.
pub(super) const END: u64 = 1 << 48;
/// The number of SRTCP indexes (RFC 3711 section 3.4).
pub(super) const RTCP_END: u32 = 1 << 31;

const HALF: u16 = 1 << 15;

/// The index that a packet most likely has, when `highest` is the highest index of its source so far: the one nearest
/// (RFC 3711 appendix A).
pub(super) fn estimate(highest: u64, sequence: u16) -> u64 {
    let (cycle, last) = (highest & !0xffff, highest as u16);
    let near = cycle | u64::from(sequence);
    if last < HALF && sequence.saturating_sub(last) > HALF {
        near.checked_sub(1 << 16).unwrap_or(near)
    } else if last >= HALF && last - HALF > sequence {
        near + (1 << 16)
    } else {
        near
    }
}

/// The rollover counter of an index, as it is authenticated.
pub(super) fn rollover_counter(index: u64) -> [u8; 4] {
    ((index >> 16) as u32).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_index_is_taken() {
        const C: u64 = 1 << 16;
        for (highest, sequence, expected) in [
            (0, 0, 0),
            (0, 1, 1),
            (5, 65_530, 65_530),
            (C + 5, 65_530, 65_530),
            (C + 5, 6, C + 6),
            (C + 65_530, 5, 2 * C + 5),
            (C + 65_530, 65_531, C + 65_531),
            (C + 40_000, 7_232, C + 7_232),
            (C + 40_000, 7_231, 2 * C + 7_231),
            (C + 7_232, 40_000, C + 40_000),
            (C + 7_232, 40_001, 40_001),
            (END - 1, 0, END),
        ] {
            assert_eq!(
                estimate(highest, sequence),
                expected,
                "{highest} {sequence}"
            );
        }
    }
}
