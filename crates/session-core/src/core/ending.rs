//! The end of a call: one way in, exactly one event out, nothing left.

use std::time::{Duration, Instant};

use rvoip_dialog_core::{EndCause, TerminateCause};
use rvoip_media_core::Stopped;

use super::SessionCore;
use super::session::Due;
use crate::{BasicSessionEvent, CallState, Result, SessionId, TerminalCause};

/// The media worker answers within one frame; when it does not, the call ends without its last figures.
const MEDIA_END_WITHIN: Duration = Duration::from_secs(2);

impl SessionCore {
    /// Ends a session, whatever its state: CANCEL, BYE or a refusal. Does nothing when it is ending already.
    ///
    /// # Errors
    /// When there is no such session.
    pub fn terminate(&mut self, now: Instant, id: SessionId) -> Result<()> {
        self.session(id)?;
        self.end(now, id, None);
        self.pump(now);
        Ok(())
    }

    /// Ends every session without waiting any longer for its peer; the media is still closed in order.
    pub fn abandon(&mut self, now: Instant) {
        for id in self.sessions.ids() {
            if self
                .session(id)
                .is_ok_and(|session| session.ended.is_none())
            {
                self.sessions.unlink_call(id);
                self.close(now, id, TerminalCause::Shutdown);
            }
        }
    }

    /// `cause` says more than the way the call ends; `None` leaves that to the signalling.
    pub(super) fn end(&mut self, now: Instant, id: SessionId, cause: Option<TerminalCause>) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        if session.ended.is_some() || session.record.state() == CallState::Terminating {
            return;
        }
        let how = match cause {
            Some(TerminalCause::Shutdown) => TerminateCause::Shutdown,
            Some(TerminalCause::MediaFailed) => TerminateCause::MediaFailed,
            _ => TerminateCause::Normal,
        };
        session.ending = cause.clone().map(Box::new);
        let call = session.call;
        self.sessions.schedule(id, Due::Alert, None);
        self.enter(now, id, CallState::Terminating, None);
        match call {
            None => self.close(now, id, cause.unwrap_or(TerminalCause::Cancelled)),
            Some(key) => {
                if let Err(error) = self.dialogs.terminate(now, key, how) {
                    tracing::debug!(session = %id, %error, "is ending already");
                }
            }
        }
    }

    pub(super) fn on_ended(&mut self, now: Instant, id: SessionId, cause: EndCause) {
        let ending = self
            .sessions
            .get_mut(id)
            .and_then(|session| session.ending.take());
        if ending.is_none() && self.try_next_target(now, id, &cause) {
            return;
        }
        self.end_other_leg(now, id, &cause);
        self.sessions.unlink_call(id);
        self.close(now, id, ending.map_or_else(|| cause.into(), |cause| *cause));
    }

    /// The signalling is over: closes the media, then the session.
    fn close(&mut self, now: Instant, id: SessionId, cause: TerminalCause) {
        self.referred_call_ended(now, id, &cause);
        self.leave_bridge(now, id, &cause.words());
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        session.ended = Some(Box::new((now, cause)));
        let media = session.media;
        for due in [Due::Alert, Due::Report, Due::TimeLimit, Due::Handover] {
            self.sessions.schedule(id, due, None);
        }
        match media.map(|key| self.media.stop(now, key)) {
            Some(Ok(Stopped::EventFollows)) => {
                self.sessions
                    .schedule(id, Due::MediaEnd, Some(now + MEDIA_END_WITHIN));
            }
            _ => self.finish(now, id),
        }
    }

    /// The media is over too: the session ends.
    pub(super) fn finish(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let Some(end) = session.ended.take() else {
            return;
        };
        let (at, cause) = (*end).clone();
        let wanted = cause.final_state();
        let allowed = session.record.state().can_transition_to(wanted);
        session.record.set_end(end);
        self.enter(
            now,
            id,
            if allowed { wanted } else { CallState::Failed },
            Some(cause.words()),
        );
        let Some(session) = self.sessions.remove(id) else {
            return;
        };
        self.leave(&session);
        let call = session.record;
        self.totals.failed += u64::from(call.state() == CallState::Failed);
        tracing::info!(session = %id, %cause, duration = ?call.duration(at), "call ended");
        self.events
            .push_back(BasicSessionEvent::Ended { call, cause });
        self.end_children(now, id);
        self.follow_consultation(now, id);
    }

    /// Takes back a session that nobody has heard of.
    pub(super) fn discard(&mut self, now: Instant, id: SessionId) {
        if let Some(Err(error)) = self
            .sessions
            .unlink_media(id)
            .map(|key| self.media.stop(now, key))
        {
            tracing::debug!(session = %id, %error, "media was gone already");
        }
        if let Some(session) = self.sessions.remove(id) {
            self.leave(&session);
        }
    }
}
