//! Sound that is not there: gaps bridged with the last pitch period, joined without a step at both ends.
//!
//! Made-up sound goes on exactly where the sound before it stopped: its period is closed to a ring by an overlap, and what
//! its first sample is off is let die away over 4 ms. Real sound comes back by a cross-fade, of 4 ms after a short gap or
//! silence, of up to 10 ms after a long one. A gap that begins before the cross-fade is over starts from what was heard.
//! Where the sender has said that it pauses, the period gives way to the noise it described within 5 ms.

use super::pitch::{HISTORY, LONGEST_LAG, MAX_SCALE, OVERLAP, best_lag, blend, similarity};
use crate::codec::ComfortNoise;

/// Made-up sound is as loud as its model for 10 ms and silent after 60 ms; lengths are given at 8 kHz.
const FULL_SAMPLES: usize = 80;
const FADED_SAMPLES: usize = 480;
/// How many times faster it fades when the sender pauses.
const PAUSE_HASTE: usize = 12;
/// The cross-fade when real sound comes back: 4 ms at least.
const SHORTEST_FADE: usize = 32;
/// How long made-up sound takes to leave the level at which the sound before it stopped: 4 ms.
const SETTLE_SAMPLES: usize = 32;

/// The end of what was played, and the state of bridging a gap.
#[derive(Debug)]
pub(super) struct Concealer {
    /// Samples per sample at 8 kHz.
    scale: usize,
    history: Box<[i16]>,
    /// How much of the present frame is in the history already.
    taken: usize,
    cycle: Box<[i16]>,
    lag: usize,
    /// How far the sound before the gap ended above the period that follows it.
    offset: i32,
    /// Samples since the last real one; no more than it takes to settle.
    settled: usize,
    /// How far the fading is; no more than it takes to be silent.
    made_up: usize,
    /// Where the period goes on.
    turn: usize,
    /// What is heard while the sender sends nothing, if it has described that.
    noise: ComfortNoise,
    noisy: bool,
    /// Whether a gap that begins now is a pause.
    paused: bool,
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

impl Concealer {
    /// As after a long gap: the first sound is faded in from silence.
    pub(super) fn new(scale: usize) -> Self {
        Self {
            scale,
            history: vec![0; HISTORY * scale].into(),
            taken: 0,
            cycle: vec![0; LONGEST_LAG * scale].into(),
            lag: LONGEST_LAG * scale,
            offset: 0,
            settled: SETTLE_SAMPLES * scale,
            made_up: FADED_SAMPLES * scale,
            turn: 0,
            noise: ComfortNoise::new(),
            noisy: false,
            paused: false,
            bridge: Bridge::Open,
        }
    }

