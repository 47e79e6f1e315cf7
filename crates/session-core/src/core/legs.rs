//! The legs of a call that was sent on from here: what one offers, answers, refuses or ends goes to the other. Media flows
//! between the parties directly.

use std::sync::Arc;
use std::time::Instant;

use rvoip_dialog_core::sip_core::StatusCode;
use rvoip_dialog_core::{Body, CallKey, EndCause, OfferMethod};

use super::SessionCore;
use super::session::{Due, Exchange};
use crate::{CallDirection, CallState, Result, SessionId, TerminalCause};

impl SessionCore {
    /// The other leg of a forwarded call, and the call of it.
    pub(super) fn other_leg(&self, id: SessionId) -> Option<(SessionId, CallKey)> {
        let other = self.sessions.get(id)?.leg()?.other;
        Some((other, self.sessions.get(other)?.call?))
    }

    /// The called party of a forwarded call rings: so does the caller's telephone.
    pub(super) fn relay_progress(
        &mut self,
        now: Instant,
        second: SessionId,
        (first, key): (SessionId, CallKey),
        status: StatusCode,
        body: Option<Body>,
    ) {
        let heard = self.settings.forked_early_media;
        self.sessions.schedule(first, Due::Alert, None);
        let Some(session) = self.sessions.get_mut(first) else {
            return;
        };
        session.alerted = true;
        // The caller has one answer to his offer: that of whoever takes the call.
        let body = body.filter(|_| match &mut session.extras_mut().targets {
            Some(targets) => targets.lets_hear(second, heard),
            None => true,
        });
        if let Err(error) = self.dialogs.provisional(now, key, status, body, false) {
            tracing::debug!(session = %first, %error, "cannot ring");
        }
    }

    /// The called party of a forwarded call has answered.
    pub(super) fn relay_answer(
        &mut self,
        now: Instant,
        second: SessionId,
        (first, key): (SessionId, CallKey),
        answer: Option<Arc<str>>,
    ) {
        let accepted = answer
            .as_ref()
            .is_some_and(|answer| self.dialogs.accept(now, key, Some(body(answer))).is_ok());
        if !accepted {
            return self.end(now, second, Some(TerminalCause::MediaFailed));
        }
        self.sessions.schedule(first, Due::Alert, None);
        self.cancel_losers(now, first, Some(second));
        if let Some(session) = self.sessions.get_mut(first) {
            session.local_sdp = answer.clone();
            if let Some(leg) = &mut session.extras_mut().leg {
                leg.other = second;
            }
        }
        if let Some(session) = self.sessions.get_mut(second) {
            session.remote_sdp = answer;
        }
        self.establish(now, second);
        self.establish(now, first);
    }

    /// A party of a forwarded call changes the session: the other one is asked. Returns whether it has been.
    pub(super) fn relay_offer(&mut self, now: Instant, id: SessionId, offer: &Body) -> bool {
        let Some((other, key)) = self.other_leg(id) else {
            return false;
        };
        let Ok(text) = std::str::from_utf8(&offer.content) else {
            return false;
        };
        let text: Arc<str> = Arc::from(text);
        let Some(session) = self.sessions.get_mut(other) else {
            return false;
        };
        if session.exchange != Exchange::Settled
            || self
                .dialogs
                .offer(now, key, OfferMethod::Invite, body(&text))
                .is_err()
        {
            return false;
        }
        session.exchange = Exchange::OfferSent;
        session.local_sdp = Some(Arc::clone(&text));
        if let Some(leg) = &mut session.extras_mut().leg {
            leg.relays = true;
        }
        if let Some(session) = self.sessions.get_mut(id) {
            session.remote_sdp = Some(text);
        }
        true
    }

