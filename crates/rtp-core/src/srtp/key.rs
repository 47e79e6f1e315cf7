//! Master keys and the session keys that are derived from them (RFC 3711 section 4.3).

use std::fmt;

use aes::Aes128Enc;
use aes::Aes256Enc;
use aes::cipher::KeyInit;
use rand::CryptoRng;

use super::SrtpSuite;
use super::transform::keystream;

const MAX_KEY_OCTETS: usize = 32;
const SALT_OCTETS: usize = 14;

/// A master key with its salt: what the sender of one direction tells the receiver.
#[derive(Clone, PartialEq, Eq)]
pub struct SrtpKey {
    suite: SrtpSuite,
    key: [u8; MAX_KEY_OCTETS],
    /// A shorter salt is followed by zeros (RFC 7714 section 11).
    salt: [u8; SALT_OCTETS],
    mki: Box<[u8]>,
}

/// The keys of both directions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SrtpKeys {
    /// Ours, which protects what we send.
    pub send: SrtpKey,
    /// The peer's, which protects what we receive.
    pub receive: SrtpKey,
}

/// What a session key is for (RFC 3711 section 4.3.2); RTCP's are three more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Encryption = 0,
    Authentication = 1,
    Salt = 2,
}

/// Which of the two protocols a session key serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Rtp = 0,
    Rtcp = 3,
}

impl SrtpKey {
    /// The key and then the salt, as they stand in an SDP crypto attribute; `None` when there are not as many octets as the
    /// suite needs.
    #[must_use]
    pub fn new(suite: SrtpSuite, key_and_salt: &[u8]) -> Option<Self> {
        let (octets, rest) = key_and_salt.split_at_checked(suite.key_octets())?;
        if rest.len() != suite.salt_octets() {
            return None;
        }
        let (mut key, mut salt) = ([0; MAX_KEY_OCTETS], [0; SALT_OCTETS]);
        key[..octets.len()].copy_from_slice(octets);
        salt[..rest.len()].copy_from_slice(rest);
        Some(Self {
            suite,
            key,
            salt,
            mki: Box::default(),
        })
    }

    /// A new key.
    pub fn generate(suite: SrtpSuite, rng: &mut impl CryptoRng) -> Self {
        let (mut key, mut salt) = ([0; MAX_KEY_OCTETS], [0; SALT_OCTETS]);
        rng.fill_bytes(&mut key[..suite.key_octets()]);
        rng.fill_bytes(&mut salt[..suite.salt_octets()]);
        Self {
            suite,
            key,
            salt,
            mki: Box::default(),
        }
    }

    /// The same key, announced under a master key identifier that stands in every packet (RFC 3711 section 3.1).
    #[must_use]
    pub fn with_mki(mut self, mki: &[u8]) -> Self {
        self.mki = mki.into();
        self
    }

    /// How it is used.
    #[must_use]
    pub fn suite(&self) -> SrtpSuite {
        self.suite
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        &self.key[..self.suite.key_octets()]
    }

    /// The salt.
    #[must_use]
    pub fn salt(&self) -> &[u8] {
        &self.salt[..self.suite.salt_octets()]
    }

    /// The identifier in every packet; empty when there is none.
    #[must_use]
    pub fn mki(&self) -> &[u8] {
        &self.mki
    }

    /// Fills `out` with a session key. The key derivation rate is 0: each is derived once.
    pub(super) fn derive(&self, protocol: Protocol, purpose: Purpose, out: &mut [u8]) {
        let mut iv = [0; 16];
        iv[..SALT_OCTETS].copy_from_slice(&self.salt);
        iv[7] ^= protocol as u8 + purpose as u8;
        out.fill(0);
        let key = self.key();
        if let Ok(cipher) = Aes128Enc::new_from_slice(key) {
            keystream(&cipher, &iv, out);
        } else if let Ok(cipher) = Aes256Enc::new_from_slice(key) {
            keystream(&cipher, &iv, out);
        }
    }
}

impl fmt::Debug for SrtpKey {
    /// Tells the suite; the key is nobody's business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SrtpKey")
            .field("suite", &self.suite)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::hex;
    use super::*;

    /// Checks the three session keys of one protocol.
    fn derives(suite: SrtpSuite, master: &str, protocol: Protocol, expected: [&str; 3]) {
        let key = SrtpKey::new(suite, &hex(master)).unwrap();
        let purposes = [Purpose::Encryption, Purpose::Authentication, Purpose::Salt];
        for (purpose, expected) in purposes.into_iter().zip(expected) {
            let expected = hex(expected);
            let mut derived = vec![0x55; expected.len()];
            key.derive(protocol, purpose, &mut derived);
            assert_eq!(derived, expected, "{suite:?} {protocol:?} {purpose:?}");
        }
    }

    #[test]
    fn session_keys_of_rfc_3711_b_3() {
        derives(
            SrtpSuite::AesCm128HmacSha1_80,
            "E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6",
            Protocol::Rtp,
            [
                "C61E7A93744F39EE10734AFE3FF7A087",
                "CEBE321F6FF7716B6FD4AB49AF256A156D38BAA48F0A0ACF3C34E2359E6CDBCE
                 E049646C43D9327AD175578EF72270986371C10C9A369AC2F94A8C5FBCDDDC25
                 6D6E919A48B610EF17C2041E474035766B68642C59BBFC2F34DB60DBDFB2",
                "30CBBC08863D8C85D49DB34A9AE1",
            ],
        );
    }

    /// The same master key with the labels 3, 4 and 5; the values come from OpenSSL: `openssl enc -aes-128-ctr` over zeros
    /// with the salt and the label as the initial counter.
    #[test]
    fn session_keys_of_srtcp() {
        derives(
            SrtpSuite::AesCm128HmacSha1_80,
            "E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6",
            Protocol::Rtcp,
            [
                "4C1AA45A81F73D61C800BBB00FBB1EAA",
                "8D54534FEB49AE8E7993A6BD0B844FC323A93DFD",
                "9581C7AD87B3E530BF3E4454A8B3",
            ],
        );
    }

    #[test]
    fn session_keys_of_rfc_6188_7_2() {
        derives(
            SrtpSuite::AesCm256HmacSha1_80,
            "F0F04914B513F2763A1B1FA130F10E2998F6F6E43E4309D1E622A0E332B9F1B6
             3B04803DE51EE7C96423AB5B78D2",
            Protocol::Rtp,
            [
                "5BA1064E30EC51613CAD926C5A28EF731EC7FB397F70A960653CAF06554CD8C4",
                "FD9C32D39ED5FBB5A9DC96B30818454D1313DC05",
                "FA31791685CA444A9E07C6C64E93",
            ],
        );
    }

    #[test]
    fn a_key_has_the_length_of_its_suite_and_is_not_shown() {
        for suite in SrtpSuite::ALL {
            let octets = suite.key_octets() + suite.salt_octets();
            let key = SrtpKey::new(suite, &vec![0xab; octets]).unwrap();
            assert_eq!(key.key().len() + key.salt().len(), octets);
            assert_eq!(SrtpKey::new(suite, &vec![0; octets - 1]), None);
            assert_eq!(SrtpKey::new(suite, &vec![0; octets + 1]), None);
            let shown = format!("{key:?}");
            assert!(!shown.contains("171") && !shown.contains("ab, "), "{shown}");
        }
    }
}
