//! Hold and resume (RFC 3264 section 8.4, RFC 6337 section 5.3).
//!
//! A hold is what this side wants; an offer makes it so. While another exchange is open the wish waits, and the offer that
//! follows carries the latest one. What the peer holds is seen in its descriptions alone.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use rvoip_media_core::{Direction, MediaError};

use super::SessionCore;
use super::session::Session;
use crate::{BasicSessionEvent, CallState, HoldState, Operation, Result, SessionError, SessionId};

impl SessionCore {
    /// Holds a call; does nothing when it is held already.
    ///
    /// # Errors
    /// No such session, one that is not answered, or whose media is not here.
    pub fn hold(&mut self, now: Instant, id: SessionId) -> Result<()> {
        self.set_hold(now, id, true, Operation::Hold)
    }

    /// Takes a call back from our hold; does nothing when we do not hold it.
    ///
    /// # Errors
    /// As [`hold`](Self::hold).
    pub fn resume(&mut self, now: Instant, id: SessionId) -> Result<()> {
        self.set_hold(now, id, false, Operation::Resume)
    }

    fn set_hold(
        &mut self,
        now: Instant,
        id: SessionId,
        wanted: bool,
        operation: Operation,
    ) -> Result<()> {
        let session = self.permit(id, operation)?;
        if session.media.is_none() {
            return Err(SessionError::NoMedia { session_id: id });
        }
        if session.hold_wanted == wanted {
            return Ok(());
        }
        self.want_hold(now, id, wanted)
            .map_err(|source| SessionError::Media {
                session_id: id,
                source,
            })?;
        if let Some(session) = self.sessions.get_mut(id) {
            session.record.begin_offer();
        }
        self.reoffer(now, id);
        self.pump(now);
        Ok(())
    }

    /// Lets the media want to hold, or no longer. Our own sound stops at once, and comes back when the peer has agreed.
    pub(super) fn want_hold(
        &mut self,
        now: Instant,
        id: SessionId,
        wanted: bool,
    ) -> Result<(), MediaError> {
        let Some(session) = self.sessions.get_mut(id) else {
            return Ok(());
        };
        session.hold_wanted = wanted;
        let Some(key) = session.media else {
            return Ok(());
        };
        let direction = if wanted {
            Direction::SendOnly
        } else {
            Direction::SendRecv
        };
        self.media.set_direction(key, direction)?;
        if wanted {
            let music = self.settings.music_on_hold.clone();
            self.media.hold(now, key, Some(music))?;
        }
        Ok(())
    }

    /// Our hold has been agreed on, or our resume.
    pub(super) fn set_local_hold(&mut self, now: Instant, id: SessionId, local: bool) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        let hold = HoldState {
            local,
            ..session.record.hold()
        };
        session.record.set_hold(hold);
        if let Some(key) = session.media.filter(|_| !local)
            && let Err(error) = self.media.hold(now, key, None)
        {
            tracing::debug!(session = %id, %error, "the media is gone");
        }
    }

    /// Reads from the peer's latest description whether it holds, and enters the state that follows. A peer holds when it
    /// no longer wants what it wanted before; one that never wanted media has nothing to hold. An answer to our own hold
    /// says nothing about that of the peer unless it takes what we send.
    pub(super) fn follow_hold(&mut self, now: Instant, id: SessionId, our_hold_was_offered: bool) {
        let Some(session) = self.sessions.get_mut(id) else {
            return;
        };
        if !session.record.state().is_answered() {
            return;
        }
        let mut hold = session.record.hold();
        let parameters = session.media.and_then(|key| self.media.parameters(key));
        if let Some(media) = parameters {
            if !media.held {
                session.peer_received = true;
                hold.remote = false;
            } else if session.peer_received && !our_hold_was_offered {
                hold.remote = true;
            }
        }
        session.record.set_hold(hold);
        let call = Arc::clone(&session.record);
        if session.told_hold != hold {
            session.told_hold = hold;
            let call = Arc::clone(&call);
            self.events
                .push_back(BasicSessionEvent::HoldChanged { call, hold });
        }
        if matches!(call.state(), CallState::Active | CallState::OnHold) {
            let next = self.answered_state(id);
            self.enter(now, id, next, hold.words().map(Cow::Borrowed));
        }
    }

    /// The state of an answered call that nothing else happens to.
    pub(super) fn answered_state(&self, id: SessionId) -> CallState {
        let held = |session: &Session| session.record.hold().is_held();
        if self.sessions.get(id).is_some_and(held) {
            CallState::OnHold
        } else {
            CallState::Active
        }
    }
}
