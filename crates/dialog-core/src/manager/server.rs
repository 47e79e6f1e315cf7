//! What the server transactions below report: requests are sorted, refused or handed on.

use std::io;
use std::time::Instant;

use rvoip_transaction_core::sip_core::{Method, Request, Response, ResponseBuilder, StatusCode};
use rvoip_transaction_core::sip_transport::Flow;
use rvoip_transaction_core::{ServerFailure, ServerKey};

use super::DialogManager;
use super::call::Exchange;
use super::step::Work;
use crate::config::DialogManagerConfig;
use crate::id::LocalTag;
use crate::invite::uas;
use crate::offer_answer::Carrier;
use crate::out_of_dialog::{Refusal, inspect};
use crate::request::is_free;
use crate::{EndCause, SessionCoordinationEvent};

impl DialogManager {
    /// A new request: inside a dialog when its To has a tag (RFC 3261 section 12.2.2), else outside.
    pub(super) fn handle_request(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: Request,
        flow: Flow,
    ) {
        if let Some(tag) = request.to_tag().map(LocalTag::parse) {
            return self.handle_in_dialog(now, server, request, tag, flow);
        }
        if self.passes(now, server, &request, (&flow, None)) {
            self.handle_admitted(now, server, request, flow);
        }
    }

    /// A request outside dialogs whose sender has shown who he is, if he has to.
    pub(super) fn handle_admitted(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: Request,
        flow: Flow,
    ) {
        if *request.method() == Method::Register {
            return self.handle_register(now, server, &request, &flow);
        }
        if *request.method() == Method::Publish && self.handle_publish(now, server, &request) {
            return;
        }
        let admitted = inspect(&request, flow.kind, &self.capabilities).and_then(|found| {
            match request.method() {
                // The status of OPTIONS is the one that an INVITE would meet (section 11.2).
                Method::Invite | Method::Options => self.admission().map(|()| found),
                Method::Subscribe | Method::Refer => self.drained().map(|()| found),
                method if is_free(method) => self.drained().map(|()| found),
                Method::Notify if self.is_welcome(&request) => Ok(found),
                _ => Err(Refusal::NoDialog),
            }
        });
        match admitted {
            Err(refusal) => self.refuse(now, server, &request, &refusal),
            Ok((uri, body)) if *request.method() == Method::Invite => {
                self.handle_incoming_call(now, server, request, (&uri, body), flow);
            }
            Ok(_) if *request.method() == Method::Notify => {
                self.handle_unsolicited(now, server, request);
            }
            Ok((uri, _)) if *request.method() == Method::Subscribe => {
                self.handle_new_subscribe(now, server, request, &uri, flow);
            }
            Ok((uri, _)) if *request.method() == Method::Refer => {
                self.handle_new_refer(now, server, request, &uri, flow);
            }
            Ok(_) if self.capabilities.is_served(request.method()) => {
                self.serve(now, server, request, None, flow);
            }
            Ok(_) => self.answer_options(now, server, &request),
        }
    }

    /// Whether new requests are taken.
    fn drained(&self) -> Result<(), Refusal> {
        match self.draining {
            true => Err(Refusal::Unavailable(self.retry_after)),
            false => Ok(()),
        }
    }

    /// Whether one more incoming call has room.
    fn admission(&self) -> Result<(), Refusal> {
        if matches!(self.config, DialogManagerConfig::Client(_)) {
            return Err(Refusal::Forbidden);
        }
        if self.draining || self.calls.len() >= self.limits().0 {
            return Err(Refusal::Unavailable(self.retry_after));
        }
        Ok(())
    }

    pub(super) fn answer_options(&mut self, now: Instant, server: ServerKey, request: &Request) {
        let response = self.response(request, StatusCode::OK);
        let response = self.capabilities.answer_options(response).build();
        self.send(now, server, response);
    }

    /// A response with a To tag, as all but 100 must have one (section 8.2.6.2); a request inside a dialog brings it.
    pub(super) fn response(&mut self, request: &Request, status: StatusCode) -> ResponseBuilder {
        let tag = LocalTag::mint(&mut self.rng);
        Response::builder_for(request, status).to_tag(&tag.text())
    }

    /// Refuses a request of which no call is to know.
    pub(super) fn refuse(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: &Request,
        refusal: &Refusal,
    ) {
        self.counters.refused_requests += 1;
        match refusal {
            Refusal::Unavailable(_) => self.counters.overload_refusals += 1,
            Refusal::NoDialog => self.counters.unknown_dialogs += 1,
            _ => {}
        }
        tracing::debug!(method = %request.method(), ?refusal, "refused");
        let response = self.response(request, refusal.status());
        let response = refusal.explain(response, &self.capabilities).build();
        self.send(now, server, response);
    }

    /// Answers a request whose fate does not hang on the answer being sent.
    pub(super) fn send(&mut self, now: Instant, server: ServerKey, response: Response) {
        let response = self.confirmed(now, server, response);
        if let Err(error) = self.transactions.respond(now, server, response) {
            tracing::debug!(%error, "a request could not be answered");
        }
    }

    /// 487 for an INVITE that is not to be answered any more.
    pub(super) fn terminate_request(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: &Request,
        tag: LocalTag,
    ) {
        let response =
            Response::builder_for(request, StatusCode::REQUEST_TERMINATED).to_tag(&tag.text());
        let response = self.capabilities.sign_response(response).build();
        self.send(now, server, response);
    }

    /// The peer cancelled an INVITE that we have not answered (section 9.2).
    pub(super) fn handle_cancelled(&mut self, now: Instant, server: ServerKey) {
        if self.cancel_held(now, server) {
            return;
        }
        let Some(&key) = self.servers.get(&server) else {
            return;
        };
        let response = self.final_response(key, StatusCode::REQUEST_TERMINATED);
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        if call.role.is_undecided() {
            call.note(EndCause::Cancelled);
            self.step_called(now, key, uas::Input::Cancelled, Work::respond(response));
        } else if let Some(response) = response {
            call.ledger.fail(Carrier::Invite);
            self.answer_invite(now, key, response);
            self.emit(SessionCoordinationEvent::OfferWithdrawn { key, fork: None });
        }
    }

    /// The transaction of an INVITE ended before we answered it.
    pub(super) fn handle_server_failed(
        &mut self,
        now: Instant,
        server: ServerKey,
        cause: ServerFailure,
    ) {
        self.gate.forget(server);
        let Some(key) = self.servers.remove(&server) else {
            return self.forget_served(server);
        };
        if self.lose_asked(now, key, server) {
            return;
        }
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        if !matches!(&call.exchange, Exchange::Theirs(theirs) if theirs.server == server) {
            return;
        }
        call.exchange = Exchange::None;
        call.limit = None;
        if call.role.is_undecided() {
            let error = match cause {
                ServerFailure::Transport(error) => error,
                _ => io::ErrorKind::TimedOut,
            };
            call.note(EndCause::TransportFailed { error });
            self.step_called(now, key, uas::Input::TransactionFailed, Work::default());
        } else {
            call.ledger.fail(Carrier::Invite);
            self.emit(SessionCoordinationEvent::OfferWithdrawn { key, fork: None });
            self.calls.schedule(key);
        }
    }
}
