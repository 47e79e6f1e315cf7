//! What an operation of the facade can fail with, and what to do about it.

use std::io;
use std::net::AddrParseError;
use std::time::Duration;

use rvoip_dialog_core::DialogError;
#[cfg(feature = "tls")]
use rvoip_dialog_core::sip_transport::driver::TlsError;
use rvoip_dialog_core::sip_transport::driver::{BindError, ShardClosed};
use rvoip_media_core::MediaError;

use crate::{CallState, SessionId, TerminalCause};

/// The result of an operation of the facade.
pub type Result<T, E = SessionError> = std::result::Result<T, E>;

/// Why an operation failed. The call that it was about goes on unless the error says that it has ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The text is not a SIP URI that can be called.
    #[error("not a SIP URI that can be called: {0}")]
    InvalidUri(String),
    /// As many sessions exist as are allowed.
    #[error("as many sessions exist as are allowed")]
    ResourceExhausted,
    /// No such session; it has probably ended.
    #[error("no session {0}")]
    SessionNotFound(SessionId),
    /// The session is in a state in which the operation has no meaning.
    #[error("session {session_id} is {state}: cannot {operation}")]
    InvalidState {
        /// The session.
        session_id: SessionId,
        /// Its state.
        state: CallState,
        /// What was asked for.
        operation: &'static str,
    },
    /// What was waited for did not happen in time; the session still exists.
    #[error("session {session_id} is still {state} after {after:?}")]
    Timeout {
        /// The session.
        session_id: SessionId,
        /// Its state.
        state: CallState,
        /// How long was waited.
        after: Duration,
    },
    /// The call ended before what was waited for happened.
    #[error("session {session_id} ended: {cause}")]
    CallEnded {
        /// The session.
        session_id: SessionId,
        /// Why it ended.
        cause: TerminalCause,
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

/// Whose turn it is after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCategory {
    /// The application asked for something that makes no sense now.
    Misuse,
    /// The peer refused, is incompatible or broke a rule.
    Peer,
    /// The network or the machine failed.
    Network,
    /// There is no room.
    Capacity,
    /// Nothing happened in time.
    Timeout,
    /// The application's own error.
    Application,
}

impl SessionError {
    /// The session that the error is about.
    pub fn session_id(&self) -> Option<SessionId> {
        match self {
            SessionError::SessionNotFound(id) => Some(*id),
            SessionError::InvalidState { session_id, .. }
            | SessionError::Timeout { session_id, .. }
            | SessionError::CallEnded { session_id, .. }
            | SessionError::NoMedia { session_id }
            | SessionError::Media { session_id, .. } => Some(*session_id),
            SessionError::Dialog { session_id, .. } => *session_id,
            _ => None,
        }
    }

    /// The state of that session when the error happened, if it is known.
    pub fn state(&self) -> Option<CallState> {
        match self {
            SessionError::InvalidState { state, .. } | SessionError::Timeout { state, .. } => {
                Some(*state)
            }
            SessionError::CallEnded { cause, .. } => Some(cause.final_state()),
            _ => None,
        }
    }

    /// Whose turn it is.
    pub fn category(&self) -> ErrorCategory {
        match self {
            SessionError::InvalidUri(_)
            | SessionError::SessionNotFound(_)
            | SessionError::InvalidState { .. }
            | SessionError::NoMedia { .. }
            | SessionError::Configuration(_)
            | SessionError::InvalidAddress(_)
            | SessionError::Stopped => ErrorCategory::Misuse,
            SessionError::ResourceExhausted => ErrorCategory::Capacity,
            SessionError::Timeout { .. } => ErrorCategory::Timeout,
            SessionError::CallEnded { cause, .. } => match cause {
                TerminalCause::NetworkFailed { .. } | TerminalCause::Unlocated { .. } => {
                    ErrorCategory::Network
                }
                TerminalCause::TimedOut | TerminalCause::NoAnswer => ErrorCategory::Timeout,
                _ => ErrorCategory::Peer,
            },
            SessionError::Media { .. } => ErrorCategory::Peer,
            SessionError::Dialog { source, .. } => match source {
                DialogError::TooManyCalls(_) => ErrorCategory::Capacity,
                DialogError::Transaction(_) => ErrorCategory::Network,
                _ => ErrorCategory::Misuse,
            },
            SessionError::Bind(BindError::Address { .. }) | SessionError::Io(_) => {
                ErrorCategory::Network
            }
            SessionError::Bind(_) => ErrorCategory::Misuse,
            #[cfg(feature = "tls")]
            SessionError::Tls(_) => ErrorCategory::Misuse,
            SessionError::Application(_) => ErrorCategory::Application,
        }
    }

    /// Whether the same operation may succeed later without any change.
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.category(),
            ErrorCategory::Capacity | ErrorCategory::Timeout | ErrorCategory::Network
        )
    }

    /// What to do next, for a person.
    pub fn advice(&self) -> &'static str {
        match self {
            SessionError::InvalidUri(_) => "write the address as sip:user@host[:port]",
            SessionError::ResourceExhausted => {
                "end sessions, raise max_sessions, or try another server"
            }
            SessionError::SessionNotFound(_) => {
                "nothing to do: the session has ended; drop the handle"
            }
            SessionError::InvalidState { .. } => {
                "wait for the state in which the operation makes sense"
            }
            SessionError::Timeout { .. } => "wait again, or terminate the session",
            SessionError::CallEnded { .. } => {
                "see the cause; place the call again if it may succeed then"
            }
            SessionError::NoMedia { .. } => {
                "let the coordinator generate the SDP, or handle media in the application"
            }
            SessionError::Media { .. } => "check the codecs and the media ports of both sides",
            SessionError::Dialog { .. } => {
                "check the URI, the listeners and the order of operations"
            }
            SessionError::Configuration(_) | SessionError::InvalidAddress(_) => {
                "correct the configuration"
            }
            SessionError::Bind(BindError::NoCertificate { .. }) => {
                "give with_tls a certificate and its key"
            }
            SessionError::Bind(BindError::FeatureOff { .. }) => {
                "switch on the named cargo feature, or listen on another transport"
            }
            SessionError::Bind(_) | SessionError::Io(_) => {
                "check the address, the port and the permissions"
            }
            #[cfg(feature = "tls")]
            SessionError::Tls(_) => "check the named file: the error says what is expected in it",
            SessionError::Stopped => "build a new coordinator",
            SessionError::Application(_) => "see the application's error",
        }
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
        };
        assert_eq!(error.session_id(), Some(session_id));
        assert_eq!(error.state(), Some(CallState::Ringing));
        assert_eq!(error.category(), ErrorCategory::Timeout);
        assert!(error.is_retryable());
        assert!(error.to_string().contains(&session_id.to_string()));

        let error = SessionError::CallEnded {
            session_id,
            cause: TerminalCause::Cancelled,
        };
        assert_eq!(error.state(), Some(CallState::Cancelled));
        assert!(!error.is_retryable());
        assert!(!SessionError::Stopped.advice().is_empty());
    }
}
