//! WAV files (RIFF): read in any common shape as mono, written so that the file is valid at any moment.

use std::io;
use std::time::Duration;

mod read;
mod write;

pub use write::WavWriter;

use crate::codec::SampleRate;

/// Sound of one channel, to be played at the rate of any codec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Audio {
    samples: Vec<i16>,
    sample_rate: SampleRate,
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

    /// Sound from samples.
    #[must_use]
    pub fn new(samples: Vec<i16>, sample_rate: SampleRate) -> Self {
        Self {
            samples,
            sample_rate,
        }
    }

    /// The samples.
    #[must_use]
    pub fn samples(&self) -> &[i16] {
        &self.samples
    }

    /// Their rate.
    #[must_use]
    pub fn sample_rate(&self) -> SampleRate {
        self.sample_rate
    }

    /// How long it takes to play.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_secs(self.samples.len() as u64) / self.sample_rate.hz()
    }
}

#[cfg(test)]
mod tests;
