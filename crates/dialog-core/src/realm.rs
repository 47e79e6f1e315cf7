//! A realm that this side guards: what it asks for, of which requests, and how long a nonce is good (RFC 3261 section 22,
//! RFC 7616, RFC 8760).

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rvoip_transaction_core::sip_core::Method;
use rvoip_transaction_core::sip_core::digest::{Algorithm, Qop};

use crate::bearer::Bearer;
use crate::credential_store::CredentialStore;

/// Which requests have to prove who sends them. ACK and CANCEL never have to, as they cannot be sent again (RFC 3261 section
/// 22.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guarded {
    /// Those outside dialogs, whatever their method. Who knows the tags of a dialog has been asked at its beginning.
    OutsideDialogs,
    /// Those outside dialogs whose method is one of these.
    Methods(Vec<Method>),
    /// All of them, a BYE too.
    Everything,
}

/// A realm, its users and its rules.
#[derive(Clone)]
pub struct Realm {
    /// The name of the realm, usually the domain.
    pub name: String,
    /// Its users.
    pub store: Arc<dyn CredentialStore>,
    /// The algorithms that are offered, the best first. Credentials by another are refused.
    pub algorithms: Vec<Algorithm>,
    /// The qualities of protection that are offered. Without any there is no count of uses, and replays are only refused when
    /// the nonce is too old.
    pub qop: Vec<Qop>,
    /// How long a nonce is good; after that a request is challenged once more, with `stale=true`.
    pub nonce_lifetime: Duration,
    /// Nonces whose uses are counted at once; the oldest is stale when there are more.
    pub max_nonces: usize,
    /// Which requests are asked for credentials.
    pub guarded: Guarded,
    /// Tokens that are taken as well, over secure transports alone (RFC 8898).
    pub bearer: Option<Bearer>,
    /// Whether a 2xx proves that this side knows the secret too, and gives a new nonce before the present one is old
    /// (RFC 7616 section 3.5).
    pub confirms: bool,
    /// Requests that may wait for a secret at once; more are answered 503.
    pub max_lookups: usize,
    /// How long one waits before it is answered 503.
    pub lookup_timeout: Duration,
}

impl Realm {
    /// A realm that guards all requests outside dialogs: SHA-512-256, SHA-256 and MD5, `auth` and `auth-int`, nonces of
    /// five minutes.
    pub fn new(name: &str, store: Arc<dyn CredentialStore>) -> Realm {
        Realm {
            name: name.to_owned(),
            store,
            algorithms: vec![Algorithm::Sha512_256, Algorithm::Sha256, Algorithm::Md5],
            qop: vec![Qop::Auth, Qop::AuthInt],
            nonce_lifetime: Duration::from_secs(300),
            max_nonces: 100_000,
            guarded: Guarded::OutsideDialogs,
            bearer: None,
            confirms: true,
            max_lookups: 1_000,
            lookup_timeout: Duration::from_secs(5),
        }
    }

    /// Whether a request of this method has to bring credentials.
    pub(crate) fn guards(&self, method: &Method, in_dialog: bool) -> bool {
        if matches!(method, Method::Ack | Method::Cancel) {
            return false;
        }
        match &self.guarded {
            Guarded::OutsideDialogs => !in_dialog,
            Guarded::Methods(methods) => !in_dialog && methods.contains(method),
            Guarded::Everything => true,
        }
    }
}

impl fmt::Debug for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Realm")
            .field("name", &self.name)
            .field("algorithms", &self.algorithms)
            .field("guarded", &self.guarded)
            .finish_non_exhaustive()
    }
}
