//! Whether a request proves who sends it, and the challenge for one that does not (RFC 3261 section 22.4, RFC 7616 section
//! 3.4.6).

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rand::Rng;
use rand::rngs::StdRng;
use rvoip_transaction_core::sip_core::digest::{
    self, Algorithm, ChallengeOffer, DigestError, DigestRequest, Expected, Ha1, NonceMint,
    NonceWindow, Proven, Secret,
};
use rvoip_transaction_core::sip_core::header::{Authorization, Credentials, WwwAuthenticate};
use rvoip_transaction_core::sip_core::{Request, ResponseBuilder};

use crate::realm::Realm;

/// What a request lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lack {
    /// It has to bring credentials, or others: 401.
    Credentials { is_stale: bool },
    /// Its credentials break a rule: 400.
    Sense,
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

    /// Whether a request that is guarded may go on.
    pub(crate) fn admit(&mut self, now: Instant, request: &Request) -> Result<(), Lack> {
        let Some(Authorization(credentials)) = self.credentials(request) else {
            return Err(Lack::Credentials { is_stale: false });
        };
        let now = self.elapsed(now);
        let checked = self
            .verify(&credentials, request)
            .and_then(|(nonce, count)| self.take(&nonce, count, now));
        checked.map_err(|error| {
            tracing::debug!(%error, "credentials are not taken");
            match error.is_malformed() {
                true => Lack::Sense,
                false => Lack::Credentials {
                    // A nonce of before a restart was good once, as the right secret shows.
                    is_stale: error.is_stale() || error == DigestError::ForeignNonce,
                },
            }
        })
    }

    /// The user whose credentials for this realm a request brings.
    pub(crate) fn user(&self, request: &Request) -> Option<String> {
        let credentials = self.credentials(request)?;
        credentials.username().map(|name| name.into_owned())
    }

    /// The challenges of a 401, one for each algorithm.
    pub(crate) fn challenge(
        &mut self,
        now: Instant,
        is_stale: bool,
        response: ResponseBuilder,
        rng: &mut StdRng,
    ) -> ResponseBuilder {
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

    /// Whether the response is right, for a nonce that is still to be looked at. One work for users that exist and for
    /// others.
    fn verify(
        &self,
        credentials: &Credentials,
        request: &Request,
    ) -> Result<(String, Option<u32>), DigestError> {
        let user = credentials
            .username()
            .ok_or(DigestError::Missing("username"))?;
        let algorithm = Algorithm::named(credentials.algorithm().as_deref())
            .filter(|algorithm| self.realm.algorithms.contains(algorithm))
            .ok_or(DigestError::Algorithm)?;
        let (realm, hash) = (&self.realm.name, algorithm.hash_function());
        let known = self.realm.store.ha1(&user, realm, hash);
        let exists = known.is_some();
        let ha1 = known.unwrap_or_else(|| Ha1::new(hash, &user, realm, &self.nobody));
        let expected = Expected {
            realm,
            algorithms: &self.realm.algorithms,
            requires_qop: !self.realm.qop.is_empty(),
        };
        let asked = DigestRequest {
            method: request.method().as_str(),
            uri: request.raw_uri(),
            body: request.body(),
        };
        let Proven {
            nonce, count, qop, ..
        } = digest::verify(credentials, &user, &Secret::Ha1(&ha1), &asked, &expected)?;
        if qop.is_some_and(|qop| !self.realm.qop.contains(&qop)) {
            return Err(DigestError::Qop);
        }
        match exists {
            true => Ok((nonce.into_owned(), count)),
            false => Err(DigestError::Response),
        }
    }

    /// Counts one use of a nonce.
    fn take(&mut self, nonce: &str, count: Option<u32>, now: Duration) -> Result<(), DigestError> {
        let nonce = self.mint.verify(&self.realm.name, nonce, now)?;
        let Some(count) = count else {
            return Ok(());
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
        Ok(())
    }

    fn elapsed(&mut self, now: Instant) -> Duration {
        now.saturating_duration_since(*self.start.get_or_insert(now))
    }
}

impl std::fmt::Debug for Gatekeeper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gatekeeper")
            .field("realm", &self.realm)
            .field("nonces", &self.windows.len())
            .finish_non_exhaustive()
    }
}
