//! Audio codecs: what they are called in SDP, and sound into payload and back.

mod decoder;
mod encoder;
mod pcma;
mod pcmu;

use std::fmt;

pub use decoder::Decoder;
pub use encoder::Encoder;

/// The sampling rate of the engine and of every codec it knows, in Hz.
pub const SAMPLE_RATE_HZ: u32 = 8_000;

/// An audio codec (RFC 3551 section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// G.711 mu-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
}

impl Codec {
    /// Every codec, in the order of preference that is used when nothing else is asked for.
    pub const ALL: [Self; 2] = [Self::Pcmu, Self::Pcma];

    /// The encoding name of `a=rtpmap`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
        }
    }

    /// The codec of this encoding name, in any case.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|codec| codec.name().eq_ignore_ascii_case(name))
    }

    /// The payload type that RFC 3551 table 4 gives the codec.
    #[must_use]
    pub const fn static_payload_type(self) -> Option<u8> {
        match self {
            Self::Pcmu => Some(0),
            Self::Pcma => Some(8),
        }
    }

    /// The codec that RFC 3551 table 4 gives this payload type.
    #[must_use]
    pub fn from_static_payload_type(payload_type: u8) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|codec| codec.static_payload_type() == Some(payload_type))
    }

    /// The RTP clock rate in Hz, which `a=rtpmap` gives; it is not that of the sound for every codec.
    #[must_use]
    pub const fn clock_rate_hz(self) -> u32 {
        SAMPLE_RATE_HZ
    }

    /// The sampling rate of the sound in Hz.
    #[must_use]
    pub const fn sample_rate_hz(self) -> u32 {
        SAMPLE_RATE_HZ
    }

    /// The samples of a frame of 20 ms.
    #[must_use]
    pub const fn frame_samples(self) -> usize {
        self.sample_rate_hz() as usize / 50
    }

    /// The samples in a payload, 0 when it is malformed.
    #[must_use]
    pub fn packet_samples(self, payload: &[u8]) -> usize {
        payload.len()
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn g711_is_that_of_the_itu() {
        let samples: Vec<i16> = (i16::MIN..=i16::MAX).collect();
        let octets: Vec<u8> = (0..=255).collect();
        let mut all = Vec::new();
        let mut decoded = Vec::new();
        for codec in [Codec::Pcmu, Codec::Pcma] {
            Encoder::new(codec).encode(&samples, &mut all);
            Decoder::new(codec).decode(&octets, &mut decoded);
        }
        all.extend(decoded.iter().flat_map(|sample| sample.to_le_bytes()));
        let hash: String = Sha256::digest(&all)
            .iter()
            .map(|octet| format!("{octet:02x}"))
            .collect();
        assert_eq!(
            hash,
            "dbb97b35eadc4118b1cdd314b411512dc69fdb1fbe925ddd337fb2f4b69e2ff9"
        );
    }

    #[test]
    fn silence_is_the_octet_that_phones_send() {
        for (codec, silence) in [(Codec::Pcmu, 0xFF), (Codec::Pcma, 0xD5)] {
            let mut payload = Vec::new();
            Encoder::new(codec).encode(&[0], &mut payload);
            assert_eq!(payload, [silence], "{codec}");
        }
    }

    #[test]
    fn names_and_numbers_find_their_codec() {
        for codec in Codec::ALL {
            assert_eq!(Codec::from_name(&codec.name().to_lowercase()), Some(codec));
            if let Some(number) = codec.static_payload_type() {
                assert_eq!(Codec::from_static_payload_type(number), Some(codec));
            }
        }
        assert_eq!(Codec::from_name("GSM"), None);
        assert_eq!(Codec::from_static_payload_type(3), None);
    }
}