    /// The end of what was played.
    pub(super) fn history(&self) -> &[i16] {
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
    pub(super) fn remember(&mut self, frame: &[i16]) {
        self.take(frame);
        self.taken = 0;
    }

    /// The sender pauses, and described its noise.
    pub(super) fn pause(&mut self, noise: &[u8]) {
        self.paused = true;
        self.noisy = !noise.is_empty();
        self.noise.update(noise);
    }

    /// Sound has come: a gap after it is no pause.
    pub(super) fn go_on(&mut self) {
        self.paused = false;
    }

    /// Before made-up samples: if a gap begins, finds the period of the sound up to `output[..done]`.
    pub(super) fn learn(&mut self, done: usize, output: &[i16]) {
        if self.bridge == Bridge::Open {
            return;
        }
        self.take(&output[..done]);
        self.noisy &= self.paused;
        let (past, scale) = (&self.history, self.scale);
        let (history, length) = (past.len(), OVERLAP * scale);
        let end = &past[history - length..];
        let lag = best_lag(scale, |lag, stride| {
            let start = history - length - lag;
            similarity(end, &past[start..start + length], stride)
        });
        self.cycle[..lag].copy_from_slice(&past[history - lag..]);
        let closing = lag / 4;
        for step in 0..closing {
            let place = history - closing + step;
            let closed = blend(past[place], past[place - lag], step + 1, closing);
            self.cycle[lag - closing + step] = closed;
        }
        self.offset = i32::from(past[history - 1]) - i32::from(past[history - 1 - lag]);
        (self.lag, self.made_up, self.turn, self.settled) = (lag, 0, 0, 0);
        self.bridge = Bridge::Open;
    }

    /// Makes samples up; returns how many count as such: those of the first 60 ms of a gap.
    pub(super) fn conceal(&mut self, output: &mut [i16]) -> usize {
        let audible = (FADED_SAMPLES * self.scale - self.made_up).min(output.len());
        self.make_up(output);
        audible
    }

    /// The next sound is heard as it is: it goes on from what was heard elsewhere.
    pub(super) fn begin(&mut self) {
        self.bridge = Bridge::None;
    }

    /// Fades real sound in after a gap.
    pub(super) fn resume(&mut self, sound: &mut [i16]) {
        let (mut done, steps) = match self.bridge {
            Bridge::None => return,
            Bridge::Open => (0, self.fade_samples()),
            Bridge::Closing(done, steps) => (done, steps),
        };
        let mut made_up = [0; OVERLAP * MAX_SCALE];
        let made_up = &mut made_up[..sound.len().min(steps - done)];
        self.make_up(made_up);
        for (sample, from) in sound.iter_mut().zip(made_up) {
            *sample = blend(*from, *sample, done, steps);
            done += 1;
        }
        self.bridge = match done == steps {
            true => Bridge::None,
            false => Bridge::Closing(done, steps),
        };
    }

    /// The made-up sound from `ahead` samples on, at 8 kHz and as loud as its model; nothing when it is no longer heard then.
    pub(super) fn continuation(&self, ahead: usize) -> Option<[i16; OVERLAP]> {
        let faded = FADED_SAMPLES * self.scale;
        let heard = self.bridge == Bridge::Open && self.made_up + ahead < faded;
        let place = |n: usize| (self.turn + ahead + n * self.scale) % self.lag;
        heard.then(|| std::array::from_fn(|n| self.cycle[place(n)]))
    }

    /// 4 ms and a quarter of the gap up to 10 ms; out of silence there is nothing to fade.
    fn fade_samples(&self) -> usize {
        let shortest = SHORTEST_FADE * self.scale;
        match self.made_up == FADED_SAMPLES * self.scale {
            true => shortest,
            false => (shortest + self.made_up / 4).min(OVERLAP * self.scale),
        }
    }

    /// Takes what is new of the present frame into the history.
    fn take(&mut self, frame: &[i16]) {
        let new = &frame[self.taken.min(frame.len())..];
        self.history.copy_within(new.len().., 0);
        let kept = self.history.len() - new.len();
        self.history[kept..].copy_from_slice(new);
        self.taken = frame.len().max(self.taken);
    }

    /// The noise of a pause, and the period that fades out.
    fn make_up(&mut self, output: &mut [i16]) {
        match self.noisy {
            true => self.noise.fill(output),
            false => output.fill(0),
        }
        for sample in output {
            *sample = sample.saturating_add(self.next());
        }
    }

    fn next(&mut self) -> i16 {
        let (faded, full) = (FADED_SAMPLES * self.scale, FULL_SAMPLES * self.scale);
        let settle = SETTLE_SAMPLES * self.scale;
        let settling = settle.saturating_sub(self.settled + 1) as i32;
        let level = i32::from(self.cycle[self.turn]) + self.offset * settling / settle as i32;
        let left = (faded - self.made_up).min(faded - full);
        self.turn += 1;
        if self.turn == self.lag {
            self.turn = 0;
        }
        let haste = if self.paused { PAUSE_HASTE } else { 1 };
        self.settled = (self.settled + 1).min(settle);
        self.made_up = (self.made_up + haste).min(faded);
        let sample = level * left as i32 / (faded - full) as i32;
        sample.clamp(i16::MIN.into(), i16::MAX.into()) as i16
    }
}
