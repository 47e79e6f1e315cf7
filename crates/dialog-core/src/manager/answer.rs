//! Our responses to the INVITE of a peer, the first of a call or a later one (RFC 3261 sections 12.1.1 and 13.3.1).

use std::sync::Arc;
use std::time::Instant;

use rvoip_transaction_core::sip_core::{
    ByteString, HeaderName, Request, Response, ResponseBuilder, StatusCode,
};

use super::DialogManager;
use super::call::{Call, Exchange, Unacknowledged};
use super::deadline::PROVISIONAL_REFRESH;
use crate::id::LocalTag;
use crate::offer_answer::{Carrier, Meaning, Party};
use crate::{Body, CallKey, DialogError};

impl DialogManager {
    /// Answers the INVITE of the peer that is open. A final answer closes the exchange; a 2xx is kept for its repeats.
    pub(super) fn answer_invite(&mut self, now: Instant, key: CallKey, response: Response) {
        let (t1, patience) = (self.timers.t1, self.patience());
        let Some(server) = self.calls.get(key).and_then(Call::asking) else {
            return;
        };
        let response = self.confirmed(now, server, response);
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        let Exchange::Theirs(theirs) = &mut call.exchange else {
            return;
        };
        if !response.status().is_final() {
            theirs.provisional = Some((response.to_bytes(), now + PROVISIONAL_REFRESH));
        } else {
            if response.status().is_success() {
                call.unacknowledged = Some(Box::new(Unacknowledged {
                    server,
                    response: response.to_bytes(),
                    number: theirs.number,
                    interval: t1,
                    next: now + t1,
                    until: now + patience,
                }));
            }
            call.exchange = Exchange::None;
            call.limit = None;
            self.servers.remove(&server);
        }
        // What cannot be sent shows: a 2xx by the ACK that stays away, anything else by the end of its transaction.
        if let Err(error) = self.transactions.respond(now, server, response) {
            tracing::debug!(call = %key, %error, "an INVITE could not be answered");
        }
        self.calls.schedule(key);
    }

    /// Enters a 2xx of ours into the ledger. Gives the body that goes into it: none when the offer has had its answer already.
    pub(super) fn ledger_success(
        &mut self,
        key: CallKey,
        body: Option<Body>,
    ) -> Result<Option<Body>, DialogError> {
        let call = self.calls.known_mut(key)?;
        let meaning = call
            .ledger
            .pass(Party::Local, Carrier::Success, body.is_some())
            .map_err(|violation| DialogError::OfferAnswer { key, violation })?;
        Ok(body.filter(|_| meaning != Meaning::Nothing))
    }

    /// The INVITE of the peer that is open, if a session interval may be granted to it.
    pub(super) fn open_invite(&self, key: CallKey) -> Option<Arc<Request>> {
        let call = self.calls.get(key)?;
        let Exchange::Theirs(theirs) = &call.exchange else {
            return None;
        };
        let asks = theirs
            .request
            .headers()
            .contains(&HeaderName::SessionExpires);
        (asks || call.timer.is_some()).then(|| Arc::clone(&theirs.request))
    }

    /// A response to the open INVITE of a peer that makes or refreshes a dialog, or refuses to.
    pub(super) fn dialog_response(
        &self,
        key: CallKey,
        status: StatusCode,
        body: Option<&Body>,
        headers: &[(HeaderName, ByteString)],
    ) -> Option<Response> {
        let call = self.calls.get(key)?;
        let Exchange::Theirs(theirs) = &call.exchange else {
            return None;
        };
        let mut response = self.tagged(&theirs.request, status, call.dialog.local_tag());
        if !status.is_final() || status.is_success() {
            response = response
                .copy_record_route(&theirs.request)
                .raw(&HeaderName::Contact, call.dialog.contact());
        }
        response = if status.is_success() {
            let response = self.tell_interval(call, &theirs.request, response);
            self.capabilities.describe_response(response)
        } else {
            self.capabilities.sign_response(response)
        };
        for (name, value) in headers {
            response = response.raw(name, value);
        }
        Some(Body::attach_response(body, response).build())
    }

    /// A refusal of the open INVITE of a peer.
    pub(super) fn final_response(&self, key: CallKey, status: StatusCode) -> Option<Response> {
        self.dialog_response(key, status, None, &[])
    }

    /// A response to what is no INVITE of a call, with what we say of ourselves.
    pub(super) fn signed(
        &mut self,
        request: &Request,
        status: StatusCode,
        body: Option<&Body>,
        headers: &[(HeaderName, ByteString)],
    ) -> Response {
        let mut response = self.response(request, status);
        response = self.capabilities.sign_response(response);
        for (name, value) in headers {
            response = response.raw(name, value);
        }
        Body::attach_response(body, response).build()
    }

    fn tagged(&self, request: &Request, status: StatusCode, tag: LocalTag) -> ResponseBuilder {
        Response::builder_for(request, status).to_tag(&tag.text())
    }
}
