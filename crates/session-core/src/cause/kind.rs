//! The sorts of causes for which calls end.

use std::fmt;

use super::TerminalCause;

/// The sorts of [`TerminalCause`]s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CauseKind {
    /// Somebody hung up, or everything stopped.
    Normal,
    /// The called party is busy (486, 600).
    Busy,
    /// The call was refused.
    Rejected,
    /// The caller gave up.
    Cancelled,
    /// Nobody took the call (480, 408, or in time).
    NoAnswer,
    /// The peer was silent.
    Timeout,
    /// Nothing got through, or there is no such host.
    Transport,
    /// The peer broke a rule: no ACK, or a dialog it no longer knows.
    PeerMisbehaved,
    /// No common media.
    Incompatible,
    /// Another call took its place.
    Replaced,
    /// The peer sent us elsewhere.
    Redirected,
    /// It lasted as long as it may.
    Limit,
}

impl CauseKind {
    /// Every kind.
    pub const ALL: [CauseKind; 12] = [
        CauseKind::Normal,
        CauseKind::Busy,
        CauseKind::Rejected,
        CauseKind::Cancelled,
        CauseKind::NoAnswer,
        CauseKind::Timeout,
        CauseKind::Transport,
        CauseKind::PeerMisbehaved,
        CauseKind::Incompatible,
        CauseKind::Replaced,
        CauseKind::Redirected,
        CauseKind::Limit,
    ];
}

impl fmt::Display for CauseKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            CauseKind::Normal => "somebody hung up, or everything stopped",
            CauseKind::Busy => "the called party is busy",
            CauseKind::Rejected => "the call was refused",
            CauseKind::Cancelled => "the caller gave up",
            CauseKind::NoAnswer => "nobody took the call",
            CauseKind::Timeout => "the peer was silent",
            CauseKind::Transport => "nothing got through",
            CauseKind::PeerMisbehaved => "the peer broke a rule",
            CauseKind::Incompatible => "no common media",
            CauseKind::Replaced => "another call took its place",
            CauseKind::Redirected => "the peer sent us elsewhere",
            CauseKind::Limit => "it lasted as long as it may",
        })
    }
}

impl TerminalCause {
    /// The sort of the cause, for those who act on it.
    pub const fn kind(&self) -> CauseKind {
        match self {
            TerminalCause::LocalHangup
            | TerminalCause::RemoteHangup
            | TerminalCause::ParentEnded
            | TerminalCause::HandedOver
            | TerminalCause::Shutdown => CauseKind::Normal,
            TerminalCause::Cancelled => CauseKind::Cancelled,
            TerminalCause::Rejected { status, .. } | TerminalCause::Declined { status } => {
                match status.code() {
                    486 | 600 => CauseKind::Busy,
                    408 | 480 => CauseKind::NoAnswer,
                    488 | 606 => CauseKind::Incompatible,
                    _ => CauseKind::Rejected,
                }
            }
            TerminalCause::NoAnswer => CauseKind::NoAnswer,
            TerminalCause::TimedOut | TerminalCause::Expired => CauseKind::Timeout,
            TerminalCause::Unlocated { .. } | TerminalCause::NetworkFailed { .. } => {
                CauseKind::Transport
            }
            TerminalCause::Unacknowledged
            | TerminalCause::DialogLost { .. }
            | TerminalCause::SignallingFailed => CauseKind::PeerMisbehaved,
            TerminalCause::MediaFailed => CauseKind::Incompatible,
            TerminalCause::TimeLimit => CauseKind::Limit,
            TerminalCause::Replaced => CauseKind::Replaced,
            TerminalCause::Redirected { .. } => CauseKind::Redirected,
        }
    }
}

#[cfg(test)]
mod tests {
    use rvoip_dialog_core::sip_core::{ByteString, StatusCode};

    use super::*;

    #[test]
    fn a_refusal_is_sorted_by_its_status() {
        for (code, kind) in [
            (486, CauseKind::Busy),
            (600, CauseKind::Busy),
            (480, CauseKind::NoAnswer),
            (408, CauseKind::NoAnswer),
            (488, CauseKind::Incompatible),
            (403, CauseKind::Rejected),
            (603, CauseKind::Rejected),
        ] {
            let status = StatusCode::new(code).unwrap();
            let reason = ByteString::from_static("");
            assert_eq!(TerminalCause::Rejected { status, reason }.kind(), kind);
            assert_eq!(TerminalCause::Declined { status }.kind(), kind);
        }
    }

    #[test]
    fn every_kind_has_words_of_its_own() {
        for kind in CauseKind::ALL {
            let same = |other: &&CauseKind| other.to_string() == kind.to_string();
            assert_eq!(CauseKind::ALL.iter().filter(same).count(), 1);
        }
    }
}
