//! One member: its frame, how loud it comes in, and whether it is heard at all.

use super::limiter::Limiter;
use super::sum::quantize;

/// A frame with no sample above this is taken for silence: -50 dB of full scale.
const QUIET: i16 = 100;
/// So many quiet frames in a row close the gate: 300 ms, longer than the pauses between words.
const HANGOVER_FRAMES: u8 = 15;
/// 12 dB.
const MAX_GAIN: f32 = 4.0;

/// A member of a mixer.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) generation: u32,
    /// Where its rate is in the mixer's list.
    pub(super) rate: usize,
    /// The frame as it goes into the sum.
    frame: Box<[i16]>,
    /// Whether the frame was given for the next mix.
    given: bool,
    /// The factor that the frame before ended with.
    level: f32,
    gain: f32,
    pub(super) muted: bool,
    quiet_frames: u8,
    /// Whether the frame is part of the present sum, and its loudest sample.
    pub(super) peak: Option<f32>,
    pub(super) leaving: bool,
    /// Whether it has not heard anything yet.
    pub(super) new: bool,
    pub(super) limiter: Limiter,
}

impl Member {
    pub(super) fn new(generation: u32, rate: usize, frame_samples: usize) -> Self {
        Self {
            generation,
            rate,
            frame: vec![0; frame_samples].into(),
            given: false,
            level: 0.0,
            gain: 1.0,
            muted: false,
            quiet_frames: HANGOVER_FRAMES,
            peak: None,
            leaving: false,
            new: true,
            limiter: Limiter::default(),
        }
    }

    pub(super) fn set_gain(&mut self, gain: f32) {
        self.gain = match gain.is_nan() {
            true => 0.0,
            false => gain.clamp(0.0, MAX_GAIN),
        };
    }

    /// It has been heard as it is until now.
    pub(super) fn go_on(&mut self) {
        (self.level, self.quiet_frames) = (1.0, 0);
    }

    /// The frame to fill for the next mix.
    pub(super) fn input(&mut self) -> &mut [i16] {
        self.given = true;
        &mut self.frame
    }

    /// What the member adds to the present sum.
    pub(super) fn frame(&self) -> &[i16] {
        &self.frame
    }

    /// Makes the frame ready for the sum; whether it is part of it.
    pub(super) fn prepare(&mut self) -> bool {
        let given = std::mem::take(&mut self.given);
        let audible = given && !self.muted && !self.leaving;
        if !given {
            self.trail_off();
        } else {
            let peak = peak(&self.frame);
            self.count_quiet(peak);
            let open = audible && self.quiet_frames < HANGOVER_FRAMES;
            let target = if open { self.gain } else { 0.0 };
            let begin = std::mem::replace(&mut self.level, target);
            self.peak = (begin > 0.0 || target > 0.0).then_some(f32::from(peak));
            if self.peak.is_some() && (begin != 1.0 || target != 1.0) {
                ramp(&mut self.frame, begin, target);
                self.peak = Some(self::peak(&self.frame).into());
            }
        }
        self.peak.is_some()
    }

    /// Sound that breaks off goes on backwards for a frame and fades out.
    fn trail_off(&mut self) {
        let heard = self.level > 0.0;
        self.level = 0.0;
        self.quiet_frames = HANGOVER_FRAMES;
        self.peak = heard.then(|| {
            self.frame.reverse();
            ramp(&mut self.frame, 1.0, 0.0);
            peak(&self.frame).into()
        });
    }

    fn count_quiet(&mut self, peak: i16) {
        self.quiet_frames = match peak > QUIET {
            true => 0,
            false => HANGOVER_FRAMES.min(self.quiet_frames + 1),
        };
    }
}

/// The loudest sample.
fn peak(samples: &[i16]) -> i16 {
    let (least, most) = samples.iter().fold((0, 0), |(least, most), sample| {
        (i16::min(least, *sample), i16::max(most, *sample))
    });
    most.max(least.saturating_neg())
}

/// Turns samples up or down, evenly from one factor to the other.
pub(super) fn ramp(samples: &mut [i16], begin: f32, end: f32) {
    let step = (end - begin) / samples.len() as f32;
    for (index, sample) in samples.iter_mut().enumerate() {
        let gain = begin + step * (index as i32 + 1) as f32;
        *sample = quantize(f32::from(*sample) * gain);
    }
}
