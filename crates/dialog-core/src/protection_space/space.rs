//! One realm of one account: what was asked last, and the credentials that answer it, counted.

use rand::Rng;
use rand::rngs::StdRng;
use rvoip_transaction_core::sip_core::digest::{self, DigestRequest};
use rvoip_transaction_core::sip_core::header::{Authorization, Challenge, WwwAuthenticate};

use super::challenged::{Asked, Asker, Given};
use crate::account::{Account, AccountSecret};

/// One realm of one account.
#[derive(Debug)]
pub(super) struct Space {
    pub(super) asker: Asker,
    pub(super) realm: String,
    pub(super) account: usize,
    /// The hosts and addresses that asked, or were asked, the latest last.
    pub(super) hosts: Vec<String>,
    challenge: Challenge,
    cnonce: String,
    count: u32,
}

impl Space {
    /// A realm that has been challenged, on the hosts that it is known by.
    pub(super) fn new(
        (asker, account): (Asker, usize),
        challenge: &Challenge,
        hosts: Vec<String>,
        rng: &mut StdRng,
    ) -> Space {
        Space {
            asker,
            realm: challenge.realm().unwrap_or_default().into_owned(),
            account,
            hosts,
            challenge: own(challenge.clone()),
            cnonce: format!("{:016x}", rng.next_u64()),
            count: 0,
        }
    }

    pub(super) fn has_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|known| known == host)
    }

    /// Whether a request goes to those who asked.
    pub(super) fn is_reached_by(&self, asked: &Asked<'_>) -> bool {
        self.has_host(asked.next_host) || self.asker == Asker::Server && self.has_host(asked.host)
    }

    /// Credentials for a request, counted.
    pub(super) fn credentials(
        &mut self,
        account: &Account,
        asked: &Asked<'_>,
        is_fresh: bool,
    ) -> Option<Given> {
        let value = match &account.secret {
            AccountSecret::Tokens(_) if !asked.is_secure => return None,
            AccountSecret::Tokens(tokens) => format!("Bearer {}", tokens.token(&self.challenge)?),
            _ => {
                self.count = self.count.saturating_add(1);
                let secret = account.digest_secret(&self.challenge)?;
                let request = DigestRequest {
                    method: asked.request.method().as_str(),
                    uri: asked.request.raw_uri(),
                    body: asked.request.body(),
                };
                let (challenge, user) = (&self.challenge, &account.user);
                let (cnonce, count) = (&self.cnonce, self.count);
                let answer = digest::answer(challenge, user, &secret, &request, cnonce, count);
                Authorization(answer.ok()?).to_string()
            }
        };
        Some(Given {
            asker: self.asker,
            value: value.into(),
            realm: self.realm.clone(),
            nonce: self.challenge.nonce().unwrap_or_default().into_owned(),
            is_fresh,
        })
    }

    /// Uses another nonce from now on, if the present one is that of the credentials.
    pub(super) fn take_nonce(&mut self, nonce: &str, given: &Given) {
        let is_its = given.is_for(self.asker, &self.realm)
            && self
                .challenge
                .nonce()
                .is_some_and(|used| used == given.nonce);
        if is_its && nonce != given.nonce {
            self.challenge = own(self.challenge.clone().with("nonce", nonce));
            self.count = 0;
        }
    }
}

/// The same challenge without a hold on the message that it came in.
fn own(challenge: Challenge) -> Challenge {
    let shared = WwwAuthenticate(challenge);
    let own = shared.to_string().parse();
    own.unwrap_or(shared).0
}
