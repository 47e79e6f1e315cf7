//! Audio codecs: what they are called in SDP, and sound into payload and back.

mod comfort_noise;
mod decoder;
mod encoder;
mod g711;
mod g722;
mod l16;
#[cfg(feature = "opus")]
mod opus;
mod opus_config;
mod pcma;
mod pcmu;
mod sample_rate;

use std::borrow::Cow;
use std::fmt;

pub use comfort_noise::{ComfortNoise, NoiseEstimator};
pub use decoder::Decoder;
pub use encoder::Encoder;
pub use opus_config::OpusConfig;
pub use sample_rate::SampleRate;

/// The sampling rate of the telephone, in Hz.
pub const SAMPLE_RATE_HZ: u32 = SampleRate::Hz8000.hz();

/// An audio codec (RFC 3551 section 6), and the sampling rate of its sound where that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Codec {
    /// G.711 mu-law.
    Pcmu,
    /// G.711 A-law.
    Pcma,
    /// G.722 at 64 kbit/s: 16 kHz, though its RTP clock runs at 8 kHz.
    G722,
    /// Samples of 16 bits. At 48 kHz a packet does not fit an Ethernet frame, and is not negotiated.
    L16(SampleRate),
    /// Opus: its RTP clock runs at 48 kHz and `a=rtpmap` gives it two channels, whatever the sound is. It knows no 32 kHz and
    /// takes 24 kHz instead.
    #[cfg(feature = "opus")]
    Opus(SampleRate),
}

