//! Changes of the session inside a call by offers of the peer (RFC 3264 section 8).

use std::sync::Arc;
use std::time::Instant;

use rvoip_dialog_core::sip_core::StatusCode;
use rvoip_dialog_core::{Body, ForkId, Leg};

use super::SessionCore;
use super::session::{Exchange, Offering};
use crate::{Result, SessionId};

impl SessionCore {
    /// The peer wants to change the session, or a called party to begin it otherwise before it answers.
    pub(super) fn on_offer(
        &mut self,
        now: Instant,
        id: SessionId,
        fork: Option<ForkId>,
        body: Option<Body>,
    ) {
        let Some(call) = self.sessions.get(id).and_then(|session| session.call) else {
            return;
        };
        let leg = Leg { call, fork };
        if let Some(offer) = &body
            && self.other_leg(id).is_some()
        {
            if !self.relay_offer(now, id, offer) {
                let pending = StatusCode::REQUEST_PENDING;
                if let Err(error) = self.dialogs.refuse_offer(now, leg, pending) {
                    tracing::debug!(session = %id, %error, "the offer is no longer open");
                }
            }
            return;
        }
        let result = match self.answer_peer(now, id, body) {
            Ok(answer) => self.dialogs.answer_offer(
                now,
                leg,
                answer.map(|sdp| Body::sdp(sdp.as_bytes().to_vec())),
            ),
            Err(status) => self.dialogs.refuse_offer(now, leg, status),
        };
        match result {
            Ok(()) => {
                self.note_early_change(id, fork);
                self.follow_hold(now, id, false);
                self.reoffer(now, id);
            }
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
            None => self.media.generate_offer(now, key),
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
            None => {
                session.exchange = Exchange::OfferSent;
                session.offering = Some(Box::new(Offering {
                    sdp: Arc::clone(&description),
                    hold: session.hold_wanted,
                    takes_over: false,
                }));
            }
        }
        Ok(Some(description))
    }
}
