//! Why a call ended: one typed cause per call, told exactly once.

use std::borrow::Cow;
use std::fmt;
use std::io;

use rvoip_dialog_core::EndCause;
use rvoip_dialog_core::sip_core::{ByteString, StatusCode};
use rvoip_dialog_core::sip_transport::LocateError;

use crate::CallState;

mod kind;

pub use kind::CauseKind;

/// Why a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TerminalCause {
    /// We hung up.
    LocalHangup,
    /// The peer hung up.
    RemoteHangup,
    /// The caller gave up before there was an answer.
    Cancelled,
    /// The peer refused our call.
    Rejected {
        /// The final status, 300..=699.
        status: StatusCode,
        /// The reason phrase of the response.
        reason: ByteString,
    },
    /// We refused the peer's call.
    Declined {
        /// The final status, 300..=699.
        status: StatusCode,
    },
    /// Nobody took the call in time, or the application never decided about it.
    NoAnswer,
    /// The peer did not answer at all.
    TimedOut,
    /// No server of the peer's domain was found: its name does not exist, or the name servers are silent.
    Unlocated {
        /// What was missing.
        error: LocateError,
    },
    /// Nothing could be sent to the peer.
    NetworkFailed {
        /// What the socket said.
        error: io::ErrorKind,
    },
    /// The peer never acknowledged our answer (no ACK).
    Unacknowledged,
    /// The peer no longer knows the call.
    DialogLost {
        /// The status that said so.
        status: StatusCode,
    },
    /// The signalling gave up for a reason that has no word here.
    SignallingFailed,
    /// The parties have no media in common, or the media failed.
    MediaFailed,
    /// The call lasted as long as a call may last here.
    TimeLimit,
    /// Nobody refreshed the session in time (RFC 4028): the peer is gone.
    Expired,
    /// The session that this one depended on has ended.
    ParentEnded,
    /// The peer has sent us elsewhere, we are there, and it never hung up: we did.
    HandedOver,
    /// Another call has taken the place of this one (RFC 3891).
    Replaced,
    /// The called party sent us elsewhere, and we did not go, or nobody was there either.
    Redirected {
        /// The final status, 300..=399.
        status: StatusCode,
    },
    /// This program stopped.
    Shutdown,
}

impl TerminalCause {
    /// The final state of a call that ends so.
    pub const fn final_state(&self) -> CallState {
        match self {
            TerminalCause::LocalHangup | TerminalCause::RemoteHangup => CallState::Terminated,
            TerminalCause::TimeLimit
            | TerminalCause::Shutdown
            | TerminalCause::ParentEnded
            | TerminalCause::HandedOver
            | TerminalCause::Replaced => CallState::Terminated,
            TerminalCause::Cancelled => CallState::Cancelled,
            _ => CallState::Failed,
        }
    }

    /// The cause in a few words; what [`Display`](fmt::Display) writes.
    pub fn words(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            TerminalCause::LocalHangup => "local hangup",
            TerminalCause::RemoteHangup => "remote hangup",
            TerminalCause::Cancelled => "cancelled",
            TerminalCause::Rejected { status, reason } => {
                return Cow::Owned(format!("rejected: {} {reason}", status.code()));
            }
            TerminalCause::Declined { status } => {
                return Cow::Owned(format!("declined: {} {}", status.code(), status.reason()));
            }
            TerminalCause::NoAnswer => "no answer",
            TerminalCause::TimedOut => "peer did not respond",
            TerminalCause::Unlocated { error } => {
                return Cow::Owned(format!("host not found: {error}"));
            }
            TerminalCause::NetworkFailed { error } => {
                return Cow::Owned(format!("network failed: {error}"));
            }
            TerminalCause::Unacknowledged => "answer not acknowledged",
            TerminalCause::DialogLost { status } => {
                return Cow::Owned(format!("call lost at the peer: {}", status.code()));
            }
            TerminalCause::SignallingFailed => "signalling failed",
            TerminalCause::MediaFailed => "no common media",
            TerminalCause::TimeLimit => "time limit",
            TerminalCause::Expired => "session expired",
            TerminalCause::ParentEnded => "parent session ended",
            TerminalCause::HandedOver => "handed over: the transferor did not hang up",
            TerminalCause::Replaced => "replaced by another call",
            TerminalCause::Redirected { status } => {
                return Cow::Owned(format!("redirected: {} {}", status.code(), status.reason()));
            }
            TerminalCause::Shutdown => "shutdown",
        })
    }

    /// The SIP status that ended the call, when there was one.
    pub const fn status(&self) -> Option<StatusCode> {
        match self {
            TerminalCause::Rejected { status, .. }
            | TerminalCause::Declined { status }
            | TerminalCause::Redirected { status }
            | TerminalCause::DialogLost { status } => Some(*status),
            _ => None,
        }
    }
}

impl fmt::Display for TerminalCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words())
    }
}

impl From<EndCause> for TerminalCause {
    fn from(cause: EndCause) -> Self {
        match cause {
            EndCause::LocalBye => TerminalCause::LocalHangup,
            EndCause::RemoteBye => TerminalCause::RemoteHangup,
            EndCause::Cancelled => TerminalCause::Cancelled,
            EndCause::PrackTimeout => TerminalCause::Unacknowledged,
            EndCause::SessionExpired => TerminalCause::Expired,
            EndCause::Replaced { .. } => TerminalCause::Replaced,
            EndCause::Redirected { status, .. } => TerminalCause::Redirected { status },
            EndCause::Rejected { status, reason } => TerminalCause::Rejected { status, reason },
            EndCause::Refused { status } => TerminalCause::Declined { status },
            EndCause::NoAnswer => TerminalCause::NoAnswer,
            EndCause::TimedOut => TerminalCause::TimedOut,
            EndCause::Unlocated { error } => TerminalCause::Unlocated { error },
            EndCause::TransportFailed { error } => TerminalCause::NetworkFailed { error },
            EndCause::AckTimeout => TerminalCause::Unacknowledged,
            EndCause::DialogLost { status } => TerminalCause::DialogLost { status },
            _ => TerminalCause::SignallingFailed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_knows_its_final_state_and_its_words() {
        let busy = TerminalCause::Rejected {
            status: StatusCode::BUSY_HERE,
            reason: ByteString::from_static("Busy Here"),
        };
        assert_eq!(busy.final_state(), CallState::Failed);
        assert_eq!(busy.to_string(), "rejected: 486 Busy Here");
        assert_eq!(busy.status(), Some(StatusCode::BUSY_HERE));
        assert_eq!(
            TerminalCause::from(EndCause::RemoteBye).final_state(),
            CallState::Terminated
        );
        assert_eq!(TerminalCause::Cancelled.final_state(), CallState::Cancelled);
        assert_eq!(TerminalCause::Shutdown.status(), None);
    }
}
