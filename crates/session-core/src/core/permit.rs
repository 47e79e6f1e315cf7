//! Whether what is asked of a session has a meaning in its state.

use rvoip_dialog_core::DialogError;

use super::SessionCore;
use super::session::Session;
use crate::{Operation, Result, SessionError, SessionId};

impl SessionCore {
    /// An error of dialog-core about a session.
    pub(super) fn signalling(&self, id: SessionId, source: DialogError) -> SessionError {
        SessionError::Dialog {
            session_id: Some(id),
            source,
        }
    }

    /// The session, if it is in a state in which `operation` has a meaning.
    pub(super) fn permit(&self, id: SessionId, operation: Operation) -> Result<&Session> {
        let session = self.session(id)?;
        let (state, direction) = (session.record.state(), session.record.direction());
        let allowed = state.allowed(direction).contains(&operation) && session.ended.is_none();
        if allowed {
            Ok(session)
        } else {
            Err(refuse(session, operation))
        }
    }

    pub(super) fn session(&self, id: SessionId) -> Result<&Session> {
        self.sessions
            .get(id)
            .ok_or(SessionError::SessionNotFound(id))
    }
}

/// `operation` has no meaning in the state that a session is in.
pub(super) fn refuse(session: &Session, operation: Operation) -> SessionError {
    SessionError::invalid_state(&session.record, operation)
}
