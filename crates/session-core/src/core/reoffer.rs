//! Changes of the session inside a call by offers of the peer (RFC 3264 section 8).

use std::sync::Arc;
use std::time::Instant;

use rvoip_dialog_core::sip_core::{ByteString, HeaderName, StatusCode, Warning};
use rvoip_dialog_core::{Body, ForkId, Leg};
use rvoip_media_core::MediaError;

use super::SessionCore;
use super::session::{Exchange, Offering};
use crate::{Result, SessionId};

/// Who warns: what runs here is not told to strangers.
const WARN_AGENT: &str = "endpoint";

/// The status that refuses an offer, and its Warning.
pub(super) type Refusal = (StatusCode, Option<(HeaderName, ByteString)>);

/// How an offer is refused that media cannot meet (RFC 3261 sections 13.3.1.3 and 20.43).
pub(super) fn refusal(error: &MediaError) -> Refusal {
    let status = StatusCode::new(error.sip_status()).unwrap_or(StatusCode::NOT_ACCEPTABLE_HERE);
    let warning = error.warning().map(|(code, text)| {
        let warning = Warning::new(code, WARN_AGENT, text).to_string();
        (HeaderName::Warning, ByteString::from(warning))
    });
    (status, warning)
}

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
                if let Err(error) = self.dialogs.refuse_offer(now, leg, pending, &[]) {
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
            Err((status, warning)) => {
                self.dialogs
                    .refuse_offer(now, leg, status, warning.as_slice())
            }
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
    ) -> Result<Option<Arc<str>>, Refusal> {
        let session = self
            .sessions
            .get_mut(id)
            .ok_or((StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST, None))?;
        let offer = match body.as_ref().map(|body| std::str::from_utf8(&body.content)) {
            None => None,
            Some(Ok(offer)) => Some(offer),
            Some(Err(_)) => return Err((StatusCode::BAD_REQUEST, None)),
        };
        let Some(key) = session.media else {
            // The application's own media: nothing can be changed here, but a refresh of what stands can be met.
            let refresh = offer.is_none_or(|offer| session.remote_sdp.as_deref() == Some(offer));
            return session
                .local_sdp
                .clone()
                .filter(|_| refresh)
                .map(Some)
                .ok_or((StatusCode::NOT_ACCEPTABLE_HERE, None));
        };
        let description = match offer {
            Some(offer) => self.media.generate_answer(now, key, offer),
            None => self.media.generate_offer(now, key),
        };
        let description = match description {
            Ok(description) => description,
            Err(error) => {
                tracing::debug!(session = %id, %error, "offer refused");
                return Err(refusal(&error));
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
