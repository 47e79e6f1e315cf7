//! The call that we place because our peer asked for it, and what the peer is told of it (RFC 3515 section 2.4.5).

use std::time::{Duration, Instant};

use rvoip_dialog_core::SubscriptionKey;
use rvoip_dialog_core::sip_core::StatusCode;

use crate::core::SessionCore;
use crate::core::session::Due;
use crate::{SessionId, TerminalCause, TransferFailure, TransferProgress};

/// How long a transferor may take to hang up when it knows that its transfer has succeeded: as long as a NOTIFY and a BYE
/// may be on their way.
const HANDOVER_WITHIN: Duration = Duration::from_secs(64);

impl SessionCore {
    /// The call that we placed for a peer rings.
    pub(in crate::core) fn referred_call_rings(
        &mut self,
        now: Instant,
        id: SessionId,
        status: StatusCode,
    ) {
        let Some(key) = self.transfers.placed_for(id) else {
            return;
        };
        self.tell_transferor(now, key, status);
        self.tell_transfer(now, key, TransferProgress::Proceeding { status });
    }

    /// The call that we placed for a peer was answered.
    pub(in crate::core) fn referred_call_answered(&mut self, now: Instant, id: SessionId) {
        if let Some(key) = self.transfers.placed_for(id) {
            self.transferred_to(now, key, StatusCode::OK);
        }
    }

    /// The call that we placed for a peer is over; when it had been answered that is no matter of the transfer.
    pub(in crate::core) fn referred_call_ended(
        &mut self,
        now: Instant,
        id: SessionId,
        cause: &TerminalCause,
    ) {
        if let Some(key) = self.transfers.placed_for(id) {
            self.transferred_to(now, key, told_as(cause));
        }
    }

    /// The outcome of a transfer of ours as the one who is transferred.
    pub(super) fn transferred_to(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        status: StatusCode,
    ) {
        self.tell_transferor(now, key, status);
        let progress = match status.is_success() {
            true => TransferProgress::Completed,
            false => TransferProgress::Failed(TransferFailure::TargetFailed { status }),
        };
        if let Some(transfer) = self.transfers.transfer(key).filter(|_| status.is_success()) {
            let id = transfer.session_id();
            self.sessions
                .schedule(id, Due::Handover, Some(now + HANDOVER_WITHIN));
        }
        self.tell_transfer(now, key, progress);
    }

    /// Tells the peer how far the call has come that it asked for; it may have stopped listening.
    pub(super) fn tell_transferor(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        status: StatusCode,
    ) {
        if let Err(error) = self.dialogs.notify_refer(now, key, status) {
            tracing::debug!(%key, %error, "nobody to tell");
        }
    }
}

/// The status that tells why a call came to nothing.
fn told_as(cause: &TerminalCause) -> StatusCode {
    cause.status().unwrap_or(match cause {
        TerminalCause::NoAnswer => StatusCode::TEMPORARILY_UNAVAILABLE,
        TerminalCause::TimedOut => StatusCode::REQUEST_TIMEOUT,
        TerminalCause::Unlocated { .. } | TerminalCause::NetworkFailed { .. } => {
            StatusCode::SERVICE_UNAVAILABLE
        }
        TerminalCause::MediaFailed => StatusCode::NOT_ACCEPTABLE_HERE,
        TerminalCause::Cancelled | TerminalCause::LocalHangup | TerminalCause::Shutdown => {
            StatusCode::REQUEST_TERMINATED
        }
        _ => StatusCode::SERVER_INTERNAL_ERROR,
    })
}
