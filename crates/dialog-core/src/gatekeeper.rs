//! Whether a request proves who sends it, and the challenge for one that does not (RFC 3261 section 22.4, RFC 7616 section
//! 3.4.6).

mod proof;
mod verification;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rand::Rng;
use rand::rngs::StdRng;
use rvoip_transaction_core::sip_core::digest::{
    self, ChallengeOffer, DigestError, NonceMint, NonceWindow,
};
use rvoip_transaction_core::sip_core::header::{Authorization, WwwAuthenticate};
use rvoip_transaction_core::sip_core::{Request, ResponseBuilder};

use crate::bearer::Bearer;
use crate::credential_store::{Lookup, SecretQuery};
use crate::realm::Realm;

pub(crate) use proof::Proof;

/// What a request lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lack {
    /// It has to bring credentials, or others: 401.
    Credentials { is_stale: bool },
    /// Its credentials break a rule: 400.
    Sense,
    /// The secret of its user is not at hand.
    Secret(SecretQuery),
}

/// A realm at work: the nonces that it has given out, and how often those were used.
pub(crate) struct Gatekeeper {
    realm: Realm,
    mint: NonceMint,
    /// The zero of all nonces.
    start: Option<Instant>,
    /// The uses of each nonce, by its age and salt.
    windows: BTreeMap<(Duration, u32), NonceWindow>,
    /// Nonces up to this one are no longer counted, and therefore stale.
    forgotten: Option<(Duration, u32)>,
    /// In the place of the password of a user that does not exist: no answer tells one from a wrong password.
    nobody: String,
}

impl Gatekeeper {
    pub(crate) fn new(realm: Realm, rng: &mut StdRng) -> Gatekeeper {
        let mut key = [0; 32];
        rng.fill_bytes(&mut key);
        Gatekeeper {
            mint: NonceMint::new(&key, realm.nonce_lifetime),
            realm,
            start: None,
            windows: BTreeMap::new(),
            forgotten: None,
            nobody: format!("{:016x}{:016x}", rng.next_u64(), rng.next_u64()),
        }
    }

    pub(crate) fn realm(&self) -> &Realm {
        &self.realm
    }

    /// Whether a request that is guarded may go on; what can be proven to it then. `secret` is that of its user, where the
    /// store has been waited for.
    pub(crate) fn admit(
        &mut self,
        now: Instant,
        request: &Request,
        is_secure: bool,
        secret: Option<Lookup>,
    ) -> Result<Option<Proof>, Lack> {
        if let Some(bearer) = self.bearer(is_secure)
            && let Some(token) = token(request)
        {
            return match bearer.verifier.user(&token, &self.realm.name) {
                Some(_) => Ok(None),
                None => Err(Lack::Credentials { is_stale: false }),
            };
        }
        let Some(Authorization(credentials)) = self.credentials(request) else {
            return Err(Lack::Credentials { is_stale: false });
        };
        let now = self.elapsed(now);
        let refused = |error: DigestError| {
            tracing::debug!(%error, "credentials are not taken");
            match error.is_malformed() {
                true => Lack::Sense,
                false => Lack::Credentials {
                    // A nonce of before a restart was good once, as the right secret shows.
                    is_stale: error.is_stale() || error == DigestError::ForeignNonce,
                },
            }
        };
        let query = self.query(&credentials).map_err(refused)?;
        let secret = secret.unwrap_or_else(|| {
            let SecretQuery { user, realm, hash } = &query;
            self.realm.store.ha1(user, realm, *hash)
        });
        let known = match secret {
            Lookup::Found(ha1) => Some(ha1),
            Lookup::Unknown => None,
            Lookup::Pending => return Err(Lack::Secret(query)),
        };
        let (nonce, count, ha1) = self
            .verify(&credentials, request, &query, known)
            .map_err(refused)?;
        let made_at = self.take(&nonce, count, now).map_err(refused)?;
        Ok(self.realm.confirms.then_some(Proof {
            credentials,
            ha1,
            made_at,
        }))
    }

    /// The user whose credentials for this realm a request brings.
    pub(crate) fn user(&self, request: &Request) -> Option<String> {
        if let Some(bearer) = &self.realm.bearer
            && let Some(token) = token(request)
        {
            return bearer.verifier.user(&token, &self.realm.name);
        }
        let credentials = self.credentials(request)?;
        credentials.username().map(|name| name.into_owned())
    }

    /// The tokens that are taken over this transport.
    fn bearer(&self, is_secure: bool) -> Option<&Bearer> {
        self.realm.bearer.as_ref().filter(|_| is_secure)
    }

    /// The challenges of the 401 to a request, one for each algorithm, and the one for tokens.
    pub(crate) fn challenge(
        &mut self,
        now: Instant,
        (request, is_secure): (&Request, bool),
        is_stale: bool,
        response: ResponseBuilder,
        rng: &mut StdRng,
    ) -> ResponseBuilder {
        let token = self.bearer(is_secure).map(|bearer| {
            WwwAuthenticate(bearer.challenge(&self.realm.name, token(request).is_some()))
        });
        let response = match &token {
            Some(challenge) => response.header(challenge),
            None => response,
        };
        let now = self.elapsed(now);
        let nonce = self.mint.make(&self.realm.name, now, rng.next_u32());
        let offer = ChallengeOffer {
            realm: &self.realm.name,
            nonce: &nonce,
            opaque: "",
            algorithms: &self.realm.algorithms,
            qop: &self.realm.qop,
            is_stale,
            userhash: false,
        };
        digest::challenges(&offer).fold(response, |response, challenge| {
            response.header(&WwwAuthenticate(challenge))
        })
    }

    /// The credentials of a request for this realm; those for others may stand beside them.
    fn credentials(&self, request: &Request) -> Option<Authorization> {
        let mut all = request.headers().all::<Authorization>().flatten();
        all.find(|it| it.is("Digest") && it.realm().is_some_and(|realm| realm == *self.realm.name))
    }

    /// Counts one use of a nonce; when that was made.
    fn take(
        &mut self,
        nonce: &str,
        count: Option<u32>,
        now: Duration,
    ) -> Result<Duration, DigestError> {
        let nonce = self.mint.verify(&self.realm.name, nonce, now)?;
        let Some(count) = count else {
            return Ok(nonce.made_at);
        };
        let name = (nonce.made_at, nonce.salt);
        if self.forgotten.is_some_and(|forgotten| name <= forgotten) {
            return Err(DigestError::StaleNonce);
        }
        self.windows.entry(name).or_default().accept(count)?;
        while let Some((&(made_at, salt), _)) = self.windows.first_key_value()
            && (self.windows.len() > self.realm.max_nonces.max(1)
                || made_at + self.realm.nonce_lifetime < now)
        {
            self.windows.pop_first();
            self.forgotten = Some((made_at, salt));
        }
        Ok(nonce.made_at)
    }

    fn elapsed(&mut self, now: Instant) -> Duration {
        now.saturating_duration_since(*self.start.get_or_insert(now))
    }
}

/// The token that a request brings.
fn token(request: &Request) -> Option<String> {
    let mut all = request.headers().all::<Authorization>().flatten();
    let bearer = all.find(|it| it.is("Bearer"))?;
    bearer.params().token68().map(str::to_owned)
}

impl std::fmt::Debug for Gatekeeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gatekeeper")
            .field("realm", &self.realm)
            .field("nonces", &self.windows.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
