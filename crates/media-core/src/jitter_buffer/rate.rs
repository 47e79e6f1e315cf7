//! The sampling rate of a stream, and times as numbers of its samples.

use std::time::Duration;

use super::pitch::{FRAME, MAX_SCALE};
use crate::codec::Codec;

/// A multiple of 8 kHz.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rate {
    scale: i64,
}

impl Rate {
    /// The rate, or the next one below it that can be played.
    pub(super) fn new(sample_rate_hz: u32) -> Self {
        let scale = i64::from(sample_rate_hz / 8_000).clamp(1, MAX_SCALE as i64);
        Self { scale }
    }

    pub(super) fn hz(self) -> u32 {
        self.scale as u32 * 8_000
    }

    /// Samples per sample at 8 kHz.
    pub(super) fn scale(self) -> i64 {
        self.scale
    }

    /// Samples of 20 ms.
    pub(super) fn frame(self) -> i64 {
        self.scale * FRAME as i64
    }

    /// How many samples a payload stands for.
    pub(super) fn samples(self, codec: Codec, payload: &[u8]) -> i64 {
        codec.packet_samples(payload) as i64 * i64::from(self.hz())
            / i64::from(codec.sample_rate_hz())
    }

    /// The time of so many samples; none for less than none.
    pub(super) fn duration(self, samples: i64) -> Duration {
        let samples = u64::try_from(samples).unwrap_or(0);
        Duration::from_nanos(samples.saturating_mul(125_000) / self.scale as u64)
    }
}