impl Codec {
    /// The codecs that are used when nothing else is asked for: PCMU and PCMA, which everybody has and which cost next to
    /// nothing, then G722 and, with the feature `opus`, Opus at 16 kHz for peers that prefer a wider band.
    pub const DEFAULT: &'static [Self] = &[
        Self::Pcmu,
        Self::Pcma,
        Self::G722,
        #[cfg(feature = "opus")]
        Self::Opus(SampleRate::Hz16000),
    ];

    /// The encoding name of `a=rtpmap`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
            Self::G722 => "G722",
            Self::L16(_) => "L16",
            #[cfg(feature = "opus")]
            Self::Opus(_) => "opus",
        }
    }

    /// The codec that a person calls so, in any case: an encoding name, and for L16 the rate, `L16/16000`. Opus has sound of 16 kHz
    /// when nothing else is said: `opus/8000`, `opus/24000` or `opus/48000`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let (encoding, hz) = match name.split_once('/') {
            Some((encoding, hz)) => (encoding, Some(hz.parse().ok()?)),
            None => (name, None),
        };
        let named = |codec: &Self| codec.name().eq_ignore_ascii_case(encoding);
        #[cfg(feature = "opus")]
        let rate = hz
            .and_then(SampleRate::from_hz)
            .unwrap_or(SampleRate::Hz16000);
        #[cfg(feature = "opus")]
        if let Some(opus) = Some(Self::Opus(rate)).filter(named) {
            let known = hz.is_none_or(|hz| hz == opus.sample_rate_hz());
            return known.then_some(opus);
        }
        let fixed = [Self::Pcmu, Self::Pcma, Self::G722].into_iter().find(named);
        match (fixed, hz) {
            (Some(codec), None) => Some(codec),
            (_, hz) => Self::from_rtpmap(encoding, hz?, 1),
        }
    }

    /// The codec that `a=rtpmap` describes; Opus with sound of 16 kHz.
    #[must_use]
    pub fn from_rtpmap(encoding: &str, clock_rate_hz: u32, channels: u8) -> Option<Self> {
        let rate = SampleRate::from_hz(clock_rate_hz).filter(|rate| *rate < SampleRate::Hz48000);
        [
            Some(Self::Pcmu),
            Some(Self::Pcma),
            Some(Self::G722),
            rate.map(Self::L16),
            #[cfg(feature = "opus")]
            Some(Self::Opus(SampleRate::Hz16000)),
        ]
        .into_iter()
        .flatten()
        .find(|codec| {
            codec.name().eq_ignore_ascii_case(encoding)
                && codec.clock_rate_hz() == clock_rate_hz
                && codec.channels() == channels
        })
    }

    /// The parameters of `a=fmtp` in our descriptions.
    pub(crate) fn fmtp(self, opus: &OpusConfig) -> Option<Cow<'static, str>> {
        match self {
            #[cfg(feature = "opus")]
            Self::Opus(_) => Some(opus.fmtp(self.sample_rate()).into()),
            _ => {
                let _ = opus;
                None
            }
        }
    }

    /// Whether both are the same encoding on the wire.
    #[must_use]
    pub fn is_same_encoding(self, other: Self) -> bool {
        self.name() == other.name() && self.clock_rate_hz() == other.clock_rate_hz()
    }

    /// The payload type that RFC 3551 table 4 gives the codec.
    #[must_use]
    pub const fn static_payload_type(self) -> Option<u8> {
        match self {
            Self::Pcmu => Some(0),
            Self::Pcma => Some(8),
            Self::G722 => Some(9),
            Self::L16(_) => None,
            #[cfg(feature = "opus")]
            Self::Opus(_) => None,
        }
    }

    /// The codec that RFC 3551 table 4 gives this payload type.
    #[must_use]
    pub fn from_static_payload_type(payload_type: u8) -> Option<Self> {
        [Self::Pcmu, Self::Pcma, Self::G722]
            .into_iter()
            .find(|codec| codec.static_payload_type() == Some(payload_type))
    }

    /// The RTP clock rate in Hz, which `a=rtpmap` gives; it is not that of the sound for every codec.
    #[must_use]
    pub const fn clock_rate_hz(self) -> u32 {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 => 8_000,
            Self::L16(rate) => rate.hz(),
            #[cfg(feature = "opus")]
            Self::Opus(_) => 48_000,
        }
    }

    /// The channels that `a=rtpmap` gives; the sound itself is of one channel.
    #[must_use]
    pub const fn channels(self) -> u8 {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 | Self::L16(_) => 1,
            #[cfg(feature = "opus")]
            Self::Opus(_) => 2,
        }
    }

    /// The sampling rate of the sound.
    #[must_use]
    pub const fn sample_rate(self) -> SampleRate {
        match self {
            Self::Pcmu | Self::Pcma => SampleRate::Hz8000,
            Self::G722 => SampleRate::Hz16000,
            Self::L16(rate) => rate,
            #[cfg(feature = "opus")]
            Self::Opus(SampleRate::Hz32000) => SampleRate::Hz24000,
            #[cfg(feature = "opus")]
            Self::Opus(rate) => rate,
        }
    }

    /// The sampling rate of the sound in Hz.
    #[must_use]
    pub const fn sample_rate_hz(self) -> u32 {
        self.sample_rate().hz()
    }

    /// The samples of a frame of 20 ms.
    #[must_use]
    pub const fn frame_samples(self) -> usize {
        self.sample_rate_hz() as usize / 50
    }

    /// Whether a payload may be cut between any two samples, and payloads may be joined (RFC 3551 section 4.3).
    #[must_use]
    pub const fn is_sample_based(self) -> bool {
        match self {
            Self::Pcmu | Self::Pcma | Self::G722 | Self::L16(_) => true,
            #[cfg(feature = "opus")]
            Self::Opus(_) => false,
        }
    }

    /// The samples in a payload, 0 when it is malformed.
    #[must_use]
    pub const fn packet_samples(self, payload: &[u8]) -> usize {
        match self {
            Self::Pcmu | Self::Pcma => payload.len(),
            Self::G722 => payload.len() * 2,
            Self::L16(_) => payload.len() / 2,
            #[cfg(feature = "opus")]
            Self::Opus(_) => opus::samples(payload, self.sample_rate()),
        }
    }

    /// Whether a payload repeats the one before it, for [`Decoder::recover`].
    pub(crate) fn repeats(self, payload: &[u8]) -> bool {
        match self {
            #[cfg(feature = "opus")]
            Self::Opus(_) => opus::repeats(payload),
            _ => {
                let _ = payload;
                false
            }
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
        for (name, codec, number) in [
            ("pcmu", Codec::Pcmu, Some(0)),
            ("PCMA/8000", Codec::Pcma, Some(8)),
            ("g722", Codec::G722, Some(9)),
            ("L16/8000", Codec::L16(SampleRate::Hz8000), None),
            ("l16/32000", Codec::L16(SampleRate::Hz32000), None),
        ] {
            assert_eq!(Codec::from_name(name), Some(codec), "{name}");
            assert_eq!(codec.static_payload_type(), number, "{name}");
            let known = number.and_then(Codec::from_static_payload_type);
            assert_eq!(known, number.map(|_| codec), "{name}");
        }
        for name in [
            "GSM",
            "L16",
            "L16/48000",
            "L16/11025",
            "G722/16000",
            "PCMU/",
            "",
        ] {
            assert_eq!(Codec::from_name(name), None, "{name}");
        }
        assert_eq!(Codec::from_rtpmap("PCMU", 8_000, 2), None);
        assert_eq!(Codec::from_static_payload_type(3), None);
    }

    /// RFC 3551 section 4.5.11: network byte order.
    #[test]
    fn l16_is_the_samples_themselves() {
        let codec = Codec::L16(SampleRate::Hz16000);
        let (mut payload, mut samples) = (Vec::new(), Vec::new());
        Encoder::new(codec).encode(&[1, -2, 0x1234, i16::MIN], &mut payload);
        assert_eq!(payload, [0, 1, 0xFF, 0xFE, 0x12, 0x34, 0x80, 0]);
        payload.push(7);
        Decoder::new(codec).decode(&payload, &mut samples);
        assert_eq!(samples, [1, -2, 0x1234, i16::MIN]);
        assert_eq!(codec.packet_samples(&payload), 4);
    }
}
