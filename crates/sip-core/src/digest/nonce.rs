//! Nonces without state: a time and its authentication code (RFC 7616 section 3.3, section 5.4).

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::DigestError;
use super::algorithm::hex;

/// Digits of the time, of the salt, and of the authentication code.
const TIME_DIGITS: usize = 16;
const SALT_DIGITS: usize = 8;
const CODE_DIGITS: usize = 32;

/// Makes nonces and knows its own again.
///
/// A nonce is the time at which it was made, a salt, and the first 128 bits of an HMAC-SHA-256 over both and the realm:
/// whoever has the key can tell whether a nonce is one of these and how old it is, and nothing is kept for a challenge that
/// is never answered. Servers that share the key know each other's nonces.
#[derive(Clone)]
pub struct NonceMint {
    code: Hmac<Sha256>,
    lifetime: Duration,
}

/// What a nonce says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nonce {
    /// When it was made, from the same zero as the times that were handed in.
    pub made_at: Duration,
    /// The salt it was made with.
    pub salt: u32,
}

impl NonceMint {
    /// A mint with a secret key, whose nonces are good for so long. The key should be random and have 32 octets.
    pub fn new(key: &[u8; 32], lifetime: Duration) -> NonceMint {
        // HMAC fills a key up with zeros to the block of the hash.
        let mut block = [0; 64];
        block[..key.len()].copy_from_slice(key);
        NonceMint {
            code: Hmac::new(&block.into()),
            lifetime,
        }
    }

    /// How long a nonce is good.
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// A nonce for a realm. `now` is a time since a fixed zero, the same for all who share the key; the salt parts nonces of
    /// the same time and should be random.
    pub fn make(&self, realm: &str, now: Duration, salt: u32) -> String {
        // More milliseconds than fit have not passed since any zero.
        let time = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let mut nonce = format!("{time:0TIME_DIGITS$x}{salt:0SALT_DIGITS$x}");
        let code = hex(&self.code(realm, &nonce).finalize().into_bytes());
        nonce.push_str(&code[..CODE_DIGITS]);
        nonce
    }

    /// Reads a nonce that this mint, or one with the same key, has made for the realm.
    ///
    /// # Errors
    /// [`DigestError::ForeignNonce`] when it is none, [`DigestError::StaleNonce`] when it is older than its lifetime or
    /// comes from the future by as much.
    pub fn verify(&self, realm: &str, nonce: &str, now: Duration) -> Result<Nonce, DigestError> {
        let read = || {
            let (text, code) = nonce.split_at_checked(TIME_DIGITS + SALT_DIGITS)?;
            let code = unhex(code).filter(|code| code.len() * 2 == CODE_DIGITS)?;
            self.code(realm, text).verify_truncated_left(&code).ok()?;
            let (time, salt) = text.split_at(TIME_DIGITS);
            Some(Nonce {
                made_at: Duration::from_millis(u64::from_str_radix(time, 16).ok()?),
                salt: u32::from_str_radix(salt, 16).ok()?,
            })
        };
        let nonce = read().ok_or(DigestError::ForeignNonce)?;
        if now.abs_diff(nonce.made_at) > self.lifetime {
            return Err(DigestError::StaleNonce);
        }
        Ok(nonce)
    }

    fn code(&self, realm: &str, text: &str) -> Hmac<Sha256> {
        self.code
            .clone()
            .chain_update(text.as_bytes())
            .chain_update(realm.as_bytes())
    }
}

impl std::fmt::Debug for NonceMint {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut mint = f.debug_struct("NonceMint");
        mint.field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let digit = |octet: u8| char::from(octet).to_digit(16);
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| match *pair {
            [high, low] => Some((digit(high)? << 4 | digit(low)?) as u8),
            _ => None,
        })
        .collect()
}
