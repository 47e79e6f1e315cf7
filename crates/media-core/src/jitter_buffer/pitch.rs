//! Pitch periods: found by correlation, and cut out of sound or put into it by overlap and addition.

use crate::capabilities::{FRAME_SAMPLES, FrameSamples};

/// Pitch periods looked for: 5 to 20 ms; higher pitches have a multiple of theirs in there.
const SHORTEST_LAG: usize = 40;
pub(super) const LONGEST_LAG: usize = 160;
/// The length of what is compared and overlapped: 10 ms.
pub(super) const OVERLAP: usize = 80;
/// How much of the past it takes to find a period.
pub(super) const HISTORY: usize = 2 * FRAME_SAMPLES;

/// Cuts a period out of `sound`; returns its length.
pub(super) fn shorten(sound: &[i16; 2 * FRAME_SAMPLES], frame: &mut FrameSamples) -> usize {
    let lag = best_lag(|lag| similarity(&sound[..OVERLAP], &sound[lag..lag + OVERLAP]));
    frame.copy_from_slice(&sound[lag..lag + FRAME_SAMPLES]);
    overlap(frame, sound, &sound[lag..]);
    lag
}

/// Stretches `sound` by a period of its `past`, which is heard twice; returns the period's length.
pub(super) fn lengthen(
    past: &[i16; HISTORY],
    sound: &FrameSamples,
    frame: &mut FrameSamples,
) -> usize {
    let mut joined = [0; HISTORY + FRAME_SAMPLES];
    joined[..HISTORY].copy_from_slice(past);
    joined[HISTORY..].copy_from_slice(sound);
    let before = |lag: usize| &joined[HISTORY - lag..HISTORY - lag + FRAME_SAMPLES];
    let lag = best_lag(|lag| similarity(&sound[..OVERLAP], &before(lag)[..OVERLAP]));
    frame.copy_from_slice(before(lag));
    overlap(frame, sound, before(lag));
    lag
}

/// The lag whose similarity is greatest.
pub(super) fn best_lag(similarity: impl Fn(usize) -> f32) -> usize {
    let mut best = (f32::MIN, LONGEST_LAG);
    for lag in SHORTEST_LAG..=LONGEST_LAG {
        let candidate = similarity(lag);
        if candidate > best.0 {
            best = (candidate, lag);
        }
    }
    best.1
}

/// The correlation of two pieces of sound, relative to the second one's loudness.
pub(super) fn similarity(one: &[i16], other: &[i16]) -> f32 {
    let mut product = 0.0;
    let mut energy = 1.0;
    for (one, other) in one.iter().zip(other) {
        product += f32::from(*one) * f32::from(*other);
        energy += f32::from(*other) * f32::from(*other);
    }
    product / f32::sqrt(energy)
}

/// Step `step` of `steps` on the way from one sample to another.
pub(super) fn blend(from: i16, to: i16, step: usize, steps: usize) -> i16 {
    let (step, steps) = (step as i32, steps as i32);
    ((i32::from(from) * (steps - step) + i32::from(to) * step) / steps) as i16
}

/// Goes over from one sound to another at the beginning of `frame`.
fn overlap(frame: &mut FrameSamples, from: &[i16], to: &[i16]) {
    for step in 0..OVERLAP {
        frame[step] = blend(from[step], to[step], step, OVERLAP);
    }
}
