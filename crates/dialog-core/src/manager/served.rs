//! Requests of peers that the application answers, outside calls and in them (RFC 3261 section 8.2).

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use rvoip_transaction_core::ServerKey;
use rvoip_transaction_core::sip_core::{ByteString, HeaderName, Method, Request, StatusCode};
use rvoip_transaction_core::sip_transport::Flow;

use super::DialogManager;
use crate::id::KeyMap;
use crate::out_of_dialog::Refusal;
use crate::{Body, CallKey, DialogError, IncomingRequestKey, SessionCoordinationEvent};

/// The requests of peers that wait for the application.
#[derive(Debug, Default)]
pub(super) struct Served {
    waiting: KeyMap<ServerKey, Arc<Request>>,
    /// All have the same time, so that the first is the oldest. An answered one stays until it is the first.
    due: VecDeque<(Instant, ServerKey)>,
}

impl Served {
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.due.front().map(|(at, _)| *at)
    }

    fn insert(&mut self, server: ServerKey, request: Arc<Request>, due: Instant) {
        let waiting = &mut self.waiting;
        waiting.insert(server, request);
        self.due.push_back((due, server));
        if self.due.len() > 2 * waiting.len() + 64 {
            self.due.retain(|(_, server)| waiting.contains_key(server));
        }
    }

    fn remove(&mut self, server: ServerKey) -> Option<Arc<Request>> {
        let request = self.waiting.remove(&server);
        let waiting = &self.waiting;
        while let Some((_, first)) = self.due.front()
            && !waiting.contains_key(first)
        {
            self.due.pop_front();
        }
        request
    }

    fn pop_due(&mut self, now: Instant) -> Option<(ServerKey, Arc<Request>)> {
        let (_, server) = *self.due.front().filter(|(at, _)| *at <= now)?;
        let request = self.remove(server)?;
        Some((server, request))
    }
}

impl DialogManager {
    /// Hands a request to the application.
    pub(super) fn serve(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: Request,
        call: Option<CallKey>,
        flow: Flow,
    ) {
        if self.served.waiting.len() >= self.max_requests() {
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
        if !self.served.is_empty() && self.served.remove(server).is_some() {
            self.emit(SessionCoordinationEvent::RequestExpired {
                key: IncomingRequestKey(server),
            });
        }
    }
}
