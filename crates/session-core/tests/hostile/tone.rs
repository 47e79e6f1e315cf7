//! Listens to samples for one tone (Goertzel).

use std::f64::consts::TAU;

use rvoip_session_core::media_core::{FRAME_SAMPLES, SAMPLE_RATE_HZ};

/// Root mean square above which a frame is heard.
const LOUD: f64 = 500.0;

/// The frames that can be heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heard {
    /// Those that hold the tone and hardly anything else.
    pub(super) tone: usize,
    /// All others.
    pub(super) other: usize,
}

impl Heard {
    pub(super) fn of(samples: &[i16], frequency_hz: f64) -> Heard {
        let mut heard = Heard { tone: 0, other: 0 };
        for frame in samples.chunks_exact(FRAME_SAMPLES) {
            let energy: f64 = frame.iter().map(|sample| f64::from(*sample).powi(2)).sum();
            if (energy / frame.len() as f64).sqrt() < LOUD {
                continue;
            }
            if share(frame, energy, frequency_hz) > 0.8 {
                heard.tone += 1;
            } else {
                heard.other += 1;
            }
        }
        heard
    }

    /// The tone, for at least so many frames, and hardly a frame of anything else: what a starved machine makes of a
    /// tone is a click, what an intruder makes of it is more.
    pub(super) fn is_tone(self, frames: usize) -> bool {
        self.tone >= frames && self.other * 20 <= self.tone
    }
}

/// The part of the energy that is at the frequency.
fn share(frame: &[i16], energy: f64, frequency_hz: f64) -> f64 {
    let turn = TAU * frequency_hz / f64::from(SAMPLE_RATE_HZ);
    let (mut last, mut before) = (0.0, 0.0);
    for sample in frame {
        let next = f64::from(*sample) + 2.0 * turn.cos() * last - before;
        (last, before) = (next, last);
    }
    let power = last * last + before * before - 2.0 * turn.cos() * last * before;
    2.0 * power / (frame.len() as f64 * energy)
}

/// Samples of a tone, from sample number `start` on.
pub(super) fn samples(frequency_hz: f64, start: usize, count: usize) -> Vec<i16> {
    let turn = TAU * frequency_hz / f64::from(SAMPLE_RATE_HZ);
    (start..start + count)
        .map(|at| (8000.0 * (turn * at as f64).sin()) as i16)
        .collect()
}

#[test]
fn the_ear_tells_a_tone_from_another_and_from_noise() {
    let tone = samples(440.0, 0, 1600);
    assert!(Heard::of(&tone, 440.0).is_tone(10));
    assert!(!Heard::of(&tone, 1000.0).is_tone(1));
    let noisy: Vec<i16> = tone
        .iter()
        .zip(0u32..)
        .map(|(sample, at)| sample / 2 + (at.wrapping_mul(2_654_435_761) >> 18) as i16 / 2)
        .collect();
    assert!(!Heard::of(&noisy, 440.0).is_tone(1));
    assert_eq!(Heard::of(&[0; 1600], 440.0), Heard { tone: 0, other: 0 });
}
