//! G.711 many samples at a time: mu-law ([`pcmu`](super::pcmu)) and A-law ([`pcma`](super::pcma)).
//!
//! Their segments and steps are the exponents and mantissas of binary floating point: octets are cut out of the bits of an
//! `f32` and put back into one. That takes no tables, and loops over a few samples that the compiler turns into vectors.

/// Samples that are worked on at a time.
pub(super) const LANES: usize = 16;

/// Where the upper four bits of the mantissa of an `f32` are.
const STEP_SHIFT: u32 = 19;
/// Added to a smaller number, this leaves it in the lower bits.
const WHOLE: f32 = 8_388_608.0;

/// Appends what `convert` makes of `input`.
pub(super) fn extend<From: Copy + Default, To: Copy + Default>(
    input: &[From],
    output: &mut Vec<To>,
    convert: impl Fn(&[From; LANES]) -> [To; LANES],
) {
    let (lanes, rest) = input.as_chunks();
    output.reserve(input.len());
    for input in lanes {
        output.extend_from_slice(&convert(input));
    }
    if !rest.is_empty() {
        let mut last = [From::default(); LANES];
        last[..rest.len()].copy_from_slice(rest);
        output.extend_from_slice(&convert(&last)[..rest.len()]);
    }
}

/// The exponents and four upper bits of the mantissas of positive numbers, less those of 128.
pub(super) fn steps(values: [i16; LANES]) -> [i16; LANES] {
    const LOWEST: i32 = (128.0_f32.to_bits() >> STEP_SHIFT) as i32;
    values.map(|value| ((f32::from(value).to_bits() >> STEP_SHIFT) as i32 - LOWEST) as i16)
}

/// The middles of the numbers that have these [`steps`].
pub(super) fn middles(steps: [u8; LANES]) -> [i16; LANES] {
    const LOWEST: u32 = 128.0_f32.to_bits() + (1 << (STEP_SHIFT - 1));
    steps.map(|step| {
        let middle = f32::from_bits(LOWEST + (u32::from(step) << STEP_SHIFT));
        (middle + WHOLE).to_bits() as i16
    })
}
