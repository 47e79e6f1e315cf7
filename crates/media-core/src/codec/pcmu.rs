//! G.711 mu-law by table; the tables are computed from the ITU's definition (G.711, G.191) when the crate is compiled.

/// Payload octet by the upper 14 bits of a sample, which are all that mu-law looks at.
static OCTETS: [u8; 1 << 14] = octets();
static SAMPLES: [i16; 256] = samples();

/// The payload octet of a sample.
pub(super) fn encode(sample: i16) -> u8 {
    OCTETS[usize::from(sample as u16 >> 2)]
}

/// The sample of a payload octet.
pub(super) fn decode(octet: u8) -> i16 {
    SAMPLES[usize::from(octet)]
}

const fn octets() -> [u8; 1 << 14] {
    let mut table = [0; 1 << 14];
    let mut index = 0;
    while index < table.len() {
        table[index] = compress(((index as u16) << 2) as i16);
        index += 1;
    }
    table
}

const fn samples() -> [i16; 256] {
    let mut table = [0; 256];
    let mut octet = 0;
    while octet < table.len() {
        table[octet] = expand(octet as u8);
        octet += 1;
    }
    table
}

const fn compress(sample: i16) -> u8 {
    let positive = if sample < 0 { !sample } else { sample };
    let biased = (positive as u16 >> 2) + 33;
    let magnitude = if biased > 0x1FFF { 0x1FFF } else { biased };
    let mut segment = 1;
    while magnitude >> (5 + segment) != 0 {
        segment += 1;
    }
    let mantissa = (magnitude >> segment) & 0x0F;
    let octet = ((8 - segment) << 4) as u8 | (0x0F - mantissa as u8);
    if sample >= 0 { octet | 0x80 } else { octet }
}

const fn expand(octet: u8) -> i16 {
    let bits = !octet;
    let exponent = (bits >> 4) & 0x07;
    let step = 8_i16 << exponent;
    let magnitude = (0x80 << exponent) + step * (bits & 0x0F) as i16 + step / 2 - 4 * 33;
    if octet < 0x80 { -magnitude } else { magnitude }
}
