//! What the first octets of an Opus packet say (RFC 6716 section 3).

use super::SampleRate;

/// The longest packet, in steps of 2.5 ms: 120 ms.
const MAX_STEPS: usize = 48;

/// The samples in a packet at `rate`; 0 when it is malformed.
pub(in crate::codec) const fn samples(packet: &[u8], rate: SampleRate) -> usize {
    let steps = frames(packet) * frame_steps(packet);
    if steps > MAX_STEPS {
        return 0;
    }
    steps * (rate.hz() as usize / 400)
}

/// Whether a packet repeats the one before it (section 4.2.3 and 4.2.5): the flags stand before all else in its first frame.
pub(in crate::codec) fn repeats(packet: &[u8]) -> bool {
    let Some(toc) = packet.first().filter(|toc| **toc < 0x80) else {
        // CELT repeats nothing.
        return false;
    };
    let header = match toc & 3 {
        0 | 1 => 1,
        2 => 1 + length_octets(packet.get(1)),
        _ => first_of_many(packet),
    };
    let voice_flags = frame_steps(packet).div_ceil(8).min(3);
    packet
        .get(header)
        .is_some_and(|flags| (flags >> (7 - voice_flags)) & 1 == 1)
}

/// Where the first frame begins in a packet that counts its frames (section 3.2.5): behind the lengths of padding and frames.
fn first_of_many(packet: &[u8]) -> usize {
    let count = packet.get(1).copied().unwrap_or(0);
    let mut at = 2;
    if count & 0x40 != 0 {
        let more = packet.iter().skip(at).take_while(|octet| **octet == 255);
        at += more.count() + 1;
    }
    if count & 0x80 != 0 {
        for _ in 1..count & 0x3F {
            at += length_octets(packet.get(at));
        }
    }
    at
}

/// The octets that the length of a frame takes (section 3.2.1).
fn length_octets(first: Option<&u8>) -> usize {
    if first.is_some_and(|first| *first >= 252) {
        2
    } else {
        1
    }
}

const fn frames(packet: &[u8]) -> usize {
    match packet {
        [] => 0,
        [toc, ..] if *toc & 3 == 0 => 1,
        [toc, ..] if *toc & 3 < 3 => 2,
        [_, count, ..] => (*count & 0x3F) as usize,
        [_] => 0,
    }
}

/// The length of a frame in steps of 2.5 ms (table 2).
const fn frame_steps(packet: &[u8]) -> usize {
    let [toc, ..] = packet else {
        return 0;
    };
    let config = *toc >> 3;
    match config {
        0..12 => [4, 8, 16, 24][(config & 3) as usize],
        12..16 => [4, 8][(config & 1) as usize],
        _ => [1, 2, 4, 8][(config & 3) as usize],
    }
}
