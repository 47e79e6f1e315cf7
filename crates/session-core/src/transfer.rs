//! Transfer of calls (RFC 5589): blind and attended, as the one who transfers and as the one who is transferred.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use rvoip_dialog_core::sip_core::StatusCode;
use tokio::sync::Notify;

use crate::waiting::wait_for;
use crate::{CallSession, Result, SessionCoordinator, SessionId};

/// Names a transfer of one coordinator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TransferId(pub(crate) u64);

impl fmt::Display for TransferId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "transfer-{}", self.0)
    }
}

/// What sort of transfer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransferType {
    /// The peer calls somebody who knows nothing of it yet.
    Blind,
    /// The peer takes the place of the one who transfers in another call.
    Attended,
}

/// Which part we have in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransferRole {
    /// We send our peer elsewhere.
    Transferor,
    /// Our peer sends us elsewhere.
    Transferee,
}

/// Why a transfer failed; the call is given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransferFailure {
    /// The one who was to be transferred did not want to, or could not.
    Refused {
        /// The final status, 300..=699.
        status: StatusCode,
    },
    /// The call to the target failed.
    TargetFailed {
        /// The final status, 300..=699.
        status: StatusCode,
    },
    /// The one who transfers changed its mind.
    Cancelled,
    /// The peer never answered, or never told how it ended.
    NoOutcome,
    /// Nobody decided in time.
    Undecided,
    /// This program stopped.
    Shutdown,
}

impl fmt::Display for TransferFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TransferFailure::Refused { status } => {
                write!(f, "refused: {} {}", status.code(), status.reason())
            }
            TransferFailure::TargetFailed { status } => {
                write!(f, "target failed: {} {}", status.code(), status.reason())
            }
            TransferFailure::Cancelled => f.write_str("cancelled"),
            TransferFailure::NoOutcome => f.write_str("no outcome was told"),
            TransferFailure::Undecided => f.write_str("nobody decided"),
            TransferFailure::Shutdown => f.write_str("shutdown"),
        }
    }
}

/// How far a transfer has come. [`Completed`](Self::Completed) or [`Failed`](Self::Failed) comes exactly once and is the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransferProgress {
    /// We have asked our peer to go.
    Initiated,
    /// Our peer asks us to go; the application decides.
    Requested,
    /// The one who is to go has agreed to try.
    Accepted,
    /// The call to the target is on its way.
    Proceeding {
        /// 100..=199.
        status: StatusCode,
    },
    /// The target has answered.
    Completed,
    /// It came to nothing.
    Failed(TransferFailure),
}

impl TransferProgress {
    /// Whether nothing follows.
    pub const fn is_final(&self) -> bool {
        matches!(
            self,
            TransferProgress::Completed | TransferProgress::Failed(_)
        )
    }
}

/// Whether to go where the peer sends us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferDecision {
    /// Call the target. The call to it is a session of its own; the present one ends when the peer hangs up.
    Accept,
    /// Stay; answered with this status, 300..=699.
    Reject(StatusCode),
}

/// One transfer. It is an object of its own: when the peer hangs up early its outcome comes after the end of the call.
#[derive(Debug)]
pub struct Transfer {
    pub(crate) id: TransferId,
    pub(crate) role: TransferRole,
    pub(crate) transfer_type: TransferType,
    pub(crate) session_id: SessionId,
    pub(crate) target: String,
    pub(crate) referred_by: Option<String>,
    pub(crate) started_at: Instant,
    pub(crate) successor: OnceLock<SessionId>,
    pub(crate) ended_at: OnceLock<Instant>,
    pub(crate) progress: Mutex<TransferProgress>,
    pub(crate) changed: Notify,
}

impl Transfer {
    /// Names it.
    pub fn id(&self) -> TransferId {
        self.id
    }

    /// Our part in it.
    pub fn role(&self) -> TransferRole {
        self.role
    }

    /// Its sort.
    pub fn transfer_type(&self) -> TransferType {
        self.transfer_type
    }

    /// The call that is transferred.
    pub fn session_id(&self) -> SessionId {
        self.session_id
    }

