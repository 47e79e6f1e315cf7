//! Noise suppression by the recurrent network of RNNoise, which knows voices at 48 kHz.

use std::fmt;
use std::time::Duration;

use nnnoiseless::DenoiseState;

use super::{FrameContext, FrameProcessor};
use crate::resample::Resampler;

/// The rate of the network, and what it takes at once: 10 ms.
const NETWORK_HZ: u32 = 48_000;
const NETWORK_FRAME: usize = DenoiseState::FRAME_SIZE;
const NETWORK_DELAY: Duration = Duration::from_millis(10);

/// Takes noise out of a voice, by the `nnnoiseless` crate.
///
/// Steady and unsteady noise goes, voices stay; music and tones are noise to it, so it is for people and not for what a stream
/// plays. Sound comes out 16 ms later at 8 kHz, 13 ms at 16 kHz, 10 ms at 48 kHz.
///
/// PESQ of speech by espeak-ng in white and rumbling noise, before and after, by how far the noise is below the voice; what is
/// understood (STOI) stays the same within 0.03:
///
/// | | 0 dB | 5 dB | 10 dB | 20 dB |
/// |---|---|---|---|---|
/// | 8 kHz | 1.16, 1.42 | 1.24, 1.65 | 1.38, 1.91 | 2.00, 2.65 |
/// | 16 kHz | 1.03, 1.12 | 1.05, 1.27 | 1.10, 1.56 | 1.44, 2.35 |
pub struct NoiseSuppression {
    network: Box<DenoiseState<'static>>,
    sample_rate_hz: u32,
    /// To the network and from it.
    resamplers: [Resampler; 2],
    noisy: Vec<f32>,
    clean: Vec<f32>,
    narrow: Vec<f32>,
}

impl Default for NoiseSuppression {
    fn default() -> Self {
        Self::new()
    }
}

impl NoiseSuppression {
    /// Noise suppression that has heard nothing.
    #[must_use]
    pub fn new() -> Self {
        let frame = 2 * NETWORK_FRAME;
        Self {
            network: DenoiseState::new(),
            sample_rate_hz: 8_000,
            resamplers: resamplers(8_000),
            noisy: Vec::with_capacity(frame),
            clean: vec![0.0; frame],
            narrow: Vec::with_capacity(frame),
        }
    }
}

fn resamplers(sample_rate_hz: u32) -> [Resampler; 2] {
    [
        Resampler::new(sample_rate_hz, NETWORK_HZ),
        Resampler::new(NETWORK_HZ, sample_rate_hz),
    ]
}

impl FrameProcessor for NoiseSuppression {
    fn process(&mut self, frame: &mut [i16], context: FrameContext<'_>) {
        if self.sample_rate_hz != context.sample_rate_hz {
            self.sample_rate_hz = context.sample_rate_hz;
            self.resamplers = resamplers(context.sample_rate_hz);
        }
        let [up, down] = &mut self.resamplers;
        self.narrow.clear();
        self.narrow.extend(frame.iter().map(|it| f32::from(*it)));
        self.noisy.clear();
        up.process(&self.narrow, &mut self.noisy);
        let pieces = self.noisy.chunks_exact(NETWORK_FRAME);
        for (noisy, clean) in pieces.zip(self.clean.chunks_exact_mut(NETWORK_FRAME)) {
            self.network.process_frame(clean, noisy);
        }
        self.narrow.clear();
        down.process(&self.clean, &mut self.narrow);
        for (sample, clean) in frame.iter_mut().zip(&self.narrow) {
            *sample = clean.round() as i16;
        }
    }

    fn delay(&self) -> Duration {
        let resampling: Duration = self.resamplers.iter().map(Resampler::delay).sum();
        NETWORK_DELAY + resampling
    }
}

impl fmt::Debug for NoiseSuppression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoiseSuppression")
            .field("sample_rate_hz", &self.sample_rate_hz)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
