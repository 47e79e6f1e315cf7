//! WAV files (RIFF): read in any common shape as 8 kHz mono, written so that the file is valid at any moment.

use std::io;
use std::time::Duration;

mod read;
mod write;

pub use write::WavWriter;

use crate::codec::SAMPLE_RATE_HZ;

/// Sound as the engine plays it: 8 kHz mono.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audio {
    samples: Vec<i16>,
}

/// Why a WAV file cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WavError {
    /// The file cannot be opened or read.
    #[error("cannot read the file: {0}")]
    Io(#[from] io::Error),
    /// It is larger than [`Audio::MAX_OCTETS`].
    #[error("the file is larger than {} octets", Audio::MAX_OCTETS)]
    TooLarge,
    /// It is no RIFF WAVE file, or ends before its sound begins.
    #[error("not a WAV file")]
    NotWav,
    /// Its sound is of a kind that is not read here.
    #[error(
        "format tag {tag}, {channels} channels of {bits} bits at {rate_hz} Hz is not supported"
    )]
    Unsupported {
        /// The format tag: 1 is PCM, 6 A-law, 7 mu-law.
        tag: u16,
        /// The number of channels.
        channels: u16,
        /// The width of a sample in bits.
        bits: u16,
        /// The sampling rate in Hz.
        rate_hz: u32,
    },
}

impl Audio {
    /// The largest file that is read.
    pub const MAX_OCTETS: u64 = 256 << 20;

    /// Sound from samples at 8 kHz.
    #[must_use]
    pub fn from_samples(samples: Vec<i16>) -> Self {
        Self { samples }
    }

    /// The samples, at 8 kHz.
    #[must_use]
    pub fn samples(&self) -> &[i16] {
        &self.samples
    }

    /// How long it takes to play.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_secs(self.samples.len() as u64) / SAMPLE_RATE_HZ
    }
}

#[cfg(test)]
mod tests;
