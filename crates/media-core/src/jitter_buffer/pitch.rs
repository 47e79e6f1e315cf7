//! Pitch periods: found by correlation, and cut out of sound or put into it by overlap and addition.
//!
//! Lengths are given at 8 kHz; at other rates they are `scale` times as many samples. Periods are then looked for in steps of
//! `scale` samples first, and around the best of these in single ones.

/// Pitch periods looked for: 5 to 20 ms; higher pitches have a multiple of theirs in there.
const SHORTEST_LAG: usize = 40;
pub(super) const LONGEST_LAG: usize = 160;
/// The length of what is compared and overlapped: 10 ms.
pub(super) const OVERLAP: usize = 80;
/// How much of the past it takes to find a period.
pub(super) const HISTORY: usize = 320;
/// The greatest scale: 48 kHz.
pub(super) const MAX_SCALE: usize = 6;
/// A frame: 20 ms.
pub(super) const FRAME: usize = 160;

/// Cuts a period out of `sound`, of two frames; returns its length.
pub(super) fn shorten(sound: &[i16], frame: &mut [i16]) -> usize {
    let scale = frame.len() / FRAME;
    let length = OVERLAP * scale;
    let lag = best_lag(scale, |lag, stride| {
        similarity(&sound[..length], &sound[lag..lag + length], stride)
    });
    frame.copy_from_slice(&sound[lag..lag + frame.len()]);
    overlap(&mut frame[..length], sound);
    lag
}

/// Stretches `sound` by a period of its `past`, which is heard twice; returns the period's length.
pub(super) fn lengthen(past: &[i16], sound: &[i16], frame: &mut [i16]) -> usize {
    let scale = frame.len() / FRAME;
    let (length, history) = (OVERLAP * scale, past.len());
    let mut joined = [0; (HISTORY + FRAME) * MAX_SCALE];
    joined[..history].copy_from_slice(past);
    joined[history..history + sound.len()].copy_from_slice(sound);
    let before = |lag: usize| &joined[history - lag..];
    let lag = best_lag(scale, |lag, stride| {
        similarity(&sound[..length], &before(lag)[..length], stride)
    });
    frame.copy_from_slice(&before(lag)[..frame.len()]);
    overlap(&mut frame[..length], sound);
    lag
}

/// The lag whose similarity, by every sample of so many, is greatest.
pub(super) fn best_lag(scale: usize, similarity: impl Fn(usize, usize) -> f32) -> usize {
    let best = |lags: &mut dyn Iterator<Item = usize>, stride| {
        let mut best = (f32::MIN, LONGEST_LAG * scale);
        for lag in lags {
            let candidate = similarity(lag, stride);
            if candidate > best.0 {
                best = (candidate, lag);
            }
        }
        best.1
    };
    let (shortest, longest) = (SHORTEST_LAG * scale, LONGEST_LAG * scale);
    let near = best(&mut (shortest..=longest).step_by(scale), scale);
    if scale == 1 {
        return near;
    }
    let (from, to) = (near + 1 - scale, near + scale - 1);
    best(&mut (from.max(shortest)..=to.min(longest)), 1)
}

/// The correlation of two pieces of sound, relative to the second one's loudness, by every `stride`-th sample.
pub(super) fn similarity(one: &[i16], other: &[i16], stride: usize) -> f32 {
    let mut product = 0.0;
    let mut energy = 1.0;
    let mut add = |one: i16, other: i16| {
        product += f32::from(one) * f32::from(other);
        energy += f32::from(other) * f32::from(other);
    };
    if stride == 1 {
        one.iter()
            .zip(other)
            .for_each(|(one, other)| add(*one, *other));
    } else {
        let pairs = one.iter().zip(other).step_by(stride);
        pairs.for_each(|(one, other)| add(*one, *other));
    }
    product / f32::sqrt(energy)
}

/// Step `step` of `steps` on the way from one sample to another.
pub(super) fn blend(from: i16, to: i16, step: usize, steps: usize) -> i16 {
    let (step, steps) = (step as i32, steps as i32);
    ((i32::from(from) * (steps - step) + i32::from(to) * step) / steps) as i16
}

/// Goes over from `sound` to what is in `frame`, in all its length.
fn overlap(frame: &mut [i16], sound: &[i16]) {
    let steps = frame.len();
    for (step, (sample, from)) in frame.iter_mut().zip(sound).enumerate() {
        *sample = blend(*from, *sample, step, steps);
    }
}