    /// The URI of whom to call.
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The URI of who asks, as told by the peer.
    pub fn referred_by(&self) -> Option<&str> {
        self.referred_by.as_deref()
    }

    /// The session of the call to the target, when it is ours to place and has been placed.
    pub fn successor(&self) -> Option<SessionId> {
        self.successor.get().copied()
    }

    /// When it began.
    pub fn started_at(&self) -> Instant {
        self.started_at
    }

    /// When it ended.
    pub fn ended_at(&self) -> Option<Instant> {
        self.ended_at.get().copied()
    }

    /// How far it has come.
    pub fn progress(&self) -> TransferProgress {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it has come to an end, which it always does.
    pub async fn wait_for_outcome(&self) -> TransferProgress {
        let outcome = || Some(self.progress()).filter(TransferProgress::is_final);
        wait_for(&self.changed, outcome).await
    }

    pub(crate) fn advance(&self, progress: TransferProgress) {
        *self.progress.lock().unwrap_or_else(PoisonError::into_inner) = progress;
        self.changed.notify_waiters();
    }
}

impl CallSession {
    /// Sends the peer to another URI (blind transfer). The call ends when the target has answered, and is given back when that
    /// fails; see [`Transfer::wait_for_outcome`].
    ///
    /// # Errors
    /// [`InvalidState`](crate::SessionError::InvalidState) unless the call is answered and not being transferred,
    /// [`InvalidUri`](crate::SessionError::InvalidUri), or when the request cannot be sent.
    pub async fn transfer(&self, target: &str) -> Result<Arc<Transfer>> {
        let (id, target) = (self.id, target.to_owned());
        self.switchboard()
            .call(move |core, now| core.transfer(now, id, &target))
            .await?
    }

    /// Connects the peer of this call with the peer of `consultation` (attended transfer); both calls end when that has
    /// happened, and are given back when it fails.
    ///
    /// # Errors
    /// As [`transfer`](Self::transfer), for either call.
    pub async fn transfer_attended(&self, consultation: &SessionId) -> Result<Arc<Transfer>> {
        let (id, consultation) = (self.id, *consultation);
        self.switchboard()
            .call(move |core, now| core.transfer_attended(now, id, consultation))
            .await?
    }

    /// Holds the call and calls somebody to ask. When that call ends without a transfer, this one is resumed.
    ///
    /// # Errors
    /// As [`transfer`](Self::transfer), and when the call cannot be placed: this one is resumed then.
    pub async fn consult(&self, target: &str) -> Result<CallSession> {
        let (id, target) = (self.id, target.to_owned());
        let placed = self
            .switchboard()
            .call(move |core, now| core.consult(now, id, &target))
            .await??;
        Ok(CallSession::new(self.switchboard(), &placed))
    }

    /// Takes a transfer of this call back as far as that is possible: the call is given back, but the peer may go all the
    /// same.
    ///
    /// # Errors
    /// [`InvalidState`](crate::SessionError::InvalidState) unless we are transferring the call.
    pub async fn cancel_transfer(&self) -> Result<()> {
        let id = self.id;
        self.switchboard()
            .call(move |core, now| core.cancel_transfer(now, id))
            .await?
    }
}

impl SessionCoordinator {
    /// The transfers of the last time, those that are over, oldest first; as many as are kept.
    ///
    /// # Errors
    /// When the coordinator has stopped.
    pub async fn transfer_history(&self) -> Result<Vec<Arc<Transfer>>> {
        self.switchboard
            .call(|core, _| core.transfer_history())
            .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_final_and_has_words() {
        let busy = TransferFailure::TargetFailed {
            status: StatusCode::BUSY_HERE,
        };
        assert_eq!(busy.to_string(), "target failed: 486 Busy Here");
        assert!(TransferProgress::Failed(busy).is_final());
        assert!(TransferProgress::Completed.is_final());
        for going_on in [
            TransferProgress::Initiated,
            TransferProgress::Requested,
            TransferProgress::Accepted,
            TransferProgress::Proceeding {
                status: StatusCode::RINGING,
            },
        ] {
            assert!(!going_on.is_final());
        }
        assert_eq!(TransferId(7).to_string(), "transfer-7");
    }
}
