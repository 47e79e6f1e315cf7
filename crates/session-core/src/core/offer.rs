//! Changes of the session inside a call by offers of ours (RFC 3264 section 8).

use std::sync::Arc;
use std::time::{Duration, Instant};

use rvoip_dialog_core::sip_core::StatusCode;
use rvoip_dialog_core::{Body, DialogError, OfferMethod};

use super::SessionCore;
use super::bridge::APPLICATION_MEDIA;
use super::session::{Due, Exchange, Offering};
use crate::{BasicSessionEvent, Operation, Result, SessionId};

/// How long an offer waits that could not be sent because another exchange is not over, as when its ACK is under way.
const OFFER_AGAIN: Duration = Duration::from_millis(500);

/// Offers sent for one change when the peer changes the session first again and again; dialog-core waits between them.
const MAX_GLARES: u8 = 8;

impl SessionCore {
    /// Offers the application's description; its own handling of the media begins with the answer. Our description as it
    /// stands is a refresh.
    ///
    /// # Errors
    /// No such session, or one that is not answered.
    pub fn update_media(
        &mut self,
        now: Instant,
        id: SessionId,
        sdp: &str,
        method: OfferMethod,
    ) -> Result<()> {
        self.permit(id, Operation::UpdateMedia)?;
        if let Some(session) = self.sessions.get_mut(id) {
            session.extras_mut().update = Some((Box::from(sdp), method));
            session.record.begin_offer();
        }
        self.reoffer(now, id);
        self.pump(now);
        Ok(())
    }

    /// Sends the offer that is wanted, unless an exchange is open: then it follows when that is over.
    pub(super) fn reoffer(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let idle = session.exchange == Exchange::Settled
            && session.ended.is_none()
            && session.record.state().is_answered();
        let wanted =
            session.hold_wanted != session.record.hold().local || session.update().is_some();
        let Some(call) = session.call.filter(|_| idle) else {
            return;
        };
        if !wanted {
            session.record.settle_offer(None);
            return;
        }
        let (hold, media) = (session.hold_wanted, session.media);
        let method = session.offer_method();
        let own = session
            .update()
            .filter(|own| media.is_none() || session.local_sdp.as_deref() != Some(*own))
            .map(Arc::from);
        let (sdp, takes_over) = match (own, media) {
            (Some(own), media) => (own, media.is_some()),
            (None, Some(key)) => match self.media.generate_offer(now, key) {
                Ok(sdp) => (sdp, false),
                Err(error) => {
                    tracing::warn!(session = %id, %error, "no offer can be written");
                    let status = StatusCode::SERVER_INTERNAL_ERROR;
                    return self.on_offer_refused(now, id, status);
                }
            },
            (None, None) => return,
        };
        let sent = self
            .dialogs
            .offer(now, call, method, Body::sdp(sdp.as_bytes().to_vec()));
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        match sent {
            Ok(()) => {
                session.exchange = Exchange::OfferSent;
                session.offering = Some(Box::new(Offering {
                    sdp,
                    hold,
                    takes_over,
                }));
            }
            Err(DialogError::OfferAnswer { .. }) => {
                self.withdraw(now, id);
                let again = Some(now + OFFER_AGAIN);
                self.sessions.schedule(id, Due::Offer, again);
            }
            Err(error) => {
                tracing::info!(session = %id, %error, "the offer cannot be sent");
                self.on_offer_refused(now, id, StatusCode::SERVER_INTERNAL_ERROR);
            }
        }
    }

    /// The peer has answered our offer inside the call.
    pub(super) fn on_reoffer_answered(
        &mut self,
        now: Instant,
        id: SessionId,
        answer: Option<Arc<str>>,
    ) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let offering = session.offering.take();
        let media = session.media;
        if self.relay_outcome(now, id, Ok(answer.clone())) {
            return;
        }
        let takes_over = offering.as_ref().is_some_and(|it| it.takes_over);
        let applied = match (media.filter(|_| !takes_over), &answer) {
            (Some(key), Some(answer)) => self.media.apply_answer(now, key, answer).is_ok(),
            (None, Some(_)) => true,
            (_, None) => false,
        };
        if !applied {
            tracing::warn!(session = %id, "the peer's answer is of no use: media stays as it was");
            return self.on_offer_refused(now, id, StatusCode::NOT_ACCEPTABLE_HERE);
        }
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        session.exchange = Exchange::Settled;
        session.glares = 0;
        session.forget_update();
        session.remote_sdp = answer;
        let hold = offering.as_ref().is_some_and(|it| it.hold);
        if let Some(offering) = offering {
            session.local_sdp = Some(offering.sdp);
        }
        if takes_over {
            self.leave_bridge(now, id, APPLICATION_MEDIA);
        }
        if takes_over && let Some(key) = self.sessions.unlink_media(id) {
            let stopped = self.media.stop(now, key);
            tracing::debug!(session = %id, ?stopped, "the application handles the media");
        }
        self.set_local_hold(now, id, hold);
        self.follow_hold(now, id, hold);
        self.reoffer(now, id);
    }

    /// Our offer inside the call was refused: the session stays as it was (RFC 3264 section 8).
    pub(super) fn on_offer_refused(&mut self, now: Instant, id: SessionId, status: StatusCode) {
        if self.relay_outcome(now, id, Err(status)) {
            return;
        }
        self.withdraw(now, id);
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        if status == StatusCode::REQUEST_PENDING && session.glares < MAX_GLARES {
            session.glares += 1;
            // Its time to wait has passed already, below.
            return self.reoffer(now, id);
        }
        session.glares = 0;
        session.forget_update();
        let (call, held) = (Arc::clone(&session.record), session.record.hold().local);
        if let Err(error) = self.want_hold(now, id, held) {
            tracing::debug!(session = %id, %error, "the media is gone");
        }
        self.set_local_hold(now, id, held);
        call.settle_offer(Some(status));
        self.events
            .push_back(BasicSessionEvent::OfferRefused { call, status });
    }

    /// Forgets our outstanding offer.
    fn withdraw(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        session.offering = None;
        if session.exchange == Exchange::OfferSent {
            session.exchange = Exchange::Settled;
        }
        if let Some(Err(error)) = session.media.map(|key| self.media.withdraw_offer(now, key)) {
            tracing::debug!(session = %id, %error, "the media is gone");
        }
    }
}
