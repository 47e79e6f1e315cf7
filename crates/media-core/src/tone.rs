//! Sine tones whose phase never jumps, not even when the frequency changes.

use std::f64::consts::TAU;

/// A sine tone: a phasor that turns by a fixed angle per sample.
#[derive(Debug, Clone)]
pub(crate) struct Tone {
    phasor: (f64, f64),
    step: (f64, f64),
    amplitude: f64,
    sample_rate_hz: f64,
}

impl Tone {
    /// A tone of `amplitude` (0 to 1 of full scale) that begins at a zero crossing.
    pub(crate) fn new(frequency_hz: f64, amplitude: f64, sample_rate_hz: u32) -> Self {
        let mut tone = Self {
            phasor: (1.0, 0.0),
            step: (1.0, 0.0),
            amplitude: 0.0,
            sample_rate_hz: sample_rate_hz.into(),
        };
        tone.tune(frequency_hz, amplitude);
        tone
    }

    /// Changes frequency and amplitude and keeps the phase.
    pub(crate) fn tune(&mut self, frequency_hz: f64, amplitude: f64) {
        let frequency_hz = within(frequency_hz, self.sample_rate_hz / 2.0);
        let (sin, cos) = (TAU * frequency_hz / self.sample_rate_hz).sin_cos();
        self.step = (cos, sin);
        self.amplitude = within(amplitude, 1.0) * f64::from(i16::MAX);
    }

    /// The next samples of the tone.
    pub(crate) fn fill(&mut self, samples: &mut [i16]) {
        let (step_cos, step_sin) = self.step;
        let (mut cos, mut sin) = self.phasor;
        for sample in samples {
            *sample = (sin * self.amplitude).round() as i16;
            (cos, sin) = (
                cos * step_cos - sin * step_sin,
                cos * step_sin + sin * step_cos,
            );
        }
        let length = cos.hypot(sin);
        self.phasor = (cos / length, sin / length);
    }
}

/// The value between 0 and `limit` that is nearest; 0 for not-a-number.
fn within(value: f64, limit: f64) -> f64 {
    if value.is_nan() {
        return 0.0;
    }
    value.clamp(0.0, limit)
}

/// The share of the energy of `samples` that is at `hz`: 1 for a pure tone.
#[cfg(test)]
pub(crate) fn purity(samples: &[i16], hz: f64) -> f64 {
    let (mut cos, mut sin, mut energy) = (0.0, 0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let sample = f64::from(*sample);
        let angle = TAU * hz * n as f64 / 8_000.0;
        cos += sample * angle.cos();
        sin += sample * angle.sin();
        energy += sample * sample;
    }
    (cos * cos + sin * sin) * 2.0 / (samples.len() as f64 * energy.max(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_of_tone_does_not_drift() {
        let mut tone = Tone::new(440.0, 0.5, 8_000);
        let mut frame = [0; 160];
        for _ in 0..180_000 {
            tone.fill(&mut frame);
        }
        // 440 Hz for a whole number of frames of 20 ms is at phase 0.8 of a turn after each; 180,000 of them are whole turns.
        tone.fill(&mut frame);
        let mut fresh = [0; 160];
        Tone::new(440.0, 0.5, 8_000).fill(&mut fresh);
        for (late, early) in frame.iter().zip(&fresh) {
            assert!((late - early).abs() <= 1, "{late} {early}");
        }
    }

    #[test]
    fn a_change_of_frequency_keeps_the_phase() {
        let mut tone = Tone::new(440.0, 1.0, 8_000);
        let mut samples = [0; 400];
        tone.fill(&mut samples[..200]);
        tone.tune(600.0, 1.0);
        tone.fill(&mut samples[200..]);
        let steepest = samples.windows(2).map(|pair| (pair[1] - pair[0]).abs());
        assert!(steepest.max() < Some((TAU * 600.0 / 8_000.0 * 32_768.0) as i16));
    }

    #[test]
    fn nonsense_is_silence() {
        let mut samples = [1; 10];
        Tone::new(f64::NAN, f64::NAN, 8_000).fill(&mut samples);
        assert_eq!(samples, [0; 10]);
    }
}
