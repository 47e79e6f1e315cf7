//! `a=crypto`: the suite and key of one direction (SDP security descriptions, RFC 4568).

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::number;
use crate::rtp_core::srtp::{SrtpKey, SrtpSuite};

/// Padding may be left out, as some phones do.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// Room for a value of the longest suite.
const USUAL_OCTETS: usize = 112;
/// The longest master key identifier (RFC 4568 section 6.1).
const MAX_MKI_OCTETS: usize = 128;

/// An `a=crypto` value (RFC 4568 section 9.1): a choice of the offerer, or the one that the answerer made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crypto {
    /// Names the choice in the answer.
    pub tag: u32,
    /// The key of the writer's packets.
    pub key: SrtpKey,
}

impl Crypto {
    /// Reads a value of a suite that we know, with one key and no session parameter that would change how packets look
    /// (RFC 4568 section 6.3); `None` otherwise.
    ///
    /// The lifetime binds the one who sends under the key, and is not kept.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let mut words = value.split_ascii_whitespace();
        let tag = words.next()?;
        let digits = tag.len() <= 9 && tag.bytes().all(|octet| octet.is_ascii_digit());
        let tag = tag.parse().ok().filter(|_| digits)?;
        let suite = SrtpSuite::from_name(words.next()?)?;
        let key = key(suite, words.next()?)?;
        words.all(is_harmless).then_some(Self { tag, key })
    }

    /// The name of the suite in a value, known or not.
    #[must_use]
    pub fn suite_name(value: &str) -> Option<&str> {
        value.split_ascii_whitespace().nth(1)
    }

    /// The value as it is written: without lifetime, which means the longest, and without identifier.
    #[must_use]
    pub fn to_value(&self) -> String {
        let mut value = String::with_capacity(USUAL_OCTETS);
        number(&mut value, self.tag);
        value.push(' ');
        value.push_str(self.key.suite().name());
        value.push_str(" inline:");
        BASE64.encode_string([self.key.key(), self.key.salt()].concat(), &mut value);
        value
    }
}

/// `inline:` and the key, perhaps followed by lifetime and identifier, each behind a bar.
fn key(suite: SrtpSuite, parameters: &str) -> Option<SrtpKey> {
    let (method, rest) = parameters.split_once(':')?;
    if !method.eq_ignore_ascii_case("inline") || rest.contains(';') {
        return None;
    }
    let mut parts = rest.split('|');
    let octets = BASE64.decode(parts.next()?).ok()?;
    let key = SrtpKey::new(suite, &octets)?;
    match parts.find(|part| part.contains(':')) {
        Some(identifier) => Some(key.with_mki(&mki(identifier)?)),
        None => Some(key),
    }
}

/// `value:length`: a number, written into so many octets.
fn mki(text: &str) -> Option<Vec<u8>> {
    let (value, octets) = text.split_once(':')?;
    let value: u128 = value.parse().ok()?;
    let octets: usize = octets.parse().ok()?;
    let fits = octets >= 16 || value >> (8 * octets) == 0;
    if octets == 0 || octets > MAX_MKI_OCTETS || !fits {
        return None;
    }
    let mut mki = vec![0; octets.saturating_sub(16)];
    let value = value.to_be_bytes();
    mki.extend_from_slice(&value[value.len() - octets.min(16)..]);
    Some(mki)
}

