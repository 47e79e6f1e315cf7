//! How often a second sound is sampled.

/// A sampling rate that streams may run at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SampleRate {
    /// 8 kHz: narrowband, the telephone's.
    Hz8000,
    /// 16 kHz: wideband.
    Hz16000,
    /// 24 kHz: super-wideband.
    Hz24000,
    /// 32 kHz.
    Hz32000,
    /// 48 kHz: fullband.
    Hz48000,
}

impl SampleRate {
    /// Every rate, from low to high.
    pub const ALL: [Self; 5] = [
        Self::Hz8000,
        Self::Hz16000,
        Self::Hz24000,
        Self::Hz32000,
        Self::Hz48000,
    ];

    /// The rate in Hz.
    #[must_use]
    pub const fn hz(self) -> u32 {
        match self {
            Self::Hz8000 => 8_000,
            Self::Hz16000 => 16_000,
            Self::Hz24000 => 24_000,
            Self::Hz32000 => 32_000,
            Self::Hz48000 => 48_000,
        }
    }

    /// The rate of so many Hz.
    #[must_use]
    pub fn from_hz(hz: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|rate| rate.hz() == hz)
    }
}
