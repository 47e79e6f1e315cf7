//! Sends requests of the application and waits for their responses.

use std::time::Instant;

use rvoip_dialog_core::Account;
use rvoip_dialog_core::sip_core::{HeaderName, Method};
use tokio::sync::oneshot;

use super::{IncomingRequest, RequestAnswer, SipRequest, SipResponse, lines};
use crate::switchboard::Switchboard;
use crate::{CallSession, RequestReply, Result, SessionCoordinator, SessionCore, SessionError};

/// Sends a request by `send`, and waits for its response.
async fn ask(
    switchboard: &Switchboard,
    send: impl FnOnce(&mut SessionCore, Instant, RequestReply) -> Result<()> + Send + 'static,
) -> Result<SipResponse> {
    let (told, answer) = oneshot::channel();
    let reply: RequestReply = Box::new(move |outcome| {
        // Who asked may wait no longer.
        let _ = told.send(outcome);
    });
    switchboard
        .call(move |core, now| send(core, now, reply))
        .await??;
    match answer.await {
        Ok(Ok(response)) => Ok(SipResponse(response)),
        Ok(Err(cause)) => Err(SessionError::Unanswered { cause }),
        Err(_) => Err(SessionError::Stopped),
    }
}

impl SessionCoordinator {
    /// Sends a request and waits for its final response, which may be a refusal: 401 too, when no account is for it.
    ///
    /// # Errors
    /// A URI or a method that is not for this, [`SessionError::Unanswered`] without a response, and after the coordinator
    /// was stopped.
    pub async fn send_request(&self, request: SipRequest) -> Result<SipResponse> {
        let request = request.into_outgoing()?;
        let send = |core: &mut SessionCore, now, reply| core.send_request(now, request, reply);
        ask(&self.switchboard, send).await
    }

    /// Answers a request that a [`RequestReceived`](crate::BasicSessionEvent::RequestReceived) told of, where no handler
    /// does. One that waits no longer is left alone.
    ///
    /// # Errors
    /// After the coordinator was stopped.
    pub async fn answer_request(
        &self,
        request: &IncomingRequest,
        answer: RequestAnswer,
    ) -> Result<()> {
        let key = request.key;
        self.switchboard
            .post(move |core, now| core.answer_request(now, key, answer))
            .await
    }

    /// Answers challenges with these accounts from now on, in the place of those before.
    ///
    /// # Errors
    /// After the coordinator was stopped.
    pub async fn set_accounts(&self, accounts: Vec<Account>) -> Result<()> {
        self.switchboard
            .post(move |core, _| core.set_accounts(accounts))
            .await
    }

    /// Sends a text (MESSAGE, RFC 3428).
    ///
    /// # Errors
    /// As [`send_request`](Self::send_request).
    pub async fn send_message(&self, from: &str, to: &str, text: &str) -> Result<SipResponse> {
        let request = SipRequest::new(Method::Message, from, to);
        self.send_request(request.with_body("text/plain;charset=UTF-8", text))
            .await
    }

    /// Asks what a peer can do (OPTIONS, RFC 3261 section 11).
    ///
    /// # Errors
    /// As [`send_request`](Self::send_request).
    pub async fn send_options(&self, from: &str, to: &str) -> Result<SipResponse> {
        self.send_request(SipRequest::new(Method::Options, from, to))
            .await
    }
}

impl CallSession {
    /// Sends a request inside the call, which it leaves as it is, and waits for its final response: INFO, MESSAGE, OPTIONS
    /// or a method of the application.
    ///
    /// # Errors
    /// When the call is not answered or over, for a method that is not for this, [`SessionError::Unanswered`] without a
    /// response.
    pub async fn send_request(
        &self,
        method: Method,
        headers: Vec<(HeaderName, String)>,
        body: Option<(String, Vec<u8>)>,
    ) -> Result<SipResponse> {
        let (id, headers, body) = (self.id, lines(headers), body.map(super::body));
        let send = move |core: &mut SessionCore, now, reply| {
            core.send_request_in_call(now, id, method, &headers, body, reply)
        };
        ask(self.switchboard(), send).await
    }

    /// Sends a text inside the call (MESSAGE, RFC 3428).
    ///
    /// # Errors
    /// As [`send_request`](Self::send_request).
    pub async fn send_message(&self, text: &str) -> Result<SipResponse> {
        let body = Some(("text/plain;charset=UTF-8".to_owned(), text.into()));
        self.send_request(Method::Message, Vec::new(), body).await
    }

    /// Sends an INFO of a package (RFC 6086), or without one as `application/dtmf-relay` does.
    ///
    /// # Errors
    /// As [`send_request`](Self::send_request).
    pub async fn send_info(
        &self,
        package: Option<&str>,
        media_type: &str,
        body: impl Into<Vec<u8>>,
    ) -> Result<SipResponse> {
        let package =
            package.map(|package| (HeaderName::Other("Info-Package".into()), package.to_owned()));
        let body = Some((media_type.to_owned(), body.into()));
        self.send_request(Method::Info, package.into_iter().collect(), body)
            .await
    }
}
