//! The peer changes the session inside a call by re-INVITE (RFC 3261 section 14.2).

use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::RngExt;
use rvoip_transaction_core::ServerKey;
use rvoip_transaction_core::sip_core::{Request, StatusCode};

use super::DialogManager;
use super::call::{Exchange, Role, Theirs};
use crate::invite::{uac, uas};
use crate::offer_answer::Glare;
use crate::out_of_dialog::Refusal;
use crate::{Body, CallKey, DialogError, SessionCoordinationEvent};

impl DialogManager {
    /// Answers the re-INVITE of an [`Offer`](SessionCoordinationEvent::Offer) with 200; with an offer of ours when the
    /// re-INVITE had none.
    ///
    /// # Errors
    /// When no re-INVITE waits, or the body is missing.
    pub fn answer_offer(
        &mut self,
        now: Instant,
        key: CallKey,
        body: Option<Body>,
    ) -> Result<(), DialogError> {
        self.offered(key, "answer an offer")?;
        self.ledger_success(key, body.is_some())?;
        if let Some(call) = self.calls.get_mut(key)
            && let Exchange::Theirs(theirs) = &call.exchange
        {
            call.dialog
                .refresh_target(theirs.request.contact().ok().flatten());
        }
        if let Some(response) = self.dialog_response(key, StatusCode::OK, body.as_ref(), &[]) {
            self.answer_invite(now, key, response);
        }
        self.pump(now);
        Ok(())
    }

    /// Refuses the re-INVITE of an [`Offer`](SessionCoordinationEvent::Offer), as with 488; the call goes on as it was.
    ///
    /// # Errors
    /// When no re-INVITE waits, or the status is not 300..=699.
    pub fn refuse_offer(
        &mut self,
        now: Instant,
        key: CallKey,
        status: StatusCode,
    ) -> Result<(), DialogError> {
        self.offered(key, "refuse an offer")?;
        if !status.is_final() || status.is_success() {
            return Err(DialogError::WrongStatus(status));
        }
        if let Some(call) = self.calls.get_mut(key) {
            call.ledger.roll_back();
        }
        if let Some(response) = self.final_response(key, status) {
            self.answer_invite(now, key, response);
        }
        self.pump(now);
        Ok(())
    }

    fn offered(&self, key: CallKey, command: &'static str) -> Result<(), DialogError> {
        let call = self.calls.known(key)?;
        if call.role.is_confirmed() && matches!(call.exchange, Exchange::Theirs(_)) {
            return Ok(());
        }
        Err(DialogError::InvalidState {
            key,
            state: call.role.name(),
            command,
        })
    }

    /// The peer changes the session (section 14.2).
    pub(super) fn handle_reinvite(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: &Request,
        key: CallKey,
    ) {
        if let Err(refusal) = self.admit_reinvite(now, server, request, key) {
            self.refuse(now, server, request, &refusal);
        }
    }

    fn admit_reinvite(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: &Request,
        key: CallKey,
    ) -> Result<(), Refusal> {
        let retry = Duration::from_secs(self.rng.random_range(0..=10));
        let (_, max_ringing) = self.limits();
        let body = self.capabilities.body(request)?;
        let call = self.calls.get_mut(key).ok_or(Refusal::NoDialog)?;
        if matches!(
            call.role,
            Role::Caller(uac::State::Cancelling | uac::State::Closing)
                | Role::Called(uas::State::Departing | uas::State::Closing)
        ) {
            return Err(Refusal::NoDialog);
        }
        if call.unacknowledged.is_some() {
            return Err(Refusal::Glare(Glare::RequestPending, retry));
        }
        call.ledger
            .receive_invite(body.is_some())
            .map_err(|glare| Refusal::Glare(glare, retry))?;
        call.exchange = Exchange::Theirs(Box::new(Theirs {
            server,
            request: Arc::new(request.clone()),
            number: call.dialog.sequence.remote().unwrap_or(0),
            provisional: None,
        }));
        call.limit = now.checked_add(max_ringing);
        self.servers.insert(server, key);
        self.calls.schedule(key);
        self.emit(SessionCoordinationEvent::Offer { key, body });
        Ok(())
    }
}
