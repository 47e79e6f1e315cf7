//! Who this side is to others, whom it asks who they are, and which requests the application answers.

use std::sync::Arc;

use rvoip_dialog_core::sip_core::Method;
use rvoip_dialog_core::{Account, CredentialStore, Realm};

use super::SessionManagerBuilder;
use crate::AsyncCredentialStore;
use crate::secrets::NothingAtHand;

impl SessionManagerBuilder {
    /// Answers challenges with this account, for requests of every method. May be called several times; of several accounts
    /// that are for a server, the one of the sender is taken, else the first.
    pub fn with_account(mut self, account: Account) -> Self {
        self.config.accounts.push(account);
        self
    }

    /// Asks peers for credentials of this realm: for all requests outside dialogs.
    pub fn with_credential_store(self, realm: &str, store: Arc<dyn CredentialStore>) -> Self {
        self.with_realm(Realm::new(realm, store))
    }

    /// Asks peers for credentials of this realm, for all requests outside dialogs; their secrets are looked up where that takes
    /// time.
    pub fn with_async_credential_store(
        self,
        realm: &str,
        store: Arc<dyn AsyncCredentialStore>,
    ) -> Self {
        self.with_credential_store(realm, Arc::new(NothingAtHand))
            .with_secrets(store)
    }

    /// Looks up the secrets that the realm's store says are [pending](rvoip_dialog_core::Lookup::Pending).
    pub fn with_secrets(mut self, store: Arc<dyn AsyncCredentialStore>) -> Self {
        self.config.secrets = Some(store);
        self
    }

    /// Asks peers for credentials, by rules of its own.
    pub fn with_realm(mut self, realm: Realm) -> Self {
        self.config.realm = Some(realm);
        self
    }

    /// Hands requests of these methods to [`on_request`](crate::CallHandler::on_request): OPTIONS, INFO, MESSAGE, PUBLISH
    /// and such as this stack does not know; others are passed over. Without it they are answered 405.
    pub fn with_methods(mut self, methods: impl IntoIterator<Item = Method>) -> Self {
        self.config.methods.extend(methods);
        self
    }
}
