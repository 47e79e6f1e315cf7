//! Requests of peers that have to prove who sends them (RFC 3261 section 22.2), and those that wait for the secret of their
//! user.

use std::time::Instant;

use rvoip_transaction_core::ServerKey;
use rvoip_transaction_core::sip_core::digest::Ha1;
use rvoip_transaction_core::sip_core::{Request, Response, StatusCode};
use rvoip_transaction_core::sip_transport::Flow;

use super::DialogManager;
use super::waiting::Waiting;
use crate::credential_store::{Lookup, SecretKey, SecretQuery};
use crate::gatekeeper::{Lack, Proof};
use crate::id::KeyMap;
use crate::out_of_dialog::Refusal;
use crate::{Leg, SessionCoordinationEvent};

/// A request that waits for the secret of its user.
#[derive(Debug)]
struct Held {
    request: Request,
    flow: Flow,
    /// The call that it is inside of.
    leg: Option<Leg>,
}

/// What is kept of requests that are guarded.
#[derive(Debug, Default)]
pub(super) struct Gate {
    held: Waiting<Held>,
    /// What a 2xx may prove to those that were let through.
    proofs: KeyMap<ServerKey, Box<Proof>>,
}

impl Gate {
    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.held.next_deadline()
    }

    /// A transaction is over.
    pub(super) fn forget(&mut self, server: ServerKey) {
        self.proofs.remove(&server);
        if !self.held.is_empty() {
            self.held.remove(server);
        }
    }
}

impl DialogManager {
    /// The user of the guarded realm whose credentials a request brings. Of a request that was handed up and that the realm
    /// guards, they have been found right.
    pub fn authenticated_user(&self, request: &Request) -> Option<String> {
        self.gatekeeper.as_ref()?.user(request)
    }

    /// Brings the secret that a [`SecretWanted`](SessionCoordinationEvent::SecretWanted) has asked for; `None` when there is
    /// no such user. In vain when the request no longer waits.
    pub fn answer_secret(&mut self, now: Instant, key: SecretKey, secret: Option<Ha1>) {
        let SecretKey(server) = key;
        let Some(Held { request, flow, leg }) = self.gate.held.remove(server) else {
            return;
        };
        if self.is_admitted(now, server, &request, (&flow, leg), Some(secret.into())) {
            match leg {
                None => self.handle_admitted(now, server, request, flow),
                Some(leg) if self.calls.get(leg.call).is_some() => {
                    self.handle_in_leg(now, server, request, leg, flow);
                }
                Some(_) => self.refuse(now, server, &request, &Refusal::NoDialog),
            }
        }
        self.pump(now);
    }

    /// Whether a request may go on now. One that lacks credentials is answered here; one whose secret is not at hand goes on
    /// later.
    pub(super) fn passes(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: &Request,
        place: (&Flow, Option<Leg>),
    ) -> bool {
        let realm = self.gatekeeper.as_ref().map(|keeper| keeper.realm());
        match realm {
            Some(realm) if realm.guards(request.method(), place.1.is_some()) => {
                self.is_admitted(now, server, request, place, None)
            }
            _ => true,
        }
    }

    fn is_admitted(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: &Request,
        (flow, leg): (&Flow, Option<Leg>),
        secret: Option<Lookup>,
    ) -> bool {
        let Some(gatekeeper) = &mut self.gatekeeper else {
            return true;
        };
        let is_secure = flow.kind.is_secure();
        match gatekeeper.admit(now, request, is_secure, secret) {
            Ok(proof) => {
                if let Some(proof) = proof {
                    self.gate.proofs.insert(server, Box::new(proof));
                }
                return true;
            }
            Err(Lack::Sense) => self.refuse(now, server, request, &Refusal::BadRequest),
            Err(Lack::Credentials { is_stale }) => {
                self.challenge(now, server, (request, is_secure), is_stale);
            }
            Err(Lack::Secret(query)) => self.hold(now, server, request, (flow, leg), query),
        }
        false
    }

    /// Keeps a request until the secret of its user is there.
    fn hold(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: &Request,
        (flow, leg): (&Flow, Option<Leg>),
        query: SecretQuery,
    ) {
        let Some(realm) = self.gatekeeper.as_ref().map(|keeper| keeper.realm()) else {
            return;
        };
        if self.gate.held.len() >= realm.max_lookups {
            let refusal = Refusal::Unavailable(self.retry_after);
            return self.refuse(now, server, request, &refusal);
        }
        let held = Held {
            request: request.clone(),
            flow: *flow,
            leg,
        };
        let due = now + realm.lookup_timeout;
        self.gate.held.insert(server, held, due);
        let key = SecretKey(server);
        self.emit(SessionCoordinationEvent::SecretWanted { key, query });
    }

    /// Answers those that have waited for a secret too long.
    pub(super) fn secrets_due(&mut self, now: Instant) {
        while let Some((server, held)) = self.gate.held.pop_due(now) {
            let refusal = Refusal::Unavailable(self.retry_after);
            self.refuse(now, server, &held.request, &refusal);
        }
    }

    /// The peer has cancelled an INVITE that waits for a secret; whether it was one.
    pub(super) fn cancel_held(&mut self, now: Instant, server: ServerKey) -> bool {
        let Some(held) = self.gate.held.remove(server) else {
            return false;
        };
        let response = self.signed(&held.request, StatusCode::REQUEST_TERMINATED, None, &[]);
        self.send(now, server, response);
        true
    }

    /// A response on its way, with the proof of this side when it is a 2xx to a request that brought credentials.
    pub(super) fn confirmed(
        &mut self,
        now: Instant,
        server: ServerKey,
        response: Response,
    ) -> Response {
        if !response.status().is_final() {
            return response;
        }
        let (Some(proof), Some(gatekeeper)) =
            (self.gate.proofs.remove(&server), &mut self.gatekeeper)
        else {
            return response;
        };
        let is_success = response.status().is_success();
        let info = is_success
            .then(|| gatekeeper.confirm(now, &proof, response.body(), &mut self.rng))
            .flatten();
        match info {
            Some(info) => response.edit().push_back(&info).finish(),
            None => response,
        }
    }

    fn challenge(
        &mut self,
        now: Instant,
        server: ServerKey,
        asked: (&Request, bool),
        is_stale: bool,
    ) {
        self.counters.challenged_requests += 1;
        let response = self.response(asked.0, StatusCode::UNAUTHORIZED);
        let mut response = self.capabilities.sign_response(response);
        if let Some(gatekeeper) = &mut self.gatekeeper {
            response = gatekeeper.challenge(now, asked, is_stale, response, &mut self.rng);
        }
        self.send(now, server, response.build());
    }
}
