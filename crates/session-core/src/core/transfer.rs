//! We transfer a call: REFER, what is told about it, and the call given back or ended (RFC 5589 sections 6 and 7).

mod consultation;
mod outcome;
mod requested;
mod table;

use std::sync::Arc;
use std::time::Instant;

use rvoip_dialog_core::sip_core::{ByteString, NameAddr, StatusCode, Uri};
use rvoip_dialog_core::{
    DialogError, Refer, SessionCoordinationEvent, SubscriptionEnd, SubscriptionKey,
};

use super::SessionCore;
use super::outgoing::parse_uri;
use super::permit::refuse;
use crate::{
    BasicSessionEvent, CallDirection, CallRecord, CallState, Operation, Result, SessionError,
    SessionId, Transfer, TransferFailure, TransferProgress, TransferRole, TransferType,
};

pub(super) use table::{Pending, Transfers};

impl SessionCore {
    /// Sends the peer of a call elsewhere.
    ///
    /// # Errors
    /// No such session, one that is not answered or is being transferred, a target that cannot be called, or a request that
    /// cannot be sent.
    pub fn transfer(&mut self, now: Instant, id: SessionId, target: &str) -> Result<Arc<Transfer>> {
        self.permit(id, Operation::Transfer)?;
        let refer = Refer::to(&parse_uri(target)?);
        self.send_transfer(now, id, (refer, target), None)
    }

    /// Connects the peers of two calls.
    ///
    /// # Errors
    /// As [`transfer`](Self::transfer), for either call.
    pub fn transfer_attended(
        &mut self,
        now: Instant,
        id: SessionId,
        consultation: SessionId,
    ) -> Result<Arc<Transfer>> {
        self.permit(id, Operation::Transfer)?;
        let other = self.permit(consultation, Operation::Transfer)?;
        let refer = other
            .call
            .filter(|_| id != consultation)
            .and_then(|key| self.dialogs.takeover(key))
            .ok_or_else(|| refuse(other, Operation::Transfer))?;
        let target = refer.target();
        self.send_transfer(now, id, (refer, target.as_str()), Some(consultation))
    }

    fn send_transfer(
        &mut self,
        now: Instant,
        id: SessionId,
        (refer, target): (Refer, &str),
        consultation: Option<SessionId>,
    ) -> Result<Arc<Transfer>> {
        let session = self.session(id)?;
        let record = Arc::clone(&session.record);
        let key = session
            .call
            .ok_or_else(|| refuse(session, Operation::Transfer))?;
        let refer = match own_uri(&record) {
            Some(own) => refer.referred_by(&own),
            None => refer,
        };
        let key = self
            .dialogs
            .refer(now, key, &refer)
            .map_err(|source| match source {
                DialogError::TooManySubscriptions(_) => SessionError::ResourceExhausted,
                source => SessionError::Dialog {
                    session_id: Some(id),
                    source,
                },
            })?;
        let transfer_type = match consultation {
            Some(_) => TransferType::Attended,
            None => TransferType::Blind,
        };
        let transfer = self.transfers.begin(
            now,
            key,
            Pending {
                record,
                consultation,
                placed: None,
            },
            (TransferRole::Transferor, transfer_type),
            (target.to_owned(), None),
        );
        self.enter(now, id, CallState::Transferring, None);
        self.tell_transfer(now, key, TransferProgress::Initiated);
        self.pump(now);
        Ok(transfer)
    }

    /// Takes a transfer of ours back: the call is given back, and nothing more of it is told.
    ///
    /// # Errors
    /// No such session, or one that we are not transferring.
    pub fn cancel_transfer(&mut self, now: Instant, id: SessionId) -> Result<()> {
        let session = self.session(id)?;
        let key = self
            .transfers
            .of_session(id, TransferRole::Transferor)
            .ok_or_else(|| refuse(session, Operation::Transfer))?;
        self.abandon_transfer(now, key, TransferFailure::Cancelled);
        self.pump(now);
        Ok(())
    }

    /// The transfers that are over, oldest first, as many as are kept.
    pub fn transfer_history(&self) -> Vec<Arc<Transfer>> {
        self.transfers.history.iter().cloned().collect()
    }

