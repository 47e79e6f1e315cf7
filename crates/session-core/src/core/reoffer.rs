//! Changes of the session inside a call (RFC 3264 section 8): the peer offers again, or holds.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use rvoip_dialog_core::Body;
use rvoip_dialog_core::sip_core::StatusCode;

use super::SessionCore;
use super::sessions::Exchange;
use crate::{CallState, Result, SessionId};

impl SessionCore {
    /// The peer wants to change the session (re-INVITE).
    pub(super) fn on_offer(&mut self, now: Instant, id: SessionId, body: Option<Body>) {
        let Some(key) = self.sessions.get(id).and_then(|session| session.call) else {
            return;
        };
        let result = match self.answer_peer(now, id, body) {
            Ok(answer) => self.dialogs.answer_offer(
                now,
                key,
                answer.map(|sdp| Body::sdp(sdp.as_bytes().to_vec())),
            ),
            Err(status) => self.dialogs.refuse_offer(now, key, status),
        };
        match result {
            Ok(()) => self.follow_hold(now, id),
            Err(error) => tracing::debug!(session = %id, %error, "the offer is no longer open"),
        }
    }

    /// What we say to an offer inside the call; without one, we offer.
    pub(super) fn answer_peer(
        &mut self,
        now: Instant,
        id: SessionId,
        body: Option<Body>,
    ) -> Result<Option<Arc<str>>, StatusCode> {
        let session = self
            .sessions
            .get_mut(id)
            .ok_or(StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST)?;
        let offer = match body.as_ref().map(|body| std::str::from_utf8(&body.content)) {
            None => None,
            Some(Ok(offer)) => Some(offer),
            Some(Err(_)) => return Err(StatusCode::BAD_REQUEST),
        };
        let Some(key) = session.media else {
            // The application's own media: nothing can be changed here, but a refresh of what stands can be met.
            let refresh = offer.is_none_or(|offer| session.remote_sdp.as_deref() == Some(offer));
            return session
                .local_sdp
                .clone()
                .filter(|_| refresh)
                .map(Some)
                .ok_or(StatusCode::NOT_ACCEPTABLE_HERE);
        };
        let description = match offer {
            Some(offer) => self.media.generate_answer(now, key, offer),
            None => self.media.generate_offer(key),
        };
        let description = match description {
            Ok(description) => description,
            Err(error) => {
                tracing::debug!(session = %id, %error, "offer refused");
                return Err(
                    StatusCode::new(error.sip_status()).unwrap_or(StatusCode::NOT_ACCEPTABLE_HERE)
                );
            }
        };
        session.local_sdp = Some(Arc::clone(&description));
        match offer {
            Some(offer) => session.remote_sdp = Some(Arc::from(offer)),
            None => session.exchange = Exchange::OfferSent,
        }
        Ok(Some(description))
    }

    /// On hold as long as the peer holds.
    pub(super) fn follow_hold(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        let held = session
            .media
            .and_then(|key| self.media.parameters(key))
            .is_some_and(|media| media.held);
        let next = if held {
            CallState::OnHold
        } else {
            CallState::Active
        };
        if session.record.state().is_answered() {
            self.enter(
                now,
                id,
                next,
                held.then_some(Cow::Borrowed("held by the peer")),
            );
        }
    }
}
