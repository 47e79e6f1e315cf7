//! Requests inside a dialog (RFC 3261 section 12.2.2) and the ACK of a 2xx.

use std::time::Instant;

use rvoip_transaction_core::ServerKey;
use rvoip_transaction_core::sip_core::{Method, Request, Response, StatusCode};
use rvoip_transaction_core::sip_transport::Flow;

use super::DialogManager;
use super::call::Role;
use super::step::{Common, Work};
use super::subscription::record::Home;
use crate::id::LocalTag;
use crate::invite::uas;
use crate::out_of_dialog::Refusal;
use crate::sequence::Arrival;
use crate::{Body, CallKey, EndCause, Leg, SessionCoordinationEvent};

impl DialogManager {
    /// A request whose To has a tag. Dialogs are found by identity, never by where a request comes from.
    pub(super) fn handle_in_dialog(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: Request,
        to_tag: Option<LocalTag>,
        flow: Flow,
    ) {
        if let Some(tag) = to_tag.filter(|tag| self.has_usage_dialog(*tag)) {
            return self.handle_in_usage(now, server, request, tag, flow);
        }
        match self.sort_in_dialog(&request, to_tag) {
            Err(refusal) => self.refuse(now, server, &request, &refusal),
            Ok(leg) => {
                if self.passes(now, server, &request, (&flow, Some(leg))) {
                    self.handle_in_leg(now, server, request, leg, flow);
                }
            }
        }
    }

    /// A request inside a call whose sender has shown who he is, if he has to.
    pub(super) fn handle_in_leg(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: Request,
        leg: Leg,
        flow: Flow,
    ) {
        let key = leg.call;
        self.calls.follow(key, flow);
        match request.method() {
            Method::Prack => self.handle_prack(now, server, &request, leg),
            Method::Update => self.handle_update(now, server, &request, leg),
            Method::Bye => self.handle_bye(now, server, &request, key),
            Method::Invite => self.handle_reinvite(now, server, &request, key),
            Method::Notify => self.handle_notify(now, server, &request, Home::Call(key)),
            Method::Refer => self.handle_refer(now, server, request, Home::Call(key), flow),
            Method::Subscribe => {
                self.handle_later_subscribe(now, server, &request, Home::Call(key));
            }
            method if self.capabilities.is_served(method) => {
                self.serve(now, server, request, Some(key), flow);
            }
            _ => self.answer_options(now, server, &request),
        }
    }

    /// The call that a request is for, once it has passed all checks.
    fn sort_in_dialog(
        &mut self,
        request: &Request,
        to_tag: Option<LocalTag>,
    ) -> Result<Leg, Refusal> {
        let call = to_tag
            .and_then(|tag| self.calls.by_tag(tag))
            .ok_or(Refusal::NoDialog)?;
        let leg = call.owner(request).ok_or(Refusal::NoDialog)?;
        let number = request.cseq_number().ok_or(Refusal::BadRequest)?;
        let part = call.leg_mut(leg.fork).ok_or(Refusal::NoDialog)?;
        if part.dialog.sequence.arrive(number) == Arrival::OutOfOrder {
            return Err(Refusal::OutOfOrder);
        }
        self.capabilities.method(request)?;
        self.capabilities.extensions(request)?;
        Ok(leg)
    }

    /// The peer hangs up (section 15.1.2): 200, and 487 for an INVITE of it that is still open.
    fn handle_bye(&mut self, now: Instant, server: ServerKey, request: &Request, key: CallKey) {
        let response = Response::builder_for(request, StatusCode::OK);
        let response = self.capabilities.sign_response(response).build();
        self.send(now, server, response);
        if let Some(call) = self.calls.get_mut(key) {
            call.note(EndCause::RemoteBye);
        }
        let response = self.final_response(key, StatusCode::REQUEST_TERMINATED);
        self.step(now, key, Common::RemoteBye, Work::respond(response));
    }

    /// An ACK that no transaction took: that of a 2xx of ours, of its repetition, or a stray one, which is never
    /// answered.
    pub(super) fn handle_ack(&mut self, now: Instant, ack: &Request) {
        let Some(tag) = ack.to_tag().and_then(LocalTag::parse) else {
            return;
        };
        let Some(call) = self.calls.by_tag(tag).filter(|call| call.dialog.owns(ack)) else {
            return;
        };
        let number = ack.cseq_number().unwrap_or(0);
        if call
            .unacknowledged
            .as_ref()
            .is_none_or(|success| success.number != number)
        {
            return;
        }
        call.unacknowledged = None;
        let key = call.key;
        let body = Body::of_request(ack);
        let answers = call.receive_ack(body.is_some());
        let body = if answers { body } else { None };
        let initial = matches!(
            call.role,
            Role::Called(uas::State::Accepted | uas::State::Departing)
        );
        if initial {
            call.early = None;
            let event = Some(SessionCoordinationEvent::Confirmed { key, body });
            self.step_called(now, key, uas::Input::Ack, Work::report(event));
        } else if answers {
            let fork = None;
            self.emit(SessionCoordinationEvent::Answer { key, fork, body });
        }
        self.calls.schedule(key);
    }
}