    /// What dialog-core tells of REFERs.
    pub(super) fn on_transfer_event(&mut self, now: Instant, event: SessionCoordinationEvent) {
        use SessionCoordinationEvent as Event;
        match event {
            Event::IncomingRefer {
                key, call, refer, ..
            } => self.on_transfer_requested(now, key, call, &refer),
            // A notification may have overtaken the 202.
            Event::Subscribed { key, .. }
                if self.transfers.progress(key) == Some(TransferProgress::Initiated) =>
            {
                self.tell_transfer(now, key, TransferProgress::Accepted);
            }
            Event::ReferProgress { key, status } => {
                let progress = match status {
                    status if !status.is_final() => TransferProgress::Proceeding { status },
                    status if status.is_success() => TransferProgress::Completed,
                    status => TransferProgress::Failed(TransferFailure::TargetFailed { status }),
                };
                self.tell_transfer(now, key, progress);
            }
            Event::SubscriptionEnded { key, cause } => self.on_transfer_untold(now, key, &cause),
            _ => {}
        }
    }

    /// There is nothing more to come about a transfer.
    fn on_transfer_untold(&mut self, now: Instant, key: SubscriptionKey, cause: &SubscriptionEnd) {
        let Some(progress) = self.transfers.progress(key) else {
            return;
        };
        let failure = match (cause, progress) {
            (SubscriptionEnd::Refused { .. }, TransferProgress::Requested) => {
                TransferFailure::Undecided
            }
            (SubscriptionEnd::Refused { status, .. }, _) => {
                TransferFailure::Refused { status: *status }
            }
            // The call that we place for our peer goes on, whether it wants to know or not.
            _ if self.transfers.role(key) == Some(TransferRole::Transferee) => return,
            _ => TransferFailure::NoOutcome,
        };
        self.tell_transfer(now, key, TransferProgress::Failed(failure));
    }

    /// A transfer has come as far as this; with the end of it comes what follows for the calls.
    fn tell_transfer(&mut self, now: Instant, key: SubscriptionKey, progress: TransferProgress) {
        let Some(told) = self.transfers.advance(now, key, progress) else {
            return;
        };
        let (transfer, pending) = told;
        let (id, role) = (transfer.session_id(), transfer.role());
        tracing::info!(session = %id, transfer = %transfer.id(), ?progress, "transfer");
        self.events.push_back(BasicSessionEvent::Transfer {
            call: Arc::clone(&pending.record),
            transfer,
            progress,
        });
        match (progress, role) {
            (TransferProgress::Completed, TransferRole::Transferor) => {
                for over in [Some(id), pending.consultation].into_iter().flatten() {
                    self.transfers.consultations.remove(&over);
                    self.end(now, over, None);
                }
            }
            (TransferProgress::Failed(_), _) => self.give_back(now, id),
            _ => {}
        }
    }

    /// A call that was being transferred is a call as before.
    fn give_back(&mut self, now: Instant, id: SessionId) {
        if self
            .session(id)
            .is_ok_and(|session| session.record.state() == CallState::Transferring)
        {
            let state = self.answered_state(id);
            self.enter(now, id, state, Some("transfer failed".into()));
        }
    }

    /// Ends a transfer before its outcome is known.
    fn abandon_transfer(&mut self, now: Instant, key: SubscriptionKey, failure: TransferFailure) {
        match self.transfers.role(key) {
            Some(TransferRole::Transferor) => {
                if let Err(error) = self.dialogs.unsubscribe(now, key) {
                    tracing::debug!(%key, %error, "nothing to take back");
                }
            }
            Some(TransferRole::Transferee) => {
                let status = StatusCode::REQUEST_TERMINATED;
                self.tell_transferor(now, key, status);
            }
            None => return,
        }
        self.tell_transfer(now, key, TransferProgress::Failed(failure));
    }

    /// Everything stops.
    pub(super) fn abandon_transfers(&mut self, now: Instant) {
        for key in self.transfers.keys() {
            self.abandon_transfer(now, key, TransferFailure::Shutdown);
        }
    }
}

/// Our own URI in a call.
fn own_uri(record: &CallRecord) -> Option<Uri> {
    let own = match record.direction() {
        CallDirection::Outgoing => record.from(),
        CallDirection::Incoming => record.to(),
    };
    let own = NameAddr::parse(ByteString::from(own)).ok()?;
    Some(own.uri().without_headers())
}
