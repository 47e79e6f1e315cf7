//! The caller's side: placing a call and what its INVITE brings back (RFC 3261 section 13.2).

use std::time::Instant;

use rvoip_transaction_core::sip_core::{ByteString, Method, Response, StatusCode};
use rvoip_transaction_core::{ClientKey, NextHop, OwnContact};

use super::DialogManager;
use super::call::{Exchange, Role};
use super::step::Work;
use crate::config::DialogManagerConfig;
use crate::dialog::Dialog;
use crate::id::{LocalTag, mint_call_id};
use crate::invite::uac;
use crate::{Body, CallKey, DialogError, EndCause, OutgoingCall, SessionCoordinationEvent};

impl DialogManager {
    /// Places a call. What becomes of it is told by events, the last of them
    /// [`Ended`](SessionCoordinationEvent::Ended).
    ///
    /// # Errors
    /// When this manager is a server, drains, is full, or when the INVITE cannot be sent; there is then no call.
    pub fn invite(&mut self, now: Instant, call: OutgoingCall) -> Result<CallKey, DialogError> {
        if matches!(self.config, DialogManagerConfig::Server(_)) {
            return Err(DialogError::NotAClient);
        }
        if self.draining {
            return Err(DialogError::Draining);
        }
        let (max_calls, _) = self.limits();
        if self.calls.len() >= max_calls {
            return Err(DialogError::TooManyCalls(max_calls));
        }
        let (call_id, tag) = (mint_call_id(&mut self.rng), LocalTag::mint(&mut self.rng));
        let dialog = Dialog::outgoing(&call_id, tag, &call.local, &call.remote, &call.route);
        let (request, next_hop) = dialog
            .request(Method::Invite, 1)
            .map_err(|_| DialogError::Unreachable(call.remote.as_str().into()))?;
        let mut request = self.capabilities.describe_request(request);
        for (name, value) in &call.headers {
            request = request.raw(name, value);
        }
        let request = Body::attach(call.body.as_ref(), request);

        let contact = OwnContact {
            user: call.local.uri().user().map(ByteString::from),
            secure: call.remote.is_sips() || next_hop.is_sips(),
        };
        let next_hop = match call.target {
            Some(target) => NextHop::Target(target),
            None => next_hop.into(),
        };
        let key = self.calls.insert(Role::Caller(uac::State::Calling), dialog);
        let client = match self.send_first_invite(now, key, request, contact, next_hop) {
            Ok(client) => client,
            Err(error) => {
                self.calls.remove(key);
                return Err(error);
            }
        };
        if let Some(record) = self.calls.get_mut(key) {
            record.exchange = Exchange::Ours { client, number: 1 };
            // A new ledger forbids nothing.
            let _ = record.ledger.send_invite(call.body.is_some());
        }
        self.counters.outgoing_calls += 1;
        self.pump(now);
        Ok(key)
    }

    /// Sends the answer to an offer that came in the 2xx of our INVITE, in its ACK.
    ///
    /// # Errors
    /// When no such offer waits.
    pub fn ack_answer(
        &mut self,
        now: Instant,
        key: CallKey,
        body: Body,
    ) -> Result<(), DialogError> {
        let call = self.calls.known_mut(key)?;
        if call.role != Role::Caller(uac::State::AwaitingAnswer) {
            return Err(DialogError::InvalidState {
                key,
                state: call.role.name(),
                command: "answer in the ACK",
            });
        }
        call.ledger
            .send_ack_answer()
            .map_err(|violation| DialogError::OfferAnswer { key, violation })?;
        self.step_caller(
            now,
            key,
            uac::Input::Answer,
            Work {
                answer: Some(body),
                ..Work::default()
            },
        );
        self.pump(now);
        Ok(())
    }

    /// A provisional response to the INVITE of a call.
    pub(super) fn handle_progress(&mut self, now: Instant, key: CallKey, response: &Response) {
        let (_, max_ringing) = self.limits();
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        if call.role == Role::Caller(uac::State::Calling) {
            call.limit = now.checked_add(max_ringing);
        }
        let status = response.status();
        let event = (status != StatusCode::TRYING).then(|| SessionCoordinationEvent::Progress {
            key,
            status,
            body: Body::of_response(response),
        });
        self.step_caller(now, key, uac::Input::Provisional, Work::report(event));
    }

    /// The 2xx that wins the call.
    pub(super) fn handle_success(
        &mut self,
        now: Instant,
        key: CallKey,
        client: ClientKey,
        response: &Response,
    ) {
        let patience = self.patience();
        let Some(call) = self.calls.get_mut(key) else {
            return self.disown(now, Some(client), response, true);
        };
        if let Err(error) = call.dialog.establish(response) {
            tracing::debug!(%error, "a 2xx makes a dialog only in part");
        }
        let body = Body::of_response(response);
        let offer = call.ledger.receive_success(body.is_some());
        let input = if offer {
            uac::Input::SuccessWithOffer
        } else {
            uac::Input::Success
        };
        call.limit = offer.then(|| now + patience);
        if matches!(
            call.role,
            Role::Caller(uac::State::Calling | uac::State::Proceeding)
        ) {
            self.counters.answered_calls += 1;
        }
        let event = Some(SessionCoordinationEvent::Answered { key, body, offer });
        self.step_caller(now, key, input, Work::report(event));
    }

    /// The INVITE of a call failed: by a final response, or for want of one.
    pub(super) fn handle_invite_failed(
        &mut self,
        now: Instant,
        key: CallKey,
        input: uac::Input,
        cause: EndCause,
    ) {
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        call.note(cause);
        self.step_caller(now, key, input, Work::default());
    }
}
