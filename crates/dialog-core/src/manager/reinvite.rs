//! The peer changes the session inside a call by re-INVITE (RFC 3261 section 14.2).

use std::sync::Arc;
use std::time::Instant;

use rvoip_transaction_core::ServerKey;
use rvoip_transaction_core::sip_core::{ByteString, HeaderName, Request, StatusCode};

use super::DialogManager;
use super::call::{Exchange, Theirs};
use crate::offer_answer::{Carrier, Glare, Party, retry_after};
use crate::out_of_dialog::Refusal;
use crate::{Body, CallKey, DialogError, Leg, SessionCoordinationEvent};

impl DialogManager {
    /// Answers an [`Offer`](SessionCoordinationEvent::Offer): in the 200 of its re-INVITE, UPDATE or PRACK, or in the PRACK of
    /// a reliable provisional response; with an offer of ours when a re-INVITE had none.
    ///
    /// # Errors
    /// When no offer waits, or the body is missing.
    pub fn answer_offer(
        &mut self,
        now: Instant,
        leg: impl Into<Leg>,
        body: Option<Body>,
    ) -> Result<(), DialogError> {
        let leg = leg.into();
        let key = leg.call;
        let answered = self
            .answer_reliable(now, leg, body.as_ref())
            .or_else(|| self.answer_asked(now, leg, body.as_ref()));
        if let Some(answered) = answered {
            self.pump(now);
            return answered;
        }
        self.offered(key, "answer an offer")?;
        let body = self.ledger_success(key, body)?;
        if let Some(invite) = self.open_invite(key) {
            self.grant_interval(now, key, &invite, body.as_ref());
        }
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

    /// Refuses an [`Offer`](SessionCoordinationEvent::Offer), as with 488 and a Warning; the call goes on as it was. What came in a PRACK or in
    /// a reliable provisional response cannot be refused alone (RFC 6337 section 2.3): the call is given up.
    ///
    /// # Errors
    /// When no offer waits, or the status is not 300..=699.
    pub fn refuse_offer(
        &mut self,
        now: Instant,
        leg: impl Into<Leg>,
        status: StatusCode,
        headers: &[(HeaderName, ByteString)],
    ) -> Result<(), DialogError> {
        let leg = leg.into();
        let key = leg.call;
        if !status.is_final() || status.is_success() {
            return Err(DialogError::WrongStatus(status));
        }
        if self.refuse_reliable(now, leg) || self.refuse_asked(now, leg, (status, headers)) {
            self.pump(now);
            return Ok(());
        }
        self.offered(key, "refuse an offer")?;
        if let Some(call) = self.calls.get_mut(key) {
            call.ledger.fail(Carrier::Invite);
        }
        if let Some(response) = self.dialog_response(key, status, None, headers) {
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
        let retry = retry_after(&mut self.rng);
        let (_, max_ringing) = self.limits();
        let body = self.capabilities.body(request)?;
        self.check_interval(key, request)?;
        let call = self.calls.get_mut(key).ok_or(Refusal::NoDialog)?;
        if call.role.is_leaving() {
            return Err(Refusal::NoDialog);
        }
        if call.unacknowledged.is_some() {
            return Err(Refusal::Glare(Glare::RequestPending, retry));
        }
        let open = match call.exchange {
            Exchange::None => call.ledger.glare(),
            Exchange::Ours { .. } => Some(Glare::RequestPending),
            Exchange::Theirs(_) => Some(Glare::RetryLater),
        };
        if let Some(glare) = open {
            return Err(Refusal::Glare(glare, retry));
        }
        // A stable ledger turns no INVITE away.
        let _ = call
            .ledger
            .pass(Party::Remote, Carrier::Invite, body.is_some());
        if let Some(mut leg) = call.leg_mut(None) {
            leg.overtake();
        }
        call.exchange = Exchange::Theirs(Box::new(Theirs {
            server,
            request: Arc::new(request.clone()),
            number: call.dialog.sequence.remote().unwrap_or(0),
            provisional: None,
        }));
        call.limit = now.checked_add(max_ringing);
        self.servers.insert(server, key);
        self.calls.schedule(key);
        let fork = None;
        self.emit(SessionCoordinationEvent::Offer { key, fork, body });
        Ok(())
    }
}
