//! Our peer transfers us: asked, decided, the target called, and the peer told how that goes (RFC 5589 section 6); and a call
//! that takes the place of another (RFC 3891).

use std::sync::Arc;
use std::time::Instant;

use rvoip_dialog_core::sip_core::{ByteString, Method, NameAddr, StatusCode};
use rvoip_dialog_core::{CallKey, Refer, SubscriptionKey};

use super::{Pending, own_uri};
use crate::core::SessionCore;
use crate::core::outgoing::parse_uri;
use crate::{
    CallState, Result, SessionError, SessionId, TransferDecision, TransferFailure, TransferId,
    TransferProgress, TransferRole, TransferType,
};

impl SessionCore {
    /// The peer of a call asks us to call somebody.
    pub(super) fn on_transfer_requested(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        call: Option<CallKey>,
        refer: &Refer,
    ) {
        match self.admit_transfer(call, refer) {
            Err(status) => {
                if let Err(error) = self.dialogs.refuse_refer(now, key, status) {
                    tracing::debug!(%key, %error, "cannot refuse");
                }
            }
            Ok(id) => {
                let Ok(session) = self.session(id) else {
                    return;
                };
                let pending = Pending {
                    record: Arc::clone(&session.record),
                    consultation: None,
                    placed: None,
                };
                let transfer_type = match refer.replaces() {
                    Some(_) => TransferType::Attended,
                    None => TransferType::Blind,
                };
                let by = refer.referred_by.as_ref();
                let by = by.map(|by| by.0.uri().as_str().to_owned());
                self.transfers.begin(
                    now,
                    key,
                    pending,
                    (TransferRole::Transferee, transfer_type),
                    (refer.target().as_str().to_owned(), by),
                );
                self.transfers.note_refer(key, refer.clone());
                self.tell_transfer(now, key, TransferProgress::Requested);
            }
        }
    }

    fn admit_transfer(
        &self,
        call: Option<CallKey>,
        refer: &Refer,
    ) -> std::result::Result<SessionId, StatusCode> {
        // Whom we have no call with has no say in whom we call.
        let call = call.ok_or(StatusCode::FORBIDDEN)?;
        let id = self.sessions.of_call(call);
        let id = id.ok_or(StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST)?;
        let answered = self
            .session(id)
            .is_ok_and(|session| session.record.state().is_answered());
        if !answered || self.draining {
            return Err(StatusCode::TEMPORARILY_UNAVAILABLE);
        }
        if self
            .transfers
            .of_session(id, TransferRole::Transferee)
            .is_some()
        {
            return Err(StatusCode::REQUEST_PENDING);
        }
        if refer.method() != Method::Invite || parse_uri(refer.target().as_str()).is_err() {
            return Err(StatusCode::NOT_ACCEPTABLE_ANYWHERE);
        }
        Ok(id)
    }

    /// Carries out the decision about a transfer that the peer asks for.
    ///
    /// # Errors
    /// When it no longer waits for one, or the target cannot be called: the peer is told so.
    pub fn decide_transfer(
        &mut self,
        now: Instant,
        transfer: TransferId,
        decision: TransferDecision,
    ) -> Result<()> {
        let key = self
            .transfers
            .of_id(transfer)
            .filter(|key| self.transfers.progress(*key) == Some(TransferProgress::Requested))
            .ok_or(SessionError::TransferNotFound(transfer))?;
        let result = match decision {
            TransferDecision::Accept => self.follow_transfer(now, key),
            TransferDecision::Reject(status) => {
                let status = match status.is_final() && !status.is_success() {
                    true => status,
                    false => StatusCode::DECLINE,
                };
                let refused = self.dialogs.refuse_refer(now, key, status);
                let failure = TransferFailure::Refused { status };
                self.tell_transfer(now, key, TransferProgress::Failed(failure));
                refused.map_err(|source| SessionError::Dialog {
                    session_id: None,
                    source,
                })
            }
        };
        self.pump(now);
        result
    }

    fn follow_transfer(&mut self, now: Instant, key: SubscriptionKey) -> Result<()> {
        let Some(transfer) = self.transfers.transfer(key).map(Arc::clone) else {
            return Ok(());
        };
        let id = transfer.session_id();
        self.dialogs
            .accept_refer(now, key)
            .map_err(|source| SessionError::Dialog {
                session_id: Some(id),
                source,
            })?;
        self.enter(now, id, CallState::Transferring, None);
        self.tell_transfer(now, key, TransferProgress::Accepted);
        let placed = self.place_referred(now, key, id);
        if let Err(error) = &placed {
            tracing::info!(session = %id, %error, "the target of a transfer cannot be called");
            let status = StatusCode::SERVICE_UNAVAILABLE;
            self.transferred_to(now, key, status);
        }
        placed
    }

    fn place_referred(&mut self, now: Instant, key: SubscriptionKey, id: SessionId) -> Result<()> {
        let Some(refer) = self.transfers.take_refer(key) else {
            return Ok(());
        };
        let own = self.session(id).ok().and_then(|it| own_uri(&it.record));
        let own = own.ok_or_else(|| SessionError::InvalidUri(String::new()))?;
        let target = refer.target();
        let call = self.prepare(now, own.as_str(), target.as_str(), None)?;
        self.transfers.set_placed(key, call.id());
        let local = NameAddr::parse(ByteString::from(own.as_str()))
            .map_err(|_| SessionError::InvalidUri(own.as_str().to_owned()))?;
        self.initiate_with(now, call.id(), refer.call(local).headers)
    }
}
