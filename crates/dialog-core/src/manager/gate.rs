//! Requests of peers that have to prove who sends them (RFC 3261 section 22.2).

use std::time::Instant;

use rvoip_transaction_core::ServerKey;
use rvoip_transaction_core::sip_core::{Request, StatusCode};

use super::DialogManager;
use crate::gatekeeper::Lack;
use crate::out_of_dialog::Refusal;

impl DialogManager {
    /// The user of the guarded realm whose credentials a request brings. Of a request that was handed up and that the realm
    /// guards, they have been found right.
    pub fn authenticated_user(&self, request: &Request) -> Option<String> {
        self.gatekeeper.as_ref()?.user(request)
    }

    /// Whether a request may go on. One that lacks credentials is answered here.
    pub(super) fn passes(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: &Request,
        in_dialog: bool,
    ) -> bool {
        let Some(gatekeeper) = &mut self.gatekeeper else {
            return true;
        };
        if !gatekeeper.realm().guards(request.method(), in_dialog) {
            return true;
        }
        match gatekeeper.admit(now, request) {
            Ok(()) => return true,
            Err(Lack::Sense) => self.refuse(now, server, request, &Refusal::BadRequest),
            Err(Lack::Credentials { is_stale }) => self.challenge(now, server, request, is_stale),
        }
        false
    }

    fn challenge(&mut self, now: Instant, server: ServerKey, request: &Request, is_stale: bool) {
        self.counters.challenged_requests += 1;
        let response = self.response(request, StatusCode::UNAUTHORIZED);
        let mut response = self.capabilities.sign_response(response);
        if let Some(gatekeeper) = &mut self.gatekeeper {
            response = gatekeeper.challenge(now, is_stale, response, &mut self.rng);
        }
        self.send(now, server, response.build());
    }
}
