//! The users of a realm that this side guards, and what proves who they are (RFC 3261 section 22.4).

use std::collections::HashMap;
use std::fmt;

use rvoip_transaction_core::sip_core::digest::{Ha1, HashFunction};

/// Where the secrets of users come from.
///
/// It is asked on the shard for every request with credentials and must not wait. A database is asked ahead: keep what it
/// says in memory, and let an unknown user be refused until it has said something. An attempt that came too early is made
/// again by the user's phone, as any that was challenged.
pub trait CredentialStore: Send + Sync {
    /// `H(user:realm:password)` by this hash function; `None` for a user that does not exist, or whose hash by this function
    /// is not known.
    fn ha1(&self, user: &str, realm: &str, hash: HashFunction) -> Option<Ha1>;
}

/// Users with their passwords, in memory.
#[derive(Clone, Default)]
pub struct MemoryCredentials {
    passwords: HashMap<String, String>,
}

impl MemoryCredentials {
    /// No users.
    pub fn new() -> MemoryCredentials {
        MemoryCredentials::default()
    }

    /// With one more user.
    #[must_use]
    pub fn with_user(mut self, user: &str, password: &str) -> MemoryCredentials {
        self.passwords.insert(user.to_owned(), password.to_owned());
        self
    }
}

impl CredentialStore for MemoryCredentials {
    fn ha1(&self, user: &str, realm: &str, hash: HashFunction) -> Option<Ha1> {
        let password = self.passwords.get(user)?;
        Some(Ha1::new(hash, user, realm, password))
    }
}

impl fmt::Debug for MemoryCredentials {
    /// Without users and passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryCredentials({})", self.passwords.len())
    }
}
