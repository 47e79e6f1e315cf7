//! Joins the offer/answer exchange of signalling with the negotiation and the streams of media.

use std::sync::Arc;
use std::time::Instant;

use rvoip_dialog_core::{Body, ForkId};

use super::SessionCore;
use super::bridge::APPLICATION_MEDIA;
use super::permit::refuse;
use super::session::{Due, Exchange};
use crate::{
    BasicSessionEvent, CallState, Operation, Result, SessionError, SessionId, TerminalCause,
};

impl SessionCore {
    /// The description we owe the peer: the application's own, or a generated one.
    pub(super) fn describe(
        &mut self,
        now: Instant,
        id: SessionId,
        sdp: Option<String>,
    ) -> Result<Arc<str>> {
        let session = self.session(id)?;
        let generated = session.local_sdp.clone();
        let description: Arc<str> = match (sdp, generated) {
            (Some(own), Some(generated)) if own == *generated => generated,
            (None, Some(generated)) => generated,
            (Some(own), _) => {
                self.leave_bridge(now, id, APPLICATION_MEDIA);
                if let Some(key) = self.sessions.unlink_media(id) {
                    let stopped = self.media.stop(now, key);
                    tracing::debug!(session = %id, ?stopped, "the application handles the media");
                }
                Arc::from(own)
            }
            (None, None) => self.generate(now, id)?,
        };
        if let Some(session) = self.sessions.get_mut(id) {
            session.local_sdp = Some(Arc::clone(&description));
            session.exchange = match session.exchange {
                Exchange::OfferReceived => Exchange::Settled,
                Exchange::OfferWanted => Exchange::OfferSent,
                settled => settled,
            };
        }
        Ok(description)
    }

    /// Writes our description: the answer to the peer's offer, or an offer.
    fn generate(&mut self, now: Instant, id: SessionId) -> Result<Arc<str>> {
        let session = self.session(id)?;
        let offer = session
            .remote_sdp
            .clone()
            .filter(|_| session.exchange == Exchange::OfferReceived);
        let media = |source| SessionError::Media {
            session_id: id,
            source,
        };
        let key = match session.media {
            Some(key) => key,
            None => {
                let key = self.media.create_session(now).map_err(media)?;
                self.sessions.link_media(id, key);
                let sends_audio = self.settings.sends_audio;
                if let Some(session) = self.sessions.get_mut(id) {
                    session.sends_audio = sends_audio;
                }
                key
            }
        };
        match offer {
            Some(offer) => self.media.generate_answer(now, key, &offer),
            None => self.media.generate_offer(now, key),
        }
        .map_err(media)
    }

    /// Writes our description ahead of the decision about the call, or of placing it; the same one is sent then. With an
    /// `offer` it is the answer to that.
    ///
    /// # Errors
    /// No such session, no answer is due, or no media can be agreed on.
    pub fn generate_sdp(
        &mut self,
        now: Instant,
        id: SessionId,
        offer: Option<&str>,
    ) -> Result<Arc<str>> {
        let session = self
            .sessions
            .get_mut(id)
            .ok_or(SessionError::SessionNotFound(id))?;
        let known = session.remote_sdp.as_deref() == offer;
        if let (Some(sdp), true) = (&session.local_sdp, known || offer.is_none()) {
            return Ok(Arc::clone(sdp));
        }
        if let Some(offer) = offer {
            if session.exchange != Exchange::OfferReceived {
                return Err(refuse(session, Operation::AnswerOffer));
            }
            session.remote_sdp = Some(Arc::from(offer));
        }
        let sdp = self.generate(now, id)?;
        if let Some(session) = self.sessions.get_mut(id) {
            session.local_sdp = Some(Arc::clone(&sdp));
        }
        Ok(sdp)
    }

    /// Both sides have agreed: media flows.
    pub(super) fn establish(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        session.exchange = Exchange::Settled;
        let call = Arc::clone(&session.record);
        let (local_sdp, remote_sdp) = (session.local_sdp.clone(), session.remote_sdp.clone());
        if let Some(Err(error)) = session.media.map(|key| self.media.start(now, key)) {
            tracing::warn!(session = %id, %error, "media cannot start");
            return self.end(now, id, Some(TerminalCause::MediaFailed));
        }
        call.set_early_media(false);
        self.totals.answered += 1;
        self.record_to_directory(now, id);
        let limit = self.settings.session_timeout.map(|timeout| now + timeout);
        self.sessions.schedule(id, Due::TimeLimit, limit);
        self.enter(now, id, CallState::Active, None);
        self.events.push_back(BasicSessionEvent::Established {
            call,
            local_sdp,
            remote_sdp,
        });
        self.referred_call_answered(now, id);
        self.follow_hold(now, id, false);
    }

    /// Our call was answered; by `answer`, unless that has come before.
    pub(super) fn on_first_answer(
        &mut self,
        now: Instant,
        id: SessionId,
        fork: Option<ForkId>,
        answer: Option<Arc<str>>,
    ) {
        if let Some(other) = self.other_leg(id) {
            return self.relay_answer(now, id, other, answer);
        }
        let Ok(answer) = self.final_answer(id, fork, answer) else {
            return self.end(now, id, Some(TerminalCause::MediaFailed));
        };
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        if let Some(answer) = answer {
            if let Some(key) = session.media
                && let Err(error) = self.media.apply_answer(now, key, &answer)
            {
                tracing::info!(session = %id, %error, "the answer is of no use");
                return self.end(now, id, Some(TerminalCause::MediaFailed));
            }
            session.remote_sdp = Some(answer);
        }
        self.establish(now, id);
    }

    /// The answer to an offer of ours: to a re-INVITE or an UPDATE, in an ACK or a PRACK. `confirmed` when it is the ACK of the
    /// call itself.
    pub(super) fn on_answer(
        &mut self,
        now: Instant,
        id: SessionId,
        body: Option<&Body>,
        confirmed: bool,
    ) {
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        if session.exchange != Exchange::OfferSent {
            return;
        }
        let answer = text(body);
        if session.record.state().is_answered() {
            self.on_reoffer_answered(now, id, answer);
        } else if confirmed {
            self.on_first_answer(now, id, None, answer);
        } else {
            self.on_early_answer(now, id, answer.as_deref());
        }
    }
}

/// A description, when it is text.
pub(super) fn text(body: Option<&Body>) -> Option<Arc<str>> {
    std::str::from_utf8(&body?.content).ok().map(Arc::from)
}
