//! G.711 A-law by table; the tables are computed from the ITU's definition (G.711, G.191) when the crate is compiled.

/// Payload octet by the upper 12 bits of a sample, which are all that A-law looks at.
static OCTETS: [u8; 1 << 12] = octets();
static SAMPLES: [i16; 256] = samples();

/// The payload octet of a sample.
pub(super) fn encode(sample: i16) -> u8 {
    OCTETS[usize::from(sample as u16 >> 4)]
}

/// The sample of a payload octet.
pub(super) fn decode(octet: u8) -> i16 {
    SAMPLES[usize::from(octet)]
}

const fn octets() -> [u8; 1 << 12] {
    let mut table = [0; 1 << 12];
    let mut index = 0;
    while index < table.len() {
        table[index] = compress(((index as u16) << 4) as i16);
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
    let mut magnitude = positive as u16 >> 4;
    if magnitude > 15 {
        let mut exponent = 1;
        while magnitude > 31 {
            magnitude >>= 1;
            exponent += 1;
        }
        magnitude = magnitude - 16 + (exponent << 4);
    }
    let octet = magnitude as u8;
    (if sample >= 0 { octet | 0x80 } else { octet }) ^ 0x55
}

const fn expand(octet: u8) -> i16 {
    let bits = (octet ^ 0x55) & 0x7F;
    let exponent = bits >> 4;
    let mantissa = (bits & 0x0F) as i16;
    let magnitude = if exponent > 0 {
        ((mantissa + 16) * 16 + 8) << (exponent - 1)
    } else {
        mantissa * 16 + 8
    };
    if octet > 127 { magnitude } else { -magnitude }
}
