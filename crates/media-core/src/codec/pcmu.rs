//! G.711 mu-law (PCMU).

use super::g711::{LANES, middles, steps};

/// Added to a magnitude so that segments begin at powers of two.
const BIAS: i16 = 132;
/// The loudest magnitude that there is a step for.
const CLIP: i16 = i16::MAX - BIAS;

/// The payload octets of samples.
pub(super) fn encode(samples: &[i16; LANES]) -> [u8; LANES] {
    let biased = samples.map(|sample| (sample ^ (sample >> 15)).min(CLIP) + BIAS);
    let steps = steps(biased);
    let mut octets = [0; LANES];
    for lane in 0..LANES {
        let sign = samples[lane] >> 15;
        octets[lane] = (steps[lane] ^ 0xFF ^ (sign & 0x80)) as u8;
    }
    octets
}

/// The samples of payload octets.
pub(super) fn decode(octets: &[u8; LANES]) -> [i16; LANES] {
    let biased = middles(octets.map(|octet| !octet & 0x7F));
    let mut samples = [0; LANES];
    for lane in 0..LANES {
        // 0 for a positive sample, else -1.
        let sign = !i16::from(octets[lane] as i8) >> 15;
        samples[lane] = ((biased[lane] - BIAS) ^ sign) - sign;
    }
    samples
}
