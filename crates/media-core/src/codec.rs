//! Audio codecs: what they are called in SDP, and sound into payload and back.

mod pcma;
mod pcmu;

use std::fmt;

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
    pub const fn static_payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
        }
    }

    /// The codec that RFC 3551 table 4 gives this payload type.
    #[must_use]
    pub fn from_static_payload_type(payload_type: u8) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|codec| codec.static_payload_type() == payload_type)
    }

    /// The RTP clock rate in Hz.
    #[must_use]
    pub const fn clock_rate_hz(self) -> u32 {
        SAMPLE_RATE_HZ
    }

    /// The octet that stands for silence.
    #[must_use]
    pub const fn silence(self) -> u8 {
        match self {
            Self::Pcmu => 0xFF,
            Self::Pcma => 0xD5,
        }
    }

    /// Appends the payload of `samples` to `payload`.
    pub fn encode(self, samples: &[i16], payload: &mut Vec<u8>) {
        match self {
            Self::Pcmu => payload.extend(samples.iter().map(|sample| pcmu::encode(*sample))),
            Self::Pcma => payload.extend(samples.iter().map(|sample| pcma::encode(*sample))),
        }
    }

    /// Appends the samples of `payload` to `samples`.
    pub fn decode(self, payload: &[u8], samples: &mut Vec<i16>) {
        match self {
            Self::Pcmu => samples.extend(payload.iter().map(|octet| pcmu::decode(*octet))),
            Self::Pcma => samples.extend(payload.iter().map(|octet| pcma::decode(*octet))),
        }
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
        for codec in Codec::ALL {
            codec.encode(&samples, &mut all);
            codec.decode(&octets, &mut decoded);
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
    fn silence_is_the_payload_of_zero() {
        for codec in Codec::ALL {
            let mut payload = Vec::new();
            codec.encode(&[0], &mut payload);
            assert_eq!(payload, [codec.silence()], "{codec}");
        }
    }

    #[test]
    fn names_and_numbers_find_their_codec() {
        for codec in Codec::ALL {
            assert_eq!(Codec::from_name(&codec.name().to_lowercase()), Some(codec));
            let number = codec.static_payload_type();
            assert_eq!(Codec::from_static_payload_type(number), Some(codec));
        }
        assert_eq!(Codec::from_name("GSM"), None);
        assert_eq!(Codec::from_static_payload_type(3), None);
    }
}
