//! Requests of peers that the application answers, outside calls and in them (RFC 3261 section 8.2).

use std::sync::Arc;
use std::time::Instant;

use rvoip_transaction_core::ServerKey;
use rvoip_transaction_core::sip_core::{ByteString, HeaderName, Method, Request, StatusCode};
use rvoip_transaction_core::sip_transport::Flow;

use super::DialogManager;
use super::waiting::Waiting;
use crate::out_of_dialog::Refusal;
use crate::{Body, CallKey, DialogError, IncomingRequestKey, SessionCoordinationEvent};

/// The requests of peers that wait for the application.
pub(super) type Served = Waiting<Arc<Request>>;

impl DialogManager {
    /// Serves requests of one more method from now on; gives whether they were served before.
    pub fn serve_also(&mut self, method: &Method) -> bool {
        let before = self.capabilities.is_served(method);
        self.capabilities.serve_also(method);
        before
    }

    /// Whether the peer of a call has said that it takes INFO.
    pub fn allows_info(&self, key: CallKey) -> bool {
        self.calls.get(key).is_some_and(|call| call.infos)
    }

    /// Hands a request to the application.
    pub(super) fn serve(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: Request,
        call: Option<CallKey>,
        flow: Flow,
    ) {
        if self.served.len() >= self.max_requests() {
            let refusal = Refusal::Unavailable(self.retry_after);
            return self.refuse(now, server, &request, &refusal);
        }
        let request = Arc::new(request);
        let due = now + self.max_answering();
        self.served.insert(server, Arc::clone(&request), due);
        self.emit(SessionCoordinationEvent::IncomingRequest {
            key: IncomingRequestKey(server),
            call,
            request,
            flow,
        });
    }

    /// Answers the request of an [`IncomingRequest`](SessionCoordinationEvent::IncomingRequest).
    ///
    /// # Errors
    /// When no such request waits any more, or the status is not final.
    pub fn answer_request(
        &mut self,
        now: Instant,
        key: IncomingRequestKey,
        status: StatusCode,
        headers: &[(HeaderName, ByteString)],
        body: Option<Body>,
    ) -> Result<(), DialogError> {
        if !status.is_final() {
            return Err(DialogError::WrongStatus(status));
        }
        let request = self
            .served
            .remove(key.0)
            .ok_or(DialogError::NoSuchRequest)?;
        let mut response = self.response(&request, status);
        response = match (request.method(), status) {
            (Method::Options, _) => self.capabilities.describe_response(response),
            (_, StatusCode::METHOD_NOT_ALLOWED) => self
                .capabilities
                .sign_response(self.capabilities.allow(response)),
            _ => self.capabilities.sign_response(response),
        };
        for (name, value) in headers {
            response = response.raw(name, value);
        }
        let response = Body::attach_response(body.as_ref(), response).build();
        self.send(now, key.0, response);
        self.pump(now);
        Ok(())
    }

    /// Answers the requests that the application has left for too long. Never with 408, which its sender has said to itself
    /// by then (RFC 4320 section 4.2).
    pub(super) fn handle_unserved(&mut self, now: Instant) {
        while let Some((server, request)) = self.served.pop_due(now) {
            self.refuse(now, server, &request, &Refusal::Internal);
            self.emit(SessionCoordinationEvent::RequestExpired {
                key: IncomingRequestKey(server),
            });
        }
    }

    /// The transaction of a request ended before the application has answered.
    pub(super) fn forget_served(&mut self, server: ServerKey) {
        self.gate.forget(server);
        if !self.served.is_empty() && self.served.remove(server).is_some() {
            self.emit(SessionCoordinationEvent::RequestExpired {
                key: IncomingRequestKey(server),
            });
        }
    }
}
