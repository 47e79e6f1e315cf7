//! What the noise behind a voice is like, measured while the voice pauses.

use super::{Descriptor, MAX_COEFFICIENT, MAX_ORDER};

/// Coefficients that are sent.
const ORDER: usize = 10;
/// How much of the measure a new frame is.
const SHARE: f64 = 0.25;

/// Measures noise, for the payload that describes it.
#[derive(Debug, Default)]
pub struct NoiseEstimator {
    /// The autocorrelation per sample, the mean of the latest frames.
    correlation: [f64; ORDER + 1],
    begun: bool,
}

impl NoiseEstimator {
    /// Takes a frame in which nobody speaks.
    pub fn measure(&mut self, samples: &[i16]) {
        if samples.is_empty() {
            return;
        }
        let share = if self.begun { SHARE } else { 1.0 };
        self.begun = true;
        for (lag, mean) in self.correlation.iter_mut().enumerate() {
            let later = samples.get(lag..).unwrap_or_default();
            let products = samples.iter().zip(later);
            let sum: i64 = products.map(|(a, b)| i64::from(*a) * i64::from(*b)).sum();
            *mean += (sum as f64 / samples.len() as f64 - *mean) * share;
        }
    }

    /// Appends the payload that describes the noise so far to `payload`: 11 octets.
    pub fn describe(&self, payload: &mut Vec<u8>) {
        let mut coefficients = [0.0; MAX_ORDER];
        for (place, value) in coefficients.iter_mut().zip(self.reflections()) {
            *place = value as f32;
        }
        let level = self.correlation[0].sqrt() as f32;
        let descriptor = Descriptor {
            level,
            coefficients,
        };
        descriptor.write(ORDER, payload);
    }

    /// The reflection coefficients, by Schur's recursion.
    fn reflections(&self) -> [f64; ORDER] {
        let mut reflections = [0.0; ORDER];
        let (mut forward, mut backward) = (self.correlation, self.correlation);
        // A little white noise keeps the measure of a tone or of nothing well behaved.
        backward[0] = backward[0] * 1.0001 + 1e-3;
        for (index, reflection) in reflections.iter_mut().enumerate() {
            let limit = f64::from(MAX_COEFFICIENT);
            let value = (-forward[index + 1] / backward[0]).clamp(-limit, limit);
            *reflection = value;
            for lag in index + 1..=ORDER {
                let (ahead, behind) = (forward[lag], backward[lag - index - 1]);
                forward[lag] = ahead + value * behind;
                backward[lag - index - 1] = behind + value * ahead;
            }
        }
        reflections
    }
}
