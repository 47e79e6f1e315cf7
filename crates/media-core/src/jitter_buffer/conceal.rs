//! Sound that is not there: lost frames made up from the last pitch period, frames shortened and lengthened by one.

use crate::capabilities::{FRAME_SAMPLES, FrameSamples};

/// Pitch periods looked for: 5 to 20 ms; higher pitches have a multiple of theirs in there.
const SHORTEST_LAG: usize = 40;
const LONGEST_LAG: usize = 160;
/// The length of what is compared and overlapped: 10 ms.
const OVERLAP: usize = 80;
/// Made-up sound is as loud as its model for 10 ms and silent after 60 ms.
const FULL_SAMPLES: usize = 80;
const FADED_SAMPLES: usize = 480;
/// The overlap when real sound comes back: 4 ms.
const RESUME_SAMPLES: usize = 32;
const HISTORY: usize = 2 * FRAME_SAMPLES;

/// The end of what was played, and the state of making up what follows.
#[derive(Debug)]
pub(super) struct Concealer {
    history: [i16; HISTORY],
    cycle: [i16; LONGEST_LAG],
    lag: usize,
    /// Samples since the last real one; before the first one as many as it takes to be silent.
    made_up: usize,
    /// Real samples that have been blended in since the gap.
    resumed: usize,
}

impl Default for Concealer {
    fn default() -> Self {
        Self {
            history: [0; HISTORY],
            cycle: [0; LONGEST_LAG],
            lag: LONGEST_LAG,
            made_up: FADED_SAMPLES,
            resumed: 0,
        }
    }
}

impl Concealer {
    /// Takes note of a frame that was played.
    pub(super) fn remember(&mut self, frame: &FrameSamples) {
        self.history.copy_within(FRAME_SAMPLES.., 0);
        self.history[HISTORY - FRAME_SAMPLES..].copy_from_slice(frame);
    }

    /// Before the first made-up sample of a gap: finds the period of the sound up to `output[..done]`.
    pub(super) fn learn(&mut self, done: usize, output: &[i16]) {
        if self.made_up > 0 {
            return;
        }
        let mut past = [0; HISTORY];
        past[..HISTORY - done].copy_from_slice(&self.history[done..]);
        past[HISTORY - done..].copy_from_slice(&output[..done]);
        let end = &past[HISTORY - OVERLAP..];
        self.lag = best_lag(|lag| {
            let start = HISTORY - OVERLAP - lag;
            similarity(end, &past[start..start + OVERLAP])
        });
        self.cycle[..self.lag].copy_from_slice(&past[HISTORY - self.lag..]);
    }

    /// Makes samples up; returns how many count as such: those of the first 60 ms of a gap.
    pub(super) fn conceal(&mut self, output: &mut [i16]) -> u64 {
        self.resumed = 0;
        let audible = FADED_SAMPLES.saturating_sub(self.made_up).min(output.len());
        for sample in output {
            *sample = self.next();
        }
        audible as u64
    }

    /// Blends real sound in after a gap.
    pub(super) fn resume(&mut self, sound: &mut [i16]) {
        if self.made_up == 0 {
            return;
        }
        let steps = RESUME_SAMPLES - self.resumed;
        for sample in sound.iter_mut().take(steps) {
            *sample = blend(self.next(), *sample, self.resumed, RESUME_SAMPLES);
            self.resumed += 1;
        }
        if self.resumed == RESUME_SAMPLES {
            self.made_up = 0;
            self.resumed = 0;
        }
    }

    /// Stretches `sound` by a period of its past, which is heard twice; returns the period's length.
    pub(super) fn lengthen(&self, sound: &FrameSamples, frame: &mut FrameSamples) -> usize {
        let mut joined = [0; HISTORY + FRAME_SAMPLES];
        joined[..HISTORY].copy_from_slice(&self.history);
        joined[HISTORY..].copy_from_slice(sound);
        let before = |lag: usize| &joined[HISTORY - lag..HISTORY - lag + FRAME_SAMPLES];
        let lag = best_lag(|lag| similarity(&sound[..OVERLAP], &before(lag)[..OVERLAP]));
        frame.copy_from_slice(before(lag));
        overlap(frame, sound, before(lag));
        lag
    }

    fn next(&mut self) -> i16 {
        let faded = self.made_up.saturating_sub(FULL_SAMPLES);
        let left = (FADED_SAMPLES - FULL_SAMPLES).saturating_sub(faded);
        let sample = i32::from(self.cycle[self.made_up % self.lag]);
        self.made_up += 1;
        (sample * left as i32 / (FADED_SAMPLES - FULL_SAMPLES) as i32) as i16
    }
}

/// Cuts a period out of `sound`; returns its length.
pub(super) fn shorten(sound: &[i16; 2 * FRAME_SAMPLES], frame: &mut FrameSamples) -> usize {
    let lag = best_lag(|lag| similarity(&sound[..OVERLAP], &sound[lag..lag + OVERLAP]));
    frame.copy_from_slice(&sound[lag..lag + FRAME_SAMPLES]);
    overlap(frame, sound, &sound[lag..]);
    lag
}

/// Goes over from one sound to another at the beginning of `frame`.
fn overlap(frame: &mut FrameSamples, from: &[i16], to: &[i16]) {
    for step in 0..OVERLAP {
        frame[step] = blend(from[step], to[step], step, OVERLAP);
    }
}

fn blend(from: i16, to: i16, step: usize, steps: usize) -> i16 {
    let (step, steps) = (step as i32, steps as i32);
    ((i32::from(from) * (steps - step) + i32::from(to) * step) / steps) as i16
}

/// The lag whose similarity is greatest.
fn best_lag(similarity: impl Fn(usize) -> f32) -> usize {
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
fn similarity(one: &[i16], other: &[i16]) -> f32 {
    let mut product = 0.0;
    let mut energy = 1.0;
    for (one, other) in one.iter().zip(other) {
        product += f32::from(*one) * f32::from(*other);
        energy += f32::from(*other) * f32::from(*other);
    }
    product / f32::sqrt(energy)
}