/// Whether a session parameter may be passed over: it changes nothing, or says that it may.
fn is_harmless(parameter: &str) -> bool {
    let is = |name: &str| {
        let beginning = parameter.get(..name.len());
        beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(name))
    };
    parameter.starts_with('-') || is("WSH=") || parameter.eq_ignore_ascii_case("KDR=0")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 4568 section 10.1 and its parts.
    const KEY: &str = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";

    fn parse(text: &str) -> Option<Crypto> {
        Crypto::parse(&text.replace("KEY", KEY))
    }

    #[test]
    fn the_examples_of_rfc_4568_are_read() {
        let crypto = parse("1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^20|1:32").unwrap();
        assert_eq!(crypto.tag, 1);
        assert_eq!(crypto.key.suite(), SrtpSuite::AesCm128HmacSha1_80);
        assert_eq!(crypto.key.key(), b"wDfvg&T+)xG7@fb5");
        assert_eq!(crypto.key.salt(), b"jU,RaA}\\|p0%*#");
        let mut mki = [0; 32];
        mki[31] = 1;
        assert_eq!(crypto.key.mki(), mki);
        for harmless in [
            "1 AES_CM_128_HMAC_SHA1_80 inline:KEY",
            "001 aes_cm_128_hmac_sha1_80 INLINE:KEY|2^20",
            "1 AES_CM_128_HMAC_SHA1_80 inline:KEY|1048576 KDR=0 WSH=64 -LATER=1",
            "1  AES_CM_128_HMAC_SHA1_80  inline:KEY ",
        ] {
            let read = parse(harmless).unwrap();
            assert_eq!((read.tag, read.key.mki().len()), (1, 0), "{harmless}");
            assert_eq!(read.key.key(), crypto.key.key());
        }
        let short = parse("2 AES_CM_128_HMAC_SHA1_32 inline:KEY|2^20|66:4").unwrap();
        assert_eq!(short.key.mki(), [0, 0, 0, 66]);
    }

    #[test]
    fn what_would_change_the_packets_is_not_taken() {
        for refused in [
            "",
            "1",
            "x AES_CM_128_HMAC_SHA1_80 inline:KEY",
            "-1 AES_CM_128_HMAC_SHA1_80 inline:KEY",
            "1234567890 AES_CM_128_HMAC_SHA1_80 inline:KEY",
            "1 F8_128_HMAC_SHA1_80 inline:KEY",
            "1 AEAD_AES_128_GCM inline:KEY",
            "1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpV",
            "1 AES_CM_128_HMAC_SHA1_80 inline:!!!!",
            "1 AES_CM_128_HMAC_SHA1_80 uri:KEY",
            "1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^20|1:4;inline:KEY|2^20|2:4",
            "1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^20|256:1",
            "1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^20|1:129",
            "1 AES_CM_128_HMAC_SHA1_80 inline:KEY|2^20|1:0",
            "1 AES_CM_128_HMAC_SHA1_80 inline:KEY UNENCRYPTED_SRTP",
            "1 AES_CM_128_HMAC_SHA1_80 inline:KEY UNENCRYPTED_SRTCP",
            "1 AES_CM_128_HMAC_SHA1_80 inline:KEY UNAUTHENTICATED_SRTP",
            "1 AES_CM_128_HMAC_SHA1_80 inline:KEY KDR=4",
            "1 AES_CM_128_HMAC_SHA1_80 inline:KEY FEC_ORDER=FEC_SRTP",
            "1 AES_CM_128_HMAC_SHA1_80 inline:KEY LATER=1",
        ] {
            assert_eq!(parse(refused), None, "{refused}");
        }
        assert_eq!(Crypto::suite_name("1 F8_128 inline:x"), Some("F8_128"));
    }

    #[test]
    fn padding_is_written_and_need_not_be_there() {
        // 28, 44 and 46 octets end inside a group of three.
        for suite in SrtpSuite::ALL {
            let octets: Vec<u8> = (0..)
                .take(suite.key_octets() + suite.salt_octets())
                .collect();
            let key = SrtpKey::new(suite, &octets).unwrap();
            let crypto = Crypto { tag: 7, key };
            let value = crypto.to_value();
            assert_eq!(
                value.len() % 4,
                (" inline:".len() + 2 + suite.name().len()) % 4
            );
            assert_eq!(Crypto::parse(&value).as_ref(), Some(&crypto));
            assert_eq!(Crypto::parse(value.trim_end_matches('=')), Some(crypto));
        }
    }
}
