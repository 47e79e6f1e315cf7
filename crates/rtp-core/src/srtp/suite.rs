//! Crypto suites: cipher, tag and key lengths, and their names (RFC 4568 section 6.2, RFC 6188, RFC 7714).

/// How packets are encrypted and authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SrtpSuite {
    /// AES-128 in counter mode, 80-bit tag: what everybody speaks.
    AesCm128HmacSha1_80,
    /// AES-128 in counter mode, 32-bit tag on RTP and 80-bit tag on RTCP.
    AesCm128HmacSha1_32,
    /// AES-256 in counter mode, 80-bit tag.
    AesCm256HmacSha1_80,
    /// AES-256 in counter mode, 32-bit tag on RTP and 80-bit tag on RTCP.
    AesCm256HmacSha1_32,
    /// AES-128 in Galois/counter mode, 128-bit tag.
    AeadAes128Gcm,
    /// AES-256 in Galois/counter mode, 128-bit tag.
    AeadAes256Gcm,
}

impl SrtpSuite {
    /// Every suite, in the order in which they are liked best.
    pub const ALL: [Self; 6] = [
        Self::AesCm128HmacSha1_80,
        Self::AeadAes128Gcm,
        Self::AeadAes256Gcm,
        Self::AesCm256HmacSha1_80,
        Self::AesCm128HmacSha1_32,
        Self::AesCm256HmacSha1_32,
    ];

    /// The name in an SDP crypto attribute.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AesCm128HmacSha1_80 => "AES_CM_128_HMAC_SHA1_80",
            Self::AesCm128HmacSha1_32 => "AES_CM_128_HMAC_SHA1_32",
            Self::AesCm256HmacSha1_80 => "AES_256_CM_HMAC_SHA1_80",
            Self::AesCm256HmacSha1_32 => "AES_256_CM_HMAC_SHA1_32",
            Self::AeadAes128Gcm => "AEAD_AES_128_GCM",
            Self::AeadAes256Gcm => "AEAD_AES_256_GCM",
        }
    }

    /// The suite of this name, compared without regard to case. `AES_CM_256_...`, which some phones write for RFC 6188, is
    /// understood.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let draft = match name.to_ascii_uppercase().as_str() {
            "AES_CM_256_HMAC_SHA1_80" => Some(Self::AesCm256HmacSha1_80),
            "AES_CM_256_HMAC_SHA1_32" => Some(Self::AesCm256HmacSha1_32),
            _ => None,
        };
        let mut suites = Self::ALL.into_iter();
        draft.or_else(|| suites.find(|suite| suite.name().eq_ignore_ascii_case(name)))
    }

    /// The length of the master key.
    #[must_use]
    pub const fn key_octets(self) -> usize {
        match self {
            Self::AesCm128HmacSha1_80 | Self::AesCm128HmacSha1_32 | Self::AeadAes128Gcm => 16,
            Self::AesCm256HmacSha1_80 | Self::AesCm256HmacSha1_32 | Self::AeadAes256Gcm => 32,
        }
    }

    /// The length of the master salt.
    #[must_use]
    pub const fn salt_octets(self) -> usize {
        match self {
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 12,
            _ => 14,
        }
    }

    /// What a protected RTP packet is longer than the plain one.
    #[must_use]
    pub const fn rtp_tag_octets(self) -> usize {
        match self {
            Self::AesCm128HmacSha1_80 | Self::AesCm256HmacSha1_80 => 10,
            Self::AesCm128HmacSha1_32 | Self::AesCm256HmacSha1_32 => 4,
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 16,
        }
    }

    /// The length of the tag on RTCP.
    #[must_use]
    pub const fn rtcp_tag_octets(self) -> usize {
        match self {
            Self::AeadAes128Gcm | Self::AeadAes256Gcm => 16,
            _ => 10,
        }
    }
}
