//! Looks for sessions that have not ended and says what each waits for.

use std::time::{Duration, Instant};

use rvoip_dialog_core::CallKey;

use super::SessionCore;
use super::session::Session;
use crate::{CallState, Leftover, SessionId, WaitsFor};

impl SessionCore {
    /// The sessions that have existed for `age` or longer, and what each waits for.
    pub fn leftovers(&self, now: Instant, age: Duration) -> Vec<Leftover> {
        let of = |id: SessionId| {
            let session = self.sessions.get(id)?;
            Some(Leftover {
                session_id: id,
                state: session.record.state(),
                age: now.saturating_duration_since(session.record.created_at()),
                waits_for: self.waits_for(session),
            })
        };
        let all = self.sessions.ids().into_iter().filter_map(of);
        all.filter(|leftover| leftover.age >= age).collect()
    }

    /// The sessions of a Call-ID, newest last; there are several when the call is placed and taken here.
    pub fn sessions_of(&self, call_id: &str) -> Vec<SessionId> {
        let mut found = self.sessions.ids();
        found.retain(|id| self.call_id(*id) == Some(call_id));
        found.sort();
        found
    }

    /// The Call-ID of a session, once its INVITE has been sent or received.
    pub fn call_id(&self, id: SessionId) -> Option<&str> {
        let key = self.sessions.get(id)?.call?;
        self.dialogs.call_id(key)
    }

    /// The call of a session in dialog-core; its record is named after it.
    pub(super) fn link_call(&mut self, id: SessionId, key: CallKey) {
        self.sessions.link_call(id, key);
        if let Some((session, call_id)) = self.sessions.get(id).zip(self.dialogs.call_id(key)) {
            session.record.set_call_id(call_id);
        }
    }

    fn waits_for(&self, session: &Session) -> WaitsFor {
        let known = session.call.and_then(|key| self.dialogs.call_id(key));
        if session.ended.is_some() {
            return WaitsFor::Media;
        }
        match session.record.state() {
            CallState::Initiating if session.call.is_none() => WaitsFor::Decision,
            _ if known.is_none() => WaitsFor::Nobody,
            CallState::Terminating => WaitsFor::Farewell,
            state if state.is_answered() => WaitsFor::Hangup,
            _ if session.is_undecided() => WaitsFor::Decision,
            _ => WaitsFor::Answer,
        }
    }
}
