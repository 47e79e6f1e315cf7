//! The users of a realm that this side guards, and what proves who they are (RFC 3261 section 22.4).

use std::collections::HashMap;
use std::fmt;

use rvoip_transaction_core::ServerKey;
use rvoip_transaction_core::sip_core::digest::{Ha1, HashFunction};

/// What a store says about a user.
#[derive(Clone, Debug)]
pub enum Lookup {
    /// `H(user:realm:password)`.
    Found(Ha1),
    /// There is no such user, or his hash by this function is not known.
    Unknown,
    /// It has to be looked for. The request waits, others go on; a
    /// [`SecretWanted`](crate::SessionCoordinationEvent::SecretWanted) event asks for
    /// [`answer_secret`](crate::DialogManager::answer_secret).
    Pending,
}

impl From<Option<Ha1>> for Lookup {
    fn from(found: Option<Ha1>) -> Lookup {
        found.map_or(Lookup::Unknown, Lookup::Found)
    }
}

/// Where the secrets of users come from.
///
/// It is asked on the shard for every request with credentials and must not wait: what is not at hand is
/// [`Lookup::Pending`].
pub trait CredentialStore: Send + Sync {
    /// The hash of a user's secret by this hash function.
    fn ha1(&self, user: &str, realm: &str, hash: HashFunction) -> Lookup;
}

/// Whose secret a request waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretQuery {
    /// The user, as the credentials name him.
    pub user: String,
    /// The realm.
    pub realm: String,
    /// By which hash function.
    pub hash: HashFunction,
}

/// A request of a peer that waits for the secret of its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SecretKey(pub(crate) ServerKey);

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
    fn ha1(&self, user: &str, realm: &str, hash: HashFunction) -> Lookup {
        let password = self.passwords.get(user);
        let hashed = password.map(|password| Ha1::new(hash, user, realm, password));
        hashed.into()
    }
}

impl fmt::Debug for MemoryCredentials {
    /// Without users and passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryCredentials({})", self.passwords.len())
    }
}
