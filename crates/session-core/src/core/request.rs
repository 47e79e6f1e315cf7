//! Requests of the application on their way down, those of peers on their way up.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use rvoip_dialog_core::sip_core::digest::Ha1;
use rvoip_dialog_core::sip_core::{ByteString, HeaderName, Method, Request, Response};
use rvoip_dialog_core::{
    Account, Body, CallKey, DialogError, EndCause, IncomingRequestKey, OutgoingRequest, RequestKey,
    SecretKey,
};

use super::SessionCore;
use crate::message::{IncomingRequest, RequestAnswer};
use crate::{BasicSessionEvent, Operation, Result, SessionError, SessionId, TerminalCause};

/// Told what became of a request: its final response, or why there is none. Dropped when everything stops.
pub type RequestReply = Box<dyn FnOnce(Result<Arc<Response>, TerminalCause>) + Send>;

/// Who waits for the response to a request that was sent.
pub(super) enum Reply {
    /// The application.
    Application(RequestReply),
    /// The digits of this session that follow.
    Digit(SessionId),
}

/// Who waits for the responses to requests that were sent.
#[derive(Default)]
pub(super) struct Replies(HashMap<RequestKey, Reply>);

impl Replies {
    pub(super) fn expect(&mut self, key: RequestKey, reply: Reply) {
        self.0.insert(key, reply);
    }
}

impl SessionCore {
    /// The accounts that challenges are answered with from now on.
    pub fn set_accounts(&mut self, accounts: Vec<Account>) {
        self.dialogs.set_accounts(accounts);
    }

    /// Brings the secret that a [`SecretWanted`](BasicSessionEvent::SecretWanted) has asked for; `None` when there is no such
    /// user. In vain when the request no longer waits.
    pub fn answer_secret(&mut self, now: Instant, key: SecretKey, secret: Option<Ha1>) {
        self.dialogs.answer_secret(now, key, secret);
        self.pump(now);
    }

    /// Sends a request outside calls, by the way of its sender's registration unless it names one; to a user who is
    /// registered with this side it goes to the best of his contacts.
    ///
    /// # Errors
    /// When dialog-core refuses it; `reply` is dropped then.
    pub fn send_request(
        &mut self,
        now: Instant,
        mut request: OutgoingRequest,
        reply: RequestReply,
    ) -> Result<()> {
        if request.route.is_empty() && request.target.is_none() {
            let asked = request.request_uri.as_ref().unwrap_or(&request.remote);
            let way = self.way(now, request.local.uri(), asked);
            request.request_uri = Some(way.uri);
            (request.route, request.target) = (way.route, way.target);
        }
        let to = request.remote.as_str().to_owned();
        let sent = self.dialogs.request(now, request);
        let key = sent.map_err(|source| match source {
            DialogError::Unreachable(_) => SessionError::InvalidUri(to),
            source => SessionError::Dialog {
                session_id: None,
                source,
            },
        })?;
        self.replies.expect(key, Reply::Application(reply));
        self.pump(now);
        Ok(())
    }

    /// Sends a request inside an answered call.
    ///
    /// # Errors
    /// No such session, one that is not answered, or when dialog-core refuses it; `reply` is dropped then.
    pub fn send_request_in_call(
        &mut self,
        now: Instant,
        id: SessionId,
        method: Method,
        headers: &[(HeaderName, ByteString)],
        body: Option<Body>,
        reply: RequestReply,
    ) -> Result<()> {
        let session = self.permit(id, Operation::SendRequest)?;
        let key = session.call.ok_or(SessionError::SessionNotFound(id))?;
        let sent = self
            .dialogs
            .request_in_call(now, key, method, headers, body);
        let key = sent.map_err(|source| SessionError::Dialog {
            session_id: Some(id),
            source,
        })?;
        self.replies.expect(key, Reply::Application(reply));
        self.pump(now);
        Ok(())
    }

    /// Answers a request of a peer. One that waits no longer, as its time is over, is left alone.
    pub fn answer_request(&mut self, now: Instant, key: IncomingRequestKey, answer: RequestAnswer) {
        let (status, headers, body) = answer.into_parts();
        let answered = self
            .dialogs
            .answer_request(now, key, status, &headers, body);
        if let Err(error) = answered {
            tracing::debug!(%error, "a request was answered in vain");
        }
        self.pump(now);
    }

    /// A request of ours is over, with a response or without.
    pub(super) fn on_request_over(
        &mut self,
        now: Instant,
        key: RequestKey,
        outcome: Result<Arc<Response>, EndCause>,
    ) {
        match self.replies.0.remove(&key) {
            Some(Reply::Application(reply)) => reply(outcome.map_err(Into::into)),
            Some(Reply::Digit(id)) => {
                let taken = outcome.is_ok_and(|response| response.status().is_success());
                self.on_digit_answered(now, id, taken);
            }
            None => {}
        }
    }

    pub(super) fn on_incoming_request(
        &mut self,
        now: Instant,
        key: IncomingRequestKey,
        call: Option<CallKey>,
        request: Arc<Request>,
    ) {
        let session = call.and_then(|call| self.sessions.of_call(call));
        let call = session
            .and_then(|id| self.sessions.get(id))
            .map(|session| Arc::clone(&session.record));
        let user = self.dialogs.authenticated_user(&request);
        let request = IncomingRequest {
            key,
            request,
            session_id: session,
            user,
        };
        if !self.takes_info(now, key, &request) {
            self.events
                .push_back(BasicSessionEvent::RequestReceived { call, request });
        }
    }
}
