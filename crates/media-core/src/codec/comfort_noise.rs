//! Comfort noise (RFC 3389): the noise behind a voice in a payload of a few octets, and noise like it made from them.
//!
//! A payload is the level, and the reflection coefficients of an all-pole model of the spectrum. The signs are those of
//! ITU-T G.711 Appendix II: the first coefficient of noise with more low frequencies than high ones is negative.

mod estimator;
mod lattice;

pub use estimator::NoiseEstimator;
use lattice::Lattice;

/// Coefficients that are heeded; further ones refine what nobody hears.
const MAX_ORDER: usize = 16;
/// A square wave of full scale: 0 dBov.
const OVERLOAD: f32 = 32_767.0;
/// Coefficients are kept from making a tone of the noise.
const MAX_COEFFICIENT: f32 = 0.98;

/// What a payload says.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Descriptor {
    /// The mean amplitude, on the scale of `i16`.
    level: f32,
    coefficients: [f32; MAX_ORDER],
}

impl Descriptor {
    fn parse(payload: &[u8]) -> Self {
        let mut descriptor = Self::default();
        let Some((level, coefficients)) = payload.split_first() else {
            return descriptor;
        };
        descriptor.level = OVERLOAD * 10.0_f32.powf(-f32::from(level & 0x7F) / 20.0);
        for (coefficient, octet) in descriptor.coefficients.iter_mut().zip(coefficients) {
            let value = 258.0 / 32_768.0 * (f32::from(*octet) - 127.0);
            *coefficient = value.clamp(-MAX_COEFFICIENT, MAX_COEFFICIENT);
        }
        descriptor
    }

    /// Appends the payload with `order` coefficients.
    fn write(&self, order: usize, payload: &mut Vec<u8>) {
        let decibels = -20.0 * (self.level.max(f32::MIN_POSITIVE) / OVERLOAD).log10();
        payload.push(decibels.round().clamp(0.0, 127.0) as u8);
        let octet = |value: &f32| (value * 32_768.0 / 258.0 + 127.0).round() as u8;
        payload.extend(self.coefficients.iter().take(order).map(octet));
    }
}

/// Makes the noise that payloads describe.
#[derive(Debug)]
pub struct ComfortNoise {
    wanted: Descriptor,
    /// The amplitude that the latest frame ended with; `None` before the first.
    level: Option<f32>,
    lattice: Lattice,
    random: u32,
}

impl Default for ComfortNoise {
    fn default() -> Self {
        Self::new()
    }
}

impl ComfortNoise {
    /// Silence, until a payload says otherwise. The noise is the same at every sampling rate, and runs at that of its listener.
    #[must_use]
    pub fn new() -> Self {
        Self {
            wanted: Descriptor::default(),
            level: None,
            lattice: Lattice::default(),
            random: 0x2545_F491,
        }
    }

    /// Takes a payload. An empty one means silence, unknown coefficients are passed over.
    pub fn update(&mut self, payload: &[u8]) {
        self.wanted = Descriptor::parse(payload);
        self.lattice.set_coefficients(&self.wanted.coefficients);
    }

    /// Writes the next piece of noise; the level moves to a new one within a piece.
    pub fn fill(&mut self, frame: &mut [i16]) {
        let wanted = self.wanted.level * self.lattice.loss();
        let mut level = *self.level.get_or_insert(wanted);
        let step = (wanted - level) / frame.len().max(1) as f32;
        for sample in frame {
            level += step;
            let white = self.white();
            let noise = self.lattice.filter(level * white);
            *sample = noise.round() as i16;
        }
        self.level = Some(wanted);
    }

    /// Equally distributed, with a mean square of 1.
    fn white(&mut self) -> f32 {
        // Marsaglia's xorshift.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        self.random as i32 as f32 * (3.0_f32.sqrt() / 2_147_483_648.0)
    }
}

#[cfg(test)]
mod tests;
