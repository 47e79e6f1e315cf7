//! Tokens in the place of passwords, as this side takes them from peers (RFC 8898).

use std::fmt;
use std::sync::Arc;

use rvoip_transaction_core::sip_core::header::{AuthParams, Challenge};

/// Tells whose a token is.
pub trait TokenVerifier: Send + Sync {
    /// The user that a token was given to, when it is good for this realm now. Asked on the shard, perhaps more than once for
    /// one request, and must not wait: a signature is checked, or what was learnt before is remembered.
    fn user(&self, token: &str, realm: &str) -> Option<String>;
}

/// Which tokens are taken, and where they are had.
#[derive(Clone)]
pub struct Bearer {
    /// Who tells whose they are.
    pub verifier: Arc<dyn TokenVerifier>,
    /// The `https` URI of the server that gives them.
    pub authorization_server: String,
    /// What they have to be good for.
    pub scope: Option<String>,
}

impl Bearer {
    /// The challenge that asks for a token, after a false one with the reason.
    pub(crate) fn challenge(&self, realm: &str, was_refused: bool) -> Challenge {
        let mut params = AuthParams::new()
            .with("realm", realm)
            .with("authz_server", &self.authorization_server);
        if let Some(scope) = &self.scope {
            params = params.with("scope", scope);
        }
        if was_refused {
            params = params.with("error", "invalid_token");
        }
        Challenge::new("Bearer", params)
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bearer")
            .field("authorization_server", &self.authorization_server)
            .field("scope", &self.scope)
            .finish_non_exhaustive()
    }
}
