//! G.711 A-law (PCMA): like mu-law without bias, but linear below its lowest segment.

use super::g711::{LANES, middles, steps};

/// Below this magnitude A-law is linear, in steps of 16.
const LINEAR: i16 = 256;
/// Where the steps of magnitudes from there on begin, and how far the linear part is from being the segment before it.
const FIRST_STEP: i16 = 16;
/// Every second bit of an octet is inverted.
const EVEN_BITS: u8 = 0x55;

/// The payload octets of samples.
pub(super) fn encode(samples: &[i16; LANES]) -> [u8; LANES] {
    let magnitudes = samples.map(|sample| sample ^ (sample >> 15));
    let steps = steps(magnitudes.map(|magnitude| magnitude.max(LINEAR)));
    let mut octets = [0; LANES];
    for lane in 0..LANES {
        let linear = magnitudes[lane].min(LINEAR - 1) >> 4;
        let step = if magnitudes[lane] < LINEAR {
            linear
        } else {
            steps[lane]
        };
        let sign = !samples[lane] >> 15;
        octets[lane] = (step | (sign & 0x80)) as u8 ^ EVEN_BITS;
    }
    octets
}

/// The samples of payload octets.
pub(super) fn decode(octets: &[u8; LANES]) -> [i16; LANES] {
    let steps = octets.map(|octet| (octet ^ EVEN_BITS) & 0x7F);
    let segments = middles(steps.map(|step| step.max(FIRST_STEP as u8)));
    let mut samples = [0; LANES];
    for lane in 0..LANES {
        let step = i16::from(steps[lane]);
        // The linear part goes down from the first segment's lowest step.
        let below = (FIRST_STEP - step).max(0) * 16;
        let sign = !i16::from(octets[lane] as i8) >> 15;
        samples[lane] = ((segments[lane] - below) ^ sign) - sign;
    }
    samples
}
