//! What this side proves to those whose credentials it has taken, and the nonce it wants next (RFC 7616 section 3.5).

use std::time::{Duration, Instant};

use rand::Rng;
use rand::rngs::StdRng;
use rvoip_transaction_core::sip_core::digest::{self, Ha1, Secret};
use rvoip_transaction_core::sip_core::header::{AuthenticationInfo, Credentials};

use super::Gatekeeper;

/// What a 2xx to a request with the right credentials may prove in turn.
#[derive(Debug)]
pub(crate) struct Proof {
    pub(super) credentials: Credentials,
    pub(super) ha1: Ha1,
    pub(super) made_at: Duration,
}

impl Gatekeeper {
    /// What a 2xx with this body tells of this side.
    pub(crate) fn confirm(
        &mut self,
        now: Instant,
        proof: &Proof,
        body: &[u8],
        rng: &mut StdRng,
    ) -> Option<AuthenticationInfo> {
        let now = self.elapsed(now);
        let is_ageing = now.saturating_sub(proof.made_at) > self.realm.nonce_lifetime / 2;
        let next = is_ageing.then(|| self.mint.make(&self.realm.name, now, rng.next_u32()));
        let (credentials, secret) = (&proof.credentials, Secret::Ha1(&proof.ha1));
        let user = credentials.username()?;
        digest::confirm(credentials, &user, &secret, body, next.as_deref()).ok()
    }
}
