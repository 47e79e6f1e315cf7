//! Voice activity: whether somebody speaks.
//!
//! The loudness of each frame is compared with the faintest of the last two seconds, which is the noise around the speaker. It
//! is a voice that rises 9 dB above that for two frames of three, and until it has not done so for a quarter of a second.
//! Whatever is steady for two seconds, noise or tone, is no voice.

/// Frames of 20 ms; the faintest is kept of each half second, for four of them.
const SLOT_FRAMES: u32 = 25;
const SLOTS: usize = 4;
/// How much louder than the noise a voice is: 9 dB, as a ratio of powers.
const RISE: f32 = 8.0;
/// What is fainter than -52 dB of full scale is silence.
const SILENCE: f32 = 6_700.0;
/// The faintest noise that is believed in: -66 dB.
const LEAST_NOISE: f32 = 270.0;
/// For how many frames a voice is not over yet: 240 ms.
const HANGOVER_FRAMES: u32 = 12;

/// Listens for a voice in the frames of one stream.
#[derive(Debug)]
pub struct VoiceActivity {
    /// The faintest frame of each of the last half seconds.
    faintest: [f32; SLOTS],
    slot: usize,
    frames: u32,
    /// The last loudness, smoothed.
    loudness: f32,
    /// Whether the last frames rose out of the noise, the latest in the lowest bit.
    risen: u8,
    hangover: u32,
}

impl Default for VoiceActivity {
    fn default() -> Self {
        Self::new()
    }
}

impl VoiceActivity {
    /// A detector that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        Self {
            faintest: [LEAST_NOISE; SLOTS],
            slot: 0,
            frames: 0,
            loudness: 0.0,
            risen: 0,
            hangover: 0,
        }
    }

    /// Listens to the next frame, 20 ms at any rate; returns whether somebody speaks.
    pub fn hear(&mut self, frame: &[i16]) -> bool {
        let power = power(frame);
        self.loudness = (self.loudness + power) / 2.0;
        self.note(self.loudness);
        let noise = self.faintest.iter().copied().fold(f32::MAX, f32::min);
        let rises = power > SILENCE && power > noise.max(LEAST_NOISE) * RISE;
        self.risen = self.risen << 1 | u8::from(rises);
        if (self.risen & 0b111).count_ones() >= 2 {
            self.hangover = HANGOVER_FRAMES;
            return true;
        }
        self.hangover = self.hangover.saturating_sub(1);
        self.hangover > 0
    }

    /// Whether somebody speaks, as of the last frame.
    #[must_use]
    pub fn is_voice(&self) -> bool {
        self.hangover > 0
    }

    fn note(&mut self, loudness: f32) {
        if self.frames == 0 {
            self.slot = (self.slot + 1) % SLOTS;
            self.faintest[self.slot] = loudness;
        }
        self.frames = (self.frames + 1) % SLOT_FRAMES;
        let faintest = &mut self.faintest[self.slot];
        *faintest = faintest.min(loudness);
    }
}

/// The mean power of a frame without its offset.
pub(crate) fn power(frame: &[i16]) -> f32 {
    if frame.is_empty() {
        return 0.0;
    }
    let count = frame.len() as f32;
    let (mut sum, mut squares) = (0_i64, 0_i64);
    for sample in frame {
        let sample = i64::from(*sample);
        sum += sample;
        squares += sample * sample;
    }
    let mean = sum as f32 / count;
    squares as f32 / count - mean * mean
}

#[cfg(test)]
pub(crate) mod tests;