    /// The other party has answered what was relayed, or refused it; returns whether anything was.
    pub(super) fn relay_outcome(
        &mut self,
        now: Instant,
        id: SessionId,
        outcome: Result<Option<Arc<str>>, StatusCode>,
    ) -> bool {
        let Some(session) = self.sessions.get_mut(id) else {
            return false;
        };
        if session.leg().is_none_or(|leg| !leg.relays) {
            return false;
        }
        if let Some(leg) = &mut session.extras_mut().leg {
            leg.relays = false;
        }
        session.exchange = Exchange::Settled;
        let Some((other, key)) = self.other_leg(id) else {
            return true;
        };
        let told = match outcome {
            Ok(Some(answer)) => {
                if let Some(session) = self.sessions.get_mut(id) {
                    session.remote_sdp = Some(Arc::clone(&answer));
                }
                if let Some(session) = self.sessions.get_mut(other) {
                    session.local_sdp = Some(Arc::clone(&answer));
                }
                self.dialogs.answer_offer(now, key, Some(body(&answer)))
            }
            Ok(None) => self
                .dialogs
                .refuse_offer(now, key, StatusCode::NOT_ACCEPTABLE_HERE, &[]),
            Err(status) => self.dialogs.refuse_offer(now, key, status, &[]),
        };
        if let Err(error) = told {
            tracing::debug!(session = %other, %error, "the offer is no longer open");
        }
        true
    }

    /// One leg of a forwarded call is over: so is the other, as the peer said, unless another target is left.
    pub(super) fn end_other_leg(&mut self, now: Instant, id: SessionId, cause: &EndCause) {
        self.cancel_losers(now, id, None);
        let Some((other, key)) = self.other_leg(id) else {
            return;
        };
        let status = match cause {
            EndCause::Rejected { status, .. } | EndCause::Redirected { status, .. } => *status,
            EndCause::TimedOut => StatusCode::SERVER_TIMEOUT,
            EndCause::Unlocated { .. } => StatusCode::NOT_FOUND,
            EndCause::TransportFailed { .. } => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::TEMPORARILY_UNAVAILABLE,
        };
        let Some(status) = self.after_refusal(now, other, id, status) else {
            return;
        };
        let undecided = self.sessions.get(other).is_some_and(|session| {
            session.record.direction() == CallDirection::Incoming
                && session.record.state() == CallState::Ringing
        });
        if let Some(session) = self.sessions.get_mut(other) {
            session.extras_mut().leg = None;
        }
        let refused = undecided && self.dialogs.reject(now, key, status, &[]).is_ok();
        if !refused {
            self.end(now, other, None);
        }
    }

    /// A target of a call has refused it: others go on, or the next are tried. What the caller is told when there are none;
    /// of a call that has been taken, this status.
    fn after_refusal(
        &mut self,
        now: Instant,
        first: SessionId,
        branch: SessionId,
        status: StatusCode,
    ) -> Option<StatusCode> {
        let session = self.sessions.get_mut(first)?;
        let Some(mut targets) = session.extras_mut().targets.take() else {
            return Some(status);
        };
        let others_ring = targets.refused(branch, status);
        if targets.is_refused_for_all() {
            let losers = targets.take_ringing();
            self.part(now, losers);
        } else if others_ring || self.ring_next(now, first, &mut targets).is_ok() {
            let session = self.sessions.get_mut(first)?;
            session.extras_mut().targets = Some(targets);
            return None;
        }
        Some(targets.outcome())
    }

    /// The call has been taken, or is over: its other targets are let go.
    fn cancel_losers(&mut self, now: Instant, first: SessionId, winner: Option<SessionId>) {
        let session = self.sessions.get_mut(first);
        let Some(targets) = session.and_then(|session| session.take_targets()) else {
            return;
        };
        let losers = targets.into_losers(winner);
        self.part(now, losers);
    }

    /// Ends legs of a call whose other leg goes on without them.
    fn part(&mut self, now: Instant, legs: Vec<SessionId>) {
        for leg in legs {
            if let Some(session) = self.sessions.get_mut(leg) {
                session.extras_mut().leg = None;
            }
            self.end(now, leg, None);
        }
    }
}

/// A description as a body.
pub(super) fn body(sdp: &Arc<str>) -> Body {
    Body::sdp(sdp.as_bytes().to_vec())
}
