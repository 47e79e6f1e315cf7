//! Automatic gain control: voices are brought to one loudness, faint ones up and loud ones down, and the noise between them is left
//! where it is.

use super::{FrameContext, FrameProcessor};
use crate::capabilities::MAX_FRAME_SAMPLES;
use crate::mixer::Limiter;
use crate::voice_activity::{VoiceActivity, power};

/// How much of a frame's power goes into the estimate of a voice's: a mean over half a second of voice.
const SHARE: f32 = 0.04;
/// How fast the gain follows in a frame: 6 dB a second up, 25 dB a second down.
const RISE: f32 = 1.013_9;
const FALL: f32 = 0.944;

/// What gain control aims at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GainControlConfig {
    /// How loud a voice is to be, as the mean power of its frames in dB below full scale (dBov); telephones aim at -26.
    pub target_dbov: f32,
    /// The most that a faint voice is amplified, in dB.
    pub max_gain_db: f32,
    /// The most that a loud voice is attenuated, in dB.
    pub max_attenuation_db: f32,
}

impl Default for GainControlConfig {
    /// A voice at -20 dBov; 20 dB up, 12 dB down.
    fn default() -> Self {
        Self {
            target_dbov: -20.0,
            max_gain_db: 20.0,
            max_attenuation_db: 12.0,
        }
    }
}

/// Automatic gain control of a voice, of no delay.
///
/// The gain moves only while somebody [speaks](crate::VoiceActivity), so that noise does not swell in pauses. What would go beyond
/// 3 dB below full scale is limited.
#[derive(Debug)]
pub struct GainControl {
    target: f32,
    gains: [f32; 2],
    voice: VoiceActivity,
    /// The mean power of the voice; `None` before the first.
    loudness: Option<f32>,
    gain: f32,
    limiter: Limiter,
}

impl Default for GainControl {
    fn default() -> Self {
        Self::new(GainControlConfig::default())
    }
}

impl GainControl {
    /// Gain control that has heard nothing.
    #[must_use]
    pub fn new(config: GainControlConfig) -> Self {
        let ratio = |db: f32| 10_f32.powf(db / 20.0);
        Self {
            target: (ratio(config.target_dbov) * 32_768.0).powi(2),
            gains: [
                ratio(-config.max_attenuation_db.max(0.0)),
                ratio(config.max_gain_db.max(0.0)),
            ],
            voice: VoiceActivity::new(),
            loudness: None,
            gain: 1.0,
            limiter: Limiter::default(),
        }
    }

    /// The gain at present, as a factor.
    #[must_use]
    pub fn gain(&self) -> f32 {
        self.gain
    }

    /// Takes in a frame of a voice.
    fn follow(&mut self, power: f32) {
        let known = *self.loudness.get_or_insert(power);
        // Pauses between syllables are no fainter voice.
        if power * 16.0 < known {
            return;
        }
        let loudness = known + (power - known) * SHARE;
        self.loudness = Some(loudness);
        let [least, most] = self.gains;
        let wanted = (self.target / loudness.max(1.0)).sqrt().clamp(least, most);
        self.gain = wanted.clamp(self.gain * FALL, self.gain * RISE);
    }
}

impl FrameProcessor for GainControl {
    fn process(&mut self, frame: &mut [i16], _: FrameContext<'_>) {
        let begin = self.gain;
        if self.voice.hear(frame) {
            self.follow(power(frame));
        }
        let mut louder = [0.0; MAX_FRAME_SAMPLES];
        let step = (self.gain - begin) / frame.len().max(1) as f32;
        let mut gain = begin;
        for (louder, sample) in louder.iter_mut().zip(frame.iter()) {
            gain += step;
            *louder = f32::from(*sample) * gain;
        }
        self.limiter.limit(&louder[..frame.len()], frame);
    }
}

#[cfg(test)]
mod tests;
