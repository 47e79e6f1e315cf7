//! The algorithms and qualities of protection a challenge may name (RFC 7616 section 3.3, RFC 8760 section 2.1).

use std::fmt::Write;

use md5::Md5;
use sha2::{Digest, Sha256, Sha512_256};

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashFunction {
    /// MD5; for peers that know nothing better.
    Md5,
    /// SHA-256.
    Sha256,
    /// SHA-512/256 of FIPS 180-4: SHA-512 with initial values of its own, cut to 256 bits.
    Sha512_256,
}

impl HashFunction {
    /// Digits of a hash in hexadecimal.
    pub fn digits(self) -> usize {
        match self {
            HashFunction::Md5 => 32,
            HashFunction::Sha256 | HashFunction::Sha512_256 => 64,
        }
    }

    /// The hash of the parts with colons between, in hexadecimal.
    pub(super) fn of(self, parts: &[&[u8]]) -> String {
        match self {
            HashFunction::Md5 => hash::<Md5>(parts),
            HashFunction::Sha256 => hash::<Sha256>(parts),
            HashFunction::Sha512_256 => hash::<Sha512_256>(parts),
        }
    }
}

fn hash<H: Digest>(parts: &[&[u8]]) -> String {
    let mut hash = H::new();
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            hash.update(b":");
        }
        hash.update(part);
    }
    hex(&hash.finalize())
}

/// The octets in hexadecimal.
pub(super) fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut digits, octet| {
        // Writing into a string cannot fail.
        let _ = write!(digits, "{octet:02x}");
        digits
    })
}

/// A hash function and whether its first use makes a key for the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// `MD5`.
    Md5,
    /// `MD5-sess`.
    Md5Sess,
    /// `SHA-256`.
    Sha256,
    /// `SHA-256-sess`.
    Sha256Sess,
    /// `SHA-512-256`.
    Sha512_256,
    /// `SHA-512-256-sess`.
    Sha512_256Sess,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Algorithm; 6] = [
        Algorithm::Sha512_256,
        Algorithm::Sha512_256Sess,
        Algorithm::Sha256,
        Algorithm::Sha256Sess,
        Algorithm::Md5,
        Algorithm::Md5Sess,
    ];

    /// The algorithm of a challenge or of credentials; without a name it is MD5. `None` for a name that is not known.
    pub fn named(name: Option<&str>) -> Option<Algorithm> {
        let Some(name) = name else {
            return Some(Algorithm::Md5);
        };
        let mut all = Algorithm::ALL.into_iter();
        all.find(|algorithm| algorithm.as_str().eq_ignore_ascii_case(name))
    }

    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Algorithm::Md5 => "MD5",
            Algorithm::Md5Sess => "MD5-sess",
            Algorithm::Sha256 => "SHA-256",
            Algorithm::Sha256Sess => "SHA-256-sess",
            Algorithm::Sha512_256 => "SHA-512-256",
            Algorithm::Sha512_256Sess => "SHA-512-256-sess",
        }
    }

    /// The hash function.
    pub fn hash_function(self) -> HashFunction {
        match self {
            Algorithm::Md5 | Algorithm::Md5Sess => HashFunction::Md5,
            Algorithm::Sha256 | Algorithm::Sha256Sess => HashFunction::Sha256,
            Algorithm::Sha512_256 | Algorithm::Sha512_256Sess => HashFunction::Sha512_256,
        }
    }

    /// Whether nonce and client nonce go into the key.
    pub fn is_session(self) -> bool {
        matches!(
            self,
            Algorithm::Md5Sess | Algorithm::Sha256Sess | Algorithm::Sha512_256Sess
        )
    }
}

/// What the response protects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Qop {
    /// `auth`: method and URI.
    Auth,
    /// `auth-int`: the body as well.
    AuthInt,
}

impl Qop {
    /// The quality of this name.
    pub fn named(name: &str) -> Option<Qop> {
        let mut all = [Qop::Auth, Qop::AuthInt].into_iter();
        all.find(|qop| qop.as_str().eq_ignore_ascii_case(name))
    }

    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Qop::Auth => "auth",
            Qop::AuthInt => "auth-int",
        }
    }
}
