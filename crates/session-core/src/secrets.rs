//! Secrets of users that are looked up where that takes time: in a database, at another server.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rvoip_dialog_core::sip_core::digest::{Ha1, HashFunction};
use rvoip_dialog_core::{CredentialStore, Lookup, SecretKey, SecretQuery};

use crate::SessionManagerConfig;
use crate::switchboard::Switchboard;

/// Where the secrets of users come from when they are not at hand.
///
/// Each request is asked about in a task of its own: its own request waits, for 5 s at most unless the
/// [realm](crate::Realm::lookup_timeout) says otherwise, and no other.
#[async_trait]
pub trait AsyncCredentialStore: fmt::Debug + Send + Sync {
    /// `H(user:realm:password)` by this hash function; `None` for a user that does not exist, or whose hash by this function
    /// is not known.
    async fn ha1(&self, user: &str, realm: &str, hash: HashFunction) -> Option<Ha1>;
}

/// A store that has nothing at hand.
#[derive(Debug)]
pub(crate) struct NothingAtHand;

impl CredentialStore for NothingAtHand {
    fn ha1(&self, _user: &str, _realm: &str, _hash: HashFunction) -> Lookup {
        Lookup::Pending
    }
}

/// The store, and how long a look-up is of use.
#[derive(Debug)]
pub(crate) struct Secrets {
    pub(crate) store: Arc<dyn AsyncCredentialStore>,
    pub(crate) patience: Duration,
}

impl Secrets {
    /// The store of a coordinator, if it has one.
    pub(crate) fn of(config: &SessionManagerConfig) -> Option<Secrets> {
        let (store, realm) = (config.secrets.clone()?, config.realm.as_ref()?);
        Some(Secrets {
            store,
            patience: realm.lookup_timeout,
        })
    }
}

/// Looks up a secret and brings it to the request that waits.
pub(crate) fn look_up(switchboard: &Arc<Switchboard>, key: SecretKey, query: SecretQuery) {
    let switchboard = Arc::clone(switchboard);
    switchboard.clone().spawn(async move {
        let Some(Secrets { store, patience }) = &switchboard.secrets else {
            return;
        };
        let SecretQuery { user, realm, hash } = &query;
        let found = tokio::time::timeout(*patience, store.ha1(user, realm, *hash));
        if let Ok(secret) = found.await {
            // Nobody waits for it when the shard is closed.
            let _ = switchboard
                .post(move |core, now| core.answer_secret(now, key, secret))
                .await;
        }
    });
}
