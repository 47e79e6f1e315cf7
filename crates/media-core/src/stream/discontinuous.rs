//! Discontinuous transmission: while nobody speaks nothing is sent but what the noise is like (RFC 3389), to a peer that agreed to
//! comfort noise.
//!
//! A description is sent with the first frame of a silence, and again 200 ms after the last one when the noise is another 2 dB
//! louder or fainter, after 500 ms when it is any different, and after a second in any case, so that the stream counts as alive.

use crate::codec::NoiseEstimator;
use crate::voice_activity::VoiceActivity;

/// Frames after the last description: when a change of loudness is told, when any change, and when no change.
const SOON: u32 = 10;
const LATER: u32 = 25;
const AT_LAST: u32 = 50;
/// A change of loudness, in dB.
const STEP_DB: u8 = 2;
/// Octets of a description.
const OCTETS: usize = 16;

/// What a frame is worth.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Worth<'a> {
    /// Somebody speaks: the sound is sent.
    Voice,
    /// This description of the noise is sent.
    Noise(&'a [u8]),
    /// Nothing is sent.
    Nothing,
}

/// Decides what is sent of a stream's frames.
#[derive(Debug)]
pub(super) struct Discontinuous {
    voice: VoiceActivity,
    noise: NoiseEstimator,
    /// What was sent last, and what would be sent now.
    described: Vec<u8>,
    present: Vec<u8>,
    /// Frames since the last description; `None` while somebody speaks.
    since: Option<u32>,
}

impl Default for Discontinuous {
    fn default() -> Self {
        Self {
            voice: VoiceActivity::new(),
            noise: NoiseEstimator::default(),
            described: Vec::with_capacity(OCTETS),
            present: Vec::with_capacity(OCTETS),
            since: None,
        }
    }
}

impl Discontinuous {
    /// Takes the next frame.
    pub(super) fn hear(&mut self, frame: &[i16]) -> Worth<'_> {
        if self.voice.hear(frame) {
            self.since = None;
            return Worth::Voice;
        }
        if self.since.is_none() {
            self.noise = NoiseEstimator::default();
        }
        self.noise.measure(frame);
        let due = match &mut self.since {
            None => true,
            Some(since) => {
                *since += 1;
                *since >= SOON
            }
        };
        if !due {
            return Worth::Nothing;
        }
        self.present.clear();
        self.noise.describe(&mut self.present);
        if !self.is_news() {
            return Worth::Nothing;
        }
        self.since = Some(0);
        std::mem::swap(&mut self.described, &mut self.present);
        Worth::Noise(&self.described)
    }

    fn is_news(&self) -> bool {
        let level = |description: &[u8]| description.first().copied().unwrap_or(0);
        match self.since {
            None | Some(AT_LAST..) => true,
            Some(LATER..) => self.present != self.described,
            Some(_) => level(&self.present).abs_diff(level(&self.described)) >= STEP_DB,
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    /// The frames with a description in them, of noise that is this loud in each frame.
    fn described(loudness: impl Fn(usize) -> i16) -> Vec<usize> {
        let mut rng = StdRng::seed_from_u64(3);
        let mut discontinuous = Discontinuous::default();
        let mut frames = Vec::new();
        for number in 0..500 {
            let peak = loudness(number);
            let frame: [i16; 160] = std::array::from_fn(|_| rng.random_range(-peak..=peak));
            match discontinuous.hear(&frame) {
                Worth::Voice => panic!("frame {number} is no voice"),
                Worth::Noise(_) => frames.push(number),
                Worth::Nothing => {}
            }
        }
        frames
    }

    fn steps(frames: &[usize]) -> impl Iterator<Item = usize> {
        frames.windows(2).map(|pair| pair[1] - pair[0])
    }

    #[test]
    fn silence_is_described_at_once_and_every_second() {
        let frames = described(|_| 0);
        assert_eq!(frames[0], 0);
        assert!(steps(&frames).all(|step| step == 50), "{frames:?}");
    }

    #[test]
    fn noise_that_grows_is_followed() {
        let steady = described(|_| 60);
        assert!(
            steps(&steady).all(|step| (25..=50).contains(&step)),
            "{steady:?}"
        );
        let growing = described(|number| (20.0 * 1.009_f64.powf(number as f64)) as i16);
        assert!(steps(&growing).all(|step| (10..=50).contains(&step)));
        assert!(growing.len() > steady.len(), "{growing:?}");
    }
}
