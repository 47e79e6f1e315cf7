//! Arithmetic over frames, in loops that are compiled to many samples at a time.
//!
//! Sums are `f32`, which holds those of 512 members exactly.

/// Samples that are worked on at a time; a fifth of every frame is a multiple of it.
pub(super) const LANES: usize = 8;
/// Added to a number of less than 22 bits, this leaves the number, rounded, in the lower bits.
const ROUNDING: f32 = 12_582_912.0;

/// The sample of a number of less than 22 bits.
#[inline]
pub(super) fn quantize(sample: f32) -> i16 {
    let rounded = (sample + ROUNDING).to_bits() as i32 - ROUNDING.to_bits() as i32;
    rounded.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

/// The loudest of the samples, of which there are a multiple of [`LANES`].
pub(super) fn peak(samples: &[f32]) -> f32 {
    let mut peaks = [0.0; LANES];
    for samples in samples.as_chunks::<LANES>().0 {
        for lane in 0..LANES {
            let sample = samples[lane].abs();
            peaks[lane] = if sample > peaks[lane] {
                sample
            } else {
                peaks[lane]
            };
        }
    }
    peaks.into_iter().fold(0.0, f32::max)
}

pub(super) fn add(sum: &mut [f32], frame: &[i16]) {
    for (sum, sample) in sum.iter_mut().zip(frame) {
        *sum += f32::from(*sample);
    }
}

pub(super) fn add_sum(sum: &mut [f32], other: &[f32]) {
    for (sum, other) in sum.iter_mut().zip(other) {
        *sum += other;
    }
}

/// `sum` less `own`.
pub(super) fn subtract(sum: &[f32], own: &[i16], rest: &mut [f32]) {
    for ((sum, own), rest) in sum.iter().zip(own).zip(rest) {
        *rest = sum - f32::from(*own);
    }
}

/// The samples of a sum that is known to fit.
pub(super) fn narrow(sum: &[f32], output: &mut [i16]) {
    for (sum, output) in sum.iter().zip(output) {
        *output = quantize(*sum);
    }
}

/// The samples of `sum` less `own`, which is known to fit.
pub(super) fn narrow_without(sum: &[f32], own: &[i16], output: &mut [i16]) {
    for ((sum, own), output) in sum.iter().zip(own).zip(output) {
        *output = quantize(sum - f32::from(*own));
    }
}
