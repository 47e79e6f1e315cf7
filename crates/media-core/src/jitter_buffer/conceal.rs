//! Sound that is not there: gaps bridged with the last pitch period, joined without a step at both ends.
//!
//! Made-up sound goes on exactly where the sound before it stopped: its period is closed to a ring by an overlap, and what
//! its first sample is off is let die away over 4 ms. Real sound comes back by a cross-fade, of 4 ms after a short gap or
//! silence, of up to 10 ms after a long one. A gap that begins before the cross-fade is over starts from what was heard.

use super::pitch::{HISTORY, LONGEST_LAG, OVERLAP, best_lag, blend, similarity};
use crate::capabilities::{FRAME_SAMPLES, FrameSamples};

/// Made-up sound is as loud as its model for 10 ms and silent after 60 ms.
const FULL_SAMPLES: usize = 80;
const FADED_SAMPLES: usize = 480;
/// The cross-fade when real sound comes back: 4 ms at least.
const SHORTEST_FADE: usize = 32;
/// How long made-up sound takes to leave the level at which the sound before it stopped: 4 ms.
const SETTLE_SAMPLES: usize = 32;

/// The end of what was played, and the state of bridging a gap.
#[derive(Debug)]
pub(super) struct Concealer {
    history: [i16; HISTORY],
    cycle: [i16; LONGEST_LAG],
    lag: usize,
    /// How far the sound before the gap ended above the period that follows it.
    offset: i32,
    /// Samples since the last real one; no more than it takes to be silent.
    made_up: usize,
    /// Where the period goes on.
    turn: usize,
    bridge: Bridge,
}

/// How a gap stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bridge {
    /// What was played last is real.
    None,
    /// It is made up.
    Open,
    /// Real sound is being faded in: so many samples of so many.
    Closing(usize, usize),
}

impl Default for Concealer {
    /// As after a long gap: the first sound is faded in from silence.
    fn default() -> Self {
        Self {
            history: [0; HISTORY],
            cycle: [0; LONGEST_LAG],
            lag: LONGEST_LAG,
            offset: 0,
            made_up: FADED_SAMPLES,
            turn: 0,
            bridge: Bridge::Open,
        }
    }
}

impl Concealer {
    /// The end of what was played.
    pub(super) fn history(&self) -> &[i16; HISTORY] {
        &self.history
    }

    /// Whether made-up sound is still heard, alone or in a cross-fade.
    pub(super) fn is_bridging(&self) -> bool {
        self.bridge != Bridge::None
    }

    /// Whether it is heard alone.
    pub(super) fn is_open(&self) -> bool {
        self.bridge == Bridge::Open
    }

    /// Takes note of a frame that was played.
    pub(super) fn remember(&mut self, frame: &FrameSamples) {
        self.history.copy_within(FRAME_SAMPLES.., 0);
        self.history[HISTORY - FRAME_SAMPLES..].copy_from_slice(frame);
    }

    /// Before made-up samples: if a gap begins, finds the period of the sound up to `output[..done]`.
    pub(super) fn learn(&mut self, done: usize, output: &[i16]) {
        if self.bridge == Bridge::Open {
            return;
        }
        let mut past = [0; HISTORY];
        past[..HISTORY - done].copy_from_slice(&self.history[done..]);
        past[HISTORY - done..].copy_from_slice(&output[..done]);
        let end = &past[HISTORY - OVERLAP..];
        let lag = best_lag(|lag| {
            let start = HISTORY - OVERLAP - lag;
            similarity(end, &past[start..start + OVERLAP])
        });
        self.cycle[..lag].copy_from_slice(&past[HISTORY - lag..]);
        let closing = lag / 4;
        for step in 0..closing {
            let place = HISTORY - closing + step;
            let closed = blend(past[place], past[place - lag], step + 1, closing);
            self.cycle[lag - closing + step] = closed;
        }
        self.offset = i32::from(past[HISTORY - 1]) - i32::from(past[HISTORY - 1 - lag]);
        (self.lag, self.made_up, self.turn) = (lag, 0, 0);
        self.bridge = Bridge::Open;
    }

    /// Makes samples up; returns how many count as such: those of the first 60 ms of a gap.
    pub(super) fn conceal(&mut self, output: &mut [i16]) -> u64 {
        let audible = (FADED_SAMPLES - self.made_up).min(output.len());
        for sample in output {
            *sample = self.next();
        }
        audible as u64
    }

    /// Fades real sound in after a gap.
    pub(super) fn resume(&mut self, sound: &mut [i16]) {
        let (mut done, steps) = match self.bridge {
            Bridge::None => return,
            Bridge::Open => (0, self.fade_samples()),
            Bridge::Closing(done, steps) => (done, steps),
        };
        for sample in sound.iter_mut().take(steps - done) {
            *sample = blend(self.next(), *sample, done, steps);
            done += 1;
        }
        self.bridge = match done == steps {
            true => Bridge::None,
            false => Bridge::Closing(done, steps),
        };
    }

    /// The made-up sound from `ahead` samples on, as loud as its model; nothing when it is no longer heard then.
    pub(super) fn continuation(&self, ahead: usize) -> Option<[i16; OVERLAP]> {
        let heard = self.bridge == Bridge::Open && self.made_up + ahead < FADED_SAMPLES;
        heard.then(|| std::array::from_fn(|n| self.cycle[(self.turn + ahead + n) % self.lag]))
    }

    /// 4 ms and a quarter of the gap up to 10 ms; out of silence there is nothing to fade.
    fn fade_samples(&self) -> usize {
        match self.made_up {
            FADED_SAMPLES => SHORTEST_FADE,
            made_up => (SHORTEST_FADE + made_up / 4).min(OVERLAP),
        }
    }

    fn next(&mut self) -> i16 {
        let settling = SETTLE_SAMPLES.saturating_sub(self.made_up + 1) as i32;
        let level = i32::from(self.cycle[self.turn]);
        let level = level + self.offset * settling / SETTLE_SAMPLES as i32;
        let left = (FADED_SAMPLES - self.made_up).min(FADED_SAMPLES - FULL_SAMPLES);
        self.turn = (self.turn + 1) % self.lag;
        self.made_up = (self.made_up + 1).min(FADED_SAMPLES);
        let faded = level * left as i32 / (FADED_SAMPLES - FULL_SAMPLES) as i32;
        faded.clamp(i16::MIN.into(), i16::MAX.into()) as i16
    }
}
