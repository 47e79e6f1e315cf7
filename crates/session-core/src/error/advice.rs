//! Whose turn it is after an error, and what to do.

use rvoip_dialog_core::DialogError;
use rvoip_dialog_core::sip_transport::driver::BindError;

use super::SessionError;
use crate::TerminalCause;

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
    /// Whose turn it is.
    pub fn category(&self) -> ErrorCategory {
        match self {
            SessionError::InvalidUri(_)
            | SessionError::InvalidDigit(_)
            | SessionError::SampleRate(_)
            | SessionError::SessionNotFound(_)
            | SessionError::TransferNotFound(_)
            | SessionError::BridgeNotFound(_)
            | SessionError::AlreadyBridged { .. }
            | SessionError::NotBridged { .. }
            | SessionError::InvalidState { .. }
            | SessionError::NoMedia { .. }
            | SessionError::Dependency { .. }
            | SessionError::Configuration(_)
            | SessionError::InvalidAddress(_)
            | SessionError::Stopped => ErrorCategory::Misuse,
            SessionError::ResourceExhausted
            | SessionError::LimitReached { .. }
            | SessionError::BridgeFull { .. }
            | SessionError::BridgesExhausted { .. }
            | SessionError::Draining => ErrorCategory::Capacity,
            SessionError::Timeout { .. } => ErrorCategory::Timeout,
            SessionError::CallEnded { cause, .. }
            | SessionError::RegistrationFailed { cause, .. }
            | SessionError::Unanswered { cause } => match cause {
                TerminalCause::NetworkFailed { .. } | TerminalCause::Unlocated { .. } => {
                    ErrorCategory::Network
                }
                TerminalCause::TimedOut | TerminalCause::NoAnswer => ErrorCategory::Timeout,
                _ => ErrorCategory::Peer,
            },
            SessionError::Media { .. } | SessionError::OfferRefused { .. } => ErrorCategory::Peer,
            SessionError::Dialog { source, .. } => match source {
                DialogError::TooManyCalls(_) | DialogError::TooManyRequests(_) => {
                    ErrorCategory::Capacity
                }
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
            SessionError::InvalidDigit(_) => "send 0 to 9, *, #, and A to D alone",
            SessionError::SampleRate(_) => "resample to 8, 16, 24, 32 or 48 kHz",
            SessionError::ResourceExhausted => {
                "end sessions, raise max_sessions, or try another server"
            }
            SessionError::LimitReached { .. } => "wait until one of those sessions ends",
            SessionError::Draining => "try another server: this one goes out of service",
            SessionError::Dependency { .. } => "unlink the child first, or link the other way",
            SessionError::SessionNotFound(_) => {
                "nothing to do: the session has ended; drop the handle"
            }
            SessionError::TransferNotFound(_) => "nothing to do: it has been decided or is over",
            SessionError::BridgeNotFound(_) => "create a bridge: this one is no more",
            SessionError::AlreadyBridged { .. } => "take it out of its bridge first",
            SessionError::NotBridged { .. } => "add it to a bridge first",
            SessionError::BridgeFull { .. } | SessionError::BridgesExhausted { .. } => {
                "wait until a session leaves, or use another bridge"
            }
            SessionError::InvalidState { .. } => {
                "wait for the state in which the operation makes sense"
            }
            SessionError::OfferRefused { .. } => {
                "go on with the session as it was, or end it: the peer does not want the change"
            }
            SessionError::Timeout { .. } => "wait again, or terminate the session",
            SessionError::RegistrationFailed { .. } => {
                "check the registrar, the account and the network; see the cause"
            }
            SessionError::Unanswered { .. } => {
                "look after the address and the network, then try again"
            }
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
