//! What proves who a user is: the password, or a hash of it (`H(A1)`, RFC 7616 section 3.4.2).

use std::borrow::Cow;
use std::fmt;

use super::{DigestError, HashFunction};

/// `H(username:realm:password)`: what a server stores in the place of the password. Good for one realm and one hash
/// function.
#[derive(Clone, PartialEq, Eq)]
pub struct Ha1 {
    hash: HashFunction,
    digits: String,
}

impl Ha1 {
    /// Out of a password.
    pub fn new(hash: HashFunction, username: &str, realm: &str, password: &str) -> Ha1 {
        let parts = [username, realm, password].map(str::as_bytes);
        Ha1 {
            hash,
            digits: hash.of(&parts),
        }
    }

    /// As it is stored, in hexadecimal; `None` when these are not the digits of such a hash.
    pub fn from_hex(hash: HashFunction, digits: &str) -> Option<Ha1> {
        let plain = digits.bytes().all(|octet| octet.is_ascii_hexdigit());
        (plain && digits.len() == hash.digits()).then(|| Ha1 {
            hash,
            digits: digits.to_ascii_lowercase(),
        })
    }

    /// The hash function.
    pub fn hash_function(&self) -> HashFunction {
        self.hash
    }

    /// In hexadecimal, to be stored.
    pub fn as_hex(&self) -> &str {
        &self.digits
    }
}

impl fmt::Debug for Ha1 {
    /// Without the hash: whoever has it needs no password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ha1({:?})", self.hash)
    }
}

/// What proves who a user is.
#[derive(Clone, Copy)]
pub enum Secret<'a> {
    /// The password.
    Password(&'a str),
    /// Its hash, for one realm and one hash function.
    Ha1(&'a Ha1),
}

impl<'a> Secret<'a> {
    /// Whether the secret can be used with the hash function.
    pub(super) fn fits(&self, hash: HashFunction) -> bool {
        match self {
            Secret::Password(_) => true,
            Secret::Ha1(ha1) => ha1.hash == hash,
        }
    }

    /// The digits of `H(A1)`, before a session is made of it.
    pub(super) fn ha1(
        &self,
        hash: HashFunction,
        username: &str,
        realm: &str,
    ) -> Result<Cow<'a, str>, DigestError> {
        match *self {
            Secret::Password(password) => {
                Ok(Ha1::new(hash, username, realm, password).digits.into())
            }
            Secret::Ha1(ha1) if ha1.hash == hash => Ok((&*ha1.digits).into()),
            Secret::Ha1(_) => Err(DigestError::OtherHash),
        }
    }
}

impl fmt::Debug for Secret<'_> {
    /// Without the secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Secret::Password(_) => "Secret::Password",
            Secret::Ha1(_) => "Secret::Ha1",
        })
    }
}

/// The user name as a client hides it from others on the way: `H(username:realm)` in hexadecimal (RFC 7616 section 3.4.4).
pub fn userhash(hash: HashFunction, username: &str, realm: &str) -> String {
    hash.of(&[username, realm].map(str::as_bytes))
}
