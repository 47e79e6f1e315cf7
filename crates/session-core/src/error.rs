//! What an operation of the facade can fail with, and what to do about it.

use std::io;
use std::net::AddrParseError;
use std::sync::Arc;
use std::time::Duration;

use rvoip_dialog_core::DialogError;
use rvoip_dialog_core::sip_core::StatusCode;
#[cfg(feature = "tls")]
use rvoip_dialog_core::sip_transport::driver::TlsError;
use rvoip_dialog_core::sip_transport::driver::{BindError, ShardClosed};
use rvoip_media_core::MediaError;

mod advice;

pub use advice::ErrorCategory;

use crate::{
    BridgeId, CallRecord, CallState, DependencyError, LimitScope, Operation, SessionId,
    TerminalCause, TransferId,
};

/// The result of an operation of the facade.
pub type Result<T, E = SessionError> = std::result::Result<T, E>;

/// Why an operation failed. The call that it was about goes on unless the error says that it has ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The text is not a SIP URI that can be called.
    #[error("not a SIP URI that can be called: {0}")]
    InvalidUri(String),
    /// The text is not of DTMF digits: 0 to 9, `*`, `#`, A to D, and `!` for a hook flash.
    #[error("not a DTMF digit: {0}")]
    InvalidDigit(char),
    /// Frames are taken at 8, 16, 24, 32 and 48 kHz.
    #[error("{0} Hz is no rate that audio is taken at")]
    SampleRate(u32),
    /// As many sessions exist as are allowed.
    #[error("as many sessions exist as are allowed")]
    ResourceExhausted,
    /// One user or endpoint has as many sessions as it may.
    #[error("the {scope} has its {limit} sessions")]
    LimitReached {
        /// What is limited.
        scope: LimitScope,
        /// How many sessions it may have.
        limit: usize,
    },
    /// The coordinator drains: calls in progress go on, new ones are refused.
    #[error("draining: no new calls")]
    Draining,
    /// One session cannot depend on another.
    #[error(transparent)]
    Dependency {
        /// Why not.
        source: DependencyError,
    },
    /// No such session; it has probably ended.
    #[error("no session {0}")]
    SessionNotFound(SessionId),
    /// No such bridge; its last session has probably left.
    #[error("no {0}")]
    BridgeNotFound(BridgeId),
    /// A session is in one bridge at a time.
    #[error("session {session_id} is in {bridge_id} already")]
    AlreadyBridged {
        /// The session.
        session_id: SessionId,
        /// The bridge that it is in.
        bridge_id: BridgeId,
    },
    /// The session is not in the bridge.
    #[error("session {session_id} is not bridged there")]
    NotBridged {
        /// The session.
        session_id: SessionId,
    },
    /// The bridge has as many sessions as it may have.
    #[error("{bridge_id} has its {limit} sessions")]
    BridgeFull {
        /// The bridge.
        bridge_id: BridgeId,
        /// How many sessions it may have.
        limit: usize,
    },
    /// As many bridges exist as are allowed.
    #[error("{limit} bridges exist, which are all that may")]
    BridgesExhausted {
        /// How many bridges there may be.
        limit: usize,
    },
    /// No such transfer waits for a decision.
    #[error("no {0} waits for a decision")]
    TransferNotFound(TransferId),
    /// The session is in a state in which the operation has no meaning.
    #[error("session {session_id}{} is {state}: cannot {operation}{}", named(.call_id), words(.allowed))]
    InvalidState {
        /// The session.
        session_id: SessionId,
        /// Its state.
        state: CallState,
        /// What was asked for.
        operation: Operation,
        /// What may be asked for in this state.
        allowed: &'static [Operation],
        /// The Call-ID, once there is one.
        call_id: Option<Arc<str>>,
    },
    /// The peer does not agree to a change of the session, which stays as it was.
    #[error("the peer of session {session_id}{} refuses the change: {} {}", named(.call_id), .status.code(), .status.reason())]
    OfferRefused {
        /// The session.
        session_id: SessionId,
        /// Its state.
        state: CallState,
        /// The final status of the peer; 500 when our offer could not be sent.
        status: StatusCode,
        /// The Call-ID.
        call_id: Option<Arc<str>>,
    },
    /// What was waited for did not happen in time; the session still exists.
    #[error("session {session_id}{} is still {state} after {after:?}", named(.call_id))]
    Timeout {
        /// The session.
        session_id: SessionId,
        /// Its state.
        state: CallState,
        /// How long was waited.
        after: Duration,
        /// The Call-ID.
        call_id: Option<Arc<str>>,
    },
    /// The call ended before what was waited for happened.
    #[error("session {session_id}{} ended: {cause}", named(.call_id))]
    CallEnded {
        /// The session.
        session_id: SessionId,
        /// Why it ended.
        cause: TerminalCause,
        /// The Call-ID, if its INVITE was sent or received.
        call_id: Option<Arc<str>>,
    },
    /// The session has no media here: the application negotiates its own, or media is off.
    #[error("session {session_id} has no media here")]
    NoMedia {
        /// The session.
        session_id: SessionId,
    },
    /// Media could not be set up.
    #[error("media of session {session_id}: {source}")]
    Media {
        /// The session.
        session_id: SessionId,
        /// What media-core says.
        source: MediaError,
    },
    /// Signalling refused the operation.
    #[error("signalling: {source}")]
    Dialog {
        /// The session, when there is one already.
        session_id: Option<SessionId>,
        /// What dialog-core says.
        source: DialogError,
    },
    /// A request of the application has no response.
    #[error("no response: {cause}")]
    Unanswered {
        /// Why not.
        cause: TerminalCause,
    },
    /// A registration was refused, or has not succeeded in time.
    #[error("registration of {address_of_record}: {cause}")]
    RegistrationFailed {
        /// The address of record.
        address_of_record: String,
        /// Why.
        cause: TerminalCause,
    },
    /// The configuration contradicts itself or cannot be had on this machine.
    #[error("configuration: {0}")]
    Configuration(String),
    /// The text is not an address with a port.
    #[error("not an address: {0}")]
    InvalidAddress(#[from] AddrParseError),
    /// An address cannot be listened on.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// Certificates, keys or roots cannot be used.
    #[cfg(feature = "tls")]
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A socket or a file failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The coordinator has been stopped.
    #[error("the coordinator has been stopped")]
    Stopped,
    /// An error of the application, passed through.
    #[error(transparent)]
    Application(#[from] Box<dyn std::error::Error + Send + Sync>),
}

impl SessionError {
    /// `operation` has no meaning in the state that a call is in.
    pub(crate) fn invalid_state(record: &CallRecord, operation: Operation) -> Self {
        let state = record.state();
        SessionError::InvalidState {
            session_id: record.id(),
            state,
            operation,
            allowed: state.allowed(record.direction()),
            call_id: record.call_id().cloned(),
        }
    }

    /// The session that the error is about.
    pub fn session_id(&self) -> Option<SessionId> {
        match self {
            SessionError::SessionNotFound(id) => Some(*id),
            SessionError::InvalidState { session_id, .. }
            | SessionError::OfferRefused { session_id, .. }
            | SessionError::Timeout { session_id, .. }
            | SessionError::CallEnded { session_id, .. }
            | SessionError::NoMedia { session_id }
            | SessionError::AlreadyBridged { session_id, .. }
            | SessionError::NotBridged { session_id }
            | SessionError::Media { session_id, .. } => Some(*session_id),
            SessionError::Dialog { session_id, .. } => *session_id,
            _ => None,
        }
    }

    /// The state of that session when the error happened, if it is known.
    pub fn state(&self) -> Option<CallState> {
        match self {
            SessionError::InvalidState { state, .. }
            | SessionError::OfferRefused { state, .. }
            | SessionError::Timeout { state, .. } => Some(*state),
            SessionError::CallEnded { cause, .. } => Some(cause.final_state()),
            _ => None,
        }
    }
}

/// The name that a call has in the logs of everybody, behind the one that it has here.
fn named(call_id: &Option<Arc<str>>) -> String {
    let name = call_id.as_ref().map(|it| format!(" (Call-ID {it})"));
    name.unwrap_or_default()
}

/// What is allowed, behind what is not.
fn words(allowed: &[Operation]) -> String {
    let names: Vec<&str> = allowed.iter().map(|operation| operation.as_str()).collect();
    match names.is_empty() {
        true => String::new(),
        false => format!("; it can {}", names.join(", ")),
    }
}

impl From<ShardClosed> for SessionError {
    fn from(_: ShardClosed) -> Self {
        SessionError::Stopped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_knows_its_session_its_state_and_what_to_do() {
        let session_id = SessionId::new(1, 2);
        let error = SessionError::Timeout {
            session_id,
            state: CallState::Ringing,
            after: Duration::from_secs(3),
            call_id: Some("a84b4c76e66710".into()),
        };
        assert!(error.to_string().contains("(Call-ID a84b4c76e66710)"));
        assert_eq!(error.session_id(), Some(session_id));
        assert_eq!(error.state(), Some(CallState::Ringing));
        assert_eq!(error.category(), ErrorCategory::Timeout);
        assert!(error.is_retryable());
        assert!(error.to_string().contains(&session_id.to_string()));

        let error = SessionError::CallEnded {
            session_id,
            cause: TerminalCause::Cancelled,
            call_id: None,
        };
        assert_eq!(error.state(), Some(CallState::Cancelled));
        assert!(!error.is_retryable());
        assert!(!SessionError::Stopped.advice().is_empty());
    }
}
