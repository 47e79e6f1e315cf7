//! Requests of the application, outside calls and in them: sent, and told how they were answered (RFC 3261 sections 8.1
//! and 12.2.1).

use std::sync::Arc;
use std::time::Instant;

use rvoip_transaction_core::NextHop;
use rvoip_transaction_core::sip_core::{
    ByteString, HeaderName, Method, RequestBuilder, Response, StatusCode,
};

use super::DialogManager;
use super::call::Role;
use super::client::ClientUse;
use super::errand::Errand;
use super::step::{Common, Work};
use crate::config::DialogManagerConfig;
use crate::dialog::Dialog;
use crate::id::{LocalTag, mint_call_id};
use crate::invite::{uac, uas};
use crate::request::{is_free, is_open};
use crate::{
    Body, CallKey, DialogError, EndCause, OutgoingRequest, RequestKey, SessionCoordinationEvent,
};

/// The requests of ours that wait for an answer.
#[derive(Debug, Default)]
pub(super) struct Requests {
    latest: u64,
    waiting: usize,
}

impl Requests {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting == 0
    }
}

impl Role {
    /// Whether the dialog takes requests that change nothing: from when both sides know it until either hangs up.
    fn is_conversing(self) -> bool {
        matches!(
            self,
            Role::Caller(uac::State::Confirmed)
                | Role::Called(uas::State::Ringing | uas::State::Accepted | uas::State::Confirmed)
        )
    }
}

impl DialogManager {
    /// Sends a request outside of calls. Ends in one [`RequestAnswered`](SessionCoordinationEvent::RequestAnswered) or
    /// [`RequestFailed`](SessionCoordinationEvent::RequestFailed).
    ///
    /// # Errors
    /// When this manager is a server or drains, has too many requests waiting, when the method is not one that goes alone,
    /// or when the request cannot be sent; nothing will be told then.
    pub fn request(
        &mut self,
        now: Instant,
        request: OutgoingRequest,
    ) -> Result<RequestKey, DialogError> {
        if matches!(self.config, DialogManagerConfig::Server(_)) {
            return Err(DialogError::NotAClient);
        }
        if self.draining {
            return Err(DialogError::Draining);
        }
        if !is_free(&request.method) {
            return Err(DialogError::Method(request.method));
        }
        let errand = self.lone_errand(&request)?;
        let key = self.dispatch_request(now, None, errand)?;
        self.pump(now);
        Ok(key)
    }

    /// Sends a request inside a call, which it leaves as it is: INFO, MESSAGE, OPTIONS or a method of the application.
    /// Ends as [`request`](Self::request) does; 481 and 408 end the call as well (section 12.2.1.2).
    ///
    /// # Errors
    /// When the call is not in a state for it, has too many requests waiting, when the method is not for the application,
    /// or when the request cannot be sent; nothing will be told then.
    pub fn request_in_call(
        &mut self,
        now: Instant,
        key: CallKey,
        method: Method,
        headers: &[(HeaderName, ByteString)],
        body: Option<Body>,
    ) -> Result<RequestKey, DialogError> {
        if !is_open(&method) {
            return Err(DialogError::Method(method));
        }
        let call = self.calls.known_mut(key)?;
        if !call.role.is_conversing() {
            return Err(DialogError::InvalidState {
                key,
                state: call.role.name(),
                command: "send a request",
            });
        }
        let number = call.dialog.sequence.advance();
        let (request, next_hop) = number
            .and_then(|number| call.dialog.request(method, number).ok())
            .ok_or_else(|| DialogError::Unreachable(call.dialog.remote_target().into()))?;
        let request = self.capabilities.sign_request(request);
        let request = Body::attach(body.as_ref(), with_headers(request, headers));
        let errand = Errand::inside(request, next_hop, call.path.as_deref());
        let sent = self.dispatch_request(now, Some(key), errand)?;
        self.pump(now);
        Ok(sent)
    }

    /// A request on a Call-ID and a tag of its own.
    fn lone_errand(&mut self, request: &OutgoingRequest) -> Result<Errand, DialogError> {
        let (call_id, tag) = (mint_call_id(&mut self.rng), LocalTag::mint(&mut self.rng));
        let asked = request.request_uri.as_ref().unwrap_or(&request.remote);
        let (local, remote) = (&request.local, &request.remote);
        let lone =
            Dialog::outgoing(&call_id, tag, local, remote, &request.route).directed_to(asked);
        let (builder, next_hop) = lone
            .request(request.method.clone(), 1)
            .map_err(|_| DialogError::Unreachable(asked.as_str().into()))?;
        let builder = match request.method {
            // Asked what the other side can do, it may want to know the same of us (section 11.1).
            Method::Options => self
                .capabilities
                .describe_request(self.capabilities.accept_request(builder)),
            _ => self.capabilities.sign_request(builder),
        };
        let builder = Body::attach(
            request.body.as_ref(),
            with_headers(builder, &request.headers),
        );
        let next_hop = match &request.target {
            Some(target) => NextHop::from(target),
            None => next_hop.into(),
        };
        let errand = Errand::new(builder, next_hop);
        Ok(match &request.contact {
            Some(contact) => errand.with_contact(contact.clone()),
            None => errand,
        })
    }

    fn dispatch_request(
        &mut self,
        now: Instant,
        call: Option<CallKey>,
        errand: Errand,
    ) -> Result<RequestKey, DialogError> {
        let max_requests = self.max_requests();
        if self.requests.waiting >= max_requests {
            return Err(DialogError::TooManyRequests(max_requests));
        }
        let key = RequestKey(self.requests.latest + 1);
        self.dispatch(now, ClientUse::Request { key, call }, errand)?;
        self.requests.latest = key.0;
        self.requests.waiting += 1;
        Ok(key)
    }

    /// The final response to a request of the application.
    pub(super) fn handle_answered(
        &mut self,
        now: Instant,
        key: RequestKey,
        call: Option<CallKey>,
        response: &Response,
    ) {
        self.requests.waiting -= 1;
        let response = Arc::new(response.clone());
        let status = response.status();
        self.emit(SessionCoordinationEvent::RequestAnswered { key, response });
        self.judge_dialog(now, call, status);
    }

    /// A request of the application has no answer.
    pub(super) fn handle_unanswered(
        &mut self,
        now: Instant,
        key: RequestKey,
        call: Option<CallKey>,
        cause: EndCause,
    ) {
        self.requests.waiting -= 1;
        let is_silent = cause == EndCause::TimedOut;
        self.emit(SessionCoordinationEvent::RequestFailed { key, cause });
        if is_silent {
            self.judge_dialog(now, call, StatusCode::REQUEST_TIMEOUT);
        }
    }

    /// 481 and 408, and silence, say that the peer has lost the dialog (section 12.2.1.2).
    fn judge_dialog(&mut self, now: Instant, key: Option<CallKey>, status: StatusCode) {
        let lost = status == StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST
            || status == StatusCode::REQUEST_TIMEOUT;
        if let (true, Some(key)) = (lost, key)
            && let Some(call) = self.calls.get_mut(key)
            && call.role.is_conversing()
        {
            call.note(EndCause::DialogLost { status });
            self.step(now, key, Common::Lost, Work::default());
        }
    }
}

pub(super) fn with_headers(
    request: RequestBuilder,
    headers: &[(HeaderName, ByteString)],
) -> RequestBuilder {
    let line = |request: RequestBuilder, (name, value): &(HeaderName, ByteString)| {
        request.raw(name, value)
    };
    headers.iter().fold(request, line)
}
