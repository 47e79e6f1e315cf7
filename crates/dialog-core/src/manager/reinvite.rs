//! Changing the session inside a call by re-INVITE, from either side (RFC 3261 section 14).

use std::time::{Duration, Instant};

use rand::RngExt;
use rvoip_transaction_core::sip_core::{HeaderName, Method, Request, Response, StatusCode};
use rvoip_transaction_core::{ClientKey, ServerKey};

use super::DialogManager;
use super::call::{Exchange, Role, Theirs};
use super::caller::{body_of_request, body_of_response, with_body};
use super::errand::{Errand, Purpose};
use super::step::{Common, Work};
use crate::invite::{uac, uas};
use crate::offer_answer::{Glare, Violation};
use crate::out_of_dialog::Refusal;
use crate::{Body, CallKey, DialogError, EndCause, SessionCoordinationEvent};

impl DialogManager {
    /// Offers a change of the session inside a confirmed call. Ends in an
    /// [`Answer`](SessionCoordinationEvent::Answer), an [`OfferRefused`](SessionCoordinationEvent::OfferRefused), or
    /// with the call.
    ///
    /// # Errors
    /// When the call is not confirmed, an offer is outstanding, or the request cannot be sent.
    pub fn offer(&mut self, now: Instant, key: CallKey, body: Body) -> Result<(), DialogError> {
        let call = self.calls.get_mut(key).ok_or(DialogError::NoSuchCall(key))?;
        if !call.role.is_confirmed() {
            return Err(DialogError::InvalidState { key, state: call.role.name(), command: "offer" });
        }
        if call.unacknowledged.is_some() || call.ledger.send_invite(true).is_err() {
            return Err(DialogError::OfferAnswer { key, violation: Violation::OfferOutstanding });
        }
        let sent = self.send_reinvite(now, key, &body);
        if let (Err(_), Some(call)) = (&sent, self.calls.get_mut(key)) {
            call.exchange = Exchange::None;
            call.limit = None;
            call.ledger.roll_back();
        }
        self.calls.schedule(key);
        self.pump(now);
        sent
    }

    fn send_reinvite(&mut self, now: Instant, key: CallKey, body: &Body) -> Result<(), DialogError> {
        let (_, max_ringing) = self.limits();
        let call = self.calls.get_mut(key).ok_or(DialogError::NoSuchCall(key))?;
        let unreachable = DialogError::Unreachable(call.dialog.remote_target().clone());
        let Some(number) = call.dialog.sequence.advance() else { return Err(unreachable) };
        let Ok((request, next_hop)) = call.dialog.request(Method::Invite, number) else { return Err(unreachable) };
        call.exchange = Exchange::Ours { client: None, number };
        call.limit = Some(now + max_ringing);
        let request = self.capabilities.describe_request(request).raw(&HeaderName::Contact, call.dialog.contact());
        let request = with_body(request, Some(body));
        let path = call.path;
        self.dispatch(now, Errand { purpose: Purpose::Reinvite(key), request }, &next_hop, path)
    }

    /// Answers the re-INVITE of an [`Offer`](SessionCoordinationEvent::Offer) with 200; with an offer of ours when the
    /// re-INVITE had none.
    ///
    /// # Errors
    /// When no re-INVITE waits, or the body is missing.
    pub fn answer_offer(&mut self, now: Instant, key: CallKey, body: Option<Body>) -> Result<(), DialogError> {
        self.offered(key, "answer an offer")?;
        self.ledger_success(key, body.is_some())?;
        if let Some(call) = self.calls.get_mut(key)
            && let Exchange::Theirs(theirs) = &call.exchange
        {
            call.dialog.refresh_target(theirs.request.contact().ok().flatten());
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
    pub fn refuse_offer(&mut self, now: Instant, key: CallKey, status: StatusCode) -> Result<(), DialogError> {
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
        let call = self.calls.get(key).ok_or(DialogError::NoSuchCall(key))?;
        if call.role.is_confirmed() && matches!(call.exchange, Exchange::Theirs(_)) {
            return Ok(());
        }
        Err(DialogError::InvalidState { key, state: call.role.name(), command })
    }

    /// The peer changes the session (section 14.2).
    pub(super) fn handle_reinvite(&mut self, now: Instant, server: ServerKey, request: &Request, key: CallKey) {
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
        if !self.capabilities.reads(request) {
            return Err(Refusal::MediaType);
        }
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
        let body = body_of_request(request);
        call.ledger.receive_invite(body.is_some()).map_err(|glare| Refusal::Glare(glare, retry))?;
        call.exchange = Exchange::Theirs(Box::new(Theirs { server, request: request.clone(), provisional: None }));
        call.limit = Some(now + max_ringing);
        self.servers.insert(server, key);
        self.calls.schedule(key);
        self.emit(SessionCoordinationEvent::Offer { key, body });
        Ok(())
    }

    /// Our re-INVITE was answered with 2xx. The ACK goes out even when the call is being or has been hung up.
    pub(super) fn handle_reoffer_answered(&mut self, now: Instant, key: CallKey, client: ClientKey, success: &Response) {
        let Some(call) = self.calls.get_mut(key) else { return self.disown(now, client, success, false) };
        let Exchange::Ours { number, .. } = call.exchange else { return };
        call.exchange = Exchange::None;
        call.limit = None;
        call.dialog.refresh_target(success.contact().ok().flatten());
        call.ledger.receive_success(!success.body().is_empty());
        let confirmed = call.role.is_confirmed();
        self.send_ack(now, key, client, number, None);
        self.calls.schedule(key);
        if confirmed {
            self.emit(SessionCoordinationEvent::Answer { key, body: body_of_response(success) });
        }
    }

    /// Our re-INVITE was refused, or could not be sent. 481 and 408 say that the peer has lost the dialog (section
    /// 12.2.1.2).
    pub(super) fn reoffer_failed(&mut self, now: Instant, key: CallKey, status: Option<StatusCode>) {
        let status = status.unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        let Some(call) = self.calls.get_mut(key) else { return };
        if !matches!(call.exchange, Exchange::Ours { .. }) {
            return;
        }
        call.exchange = Exchange::None;
        call.limit = None;
        call.ledger.roll_back();
        let confirmed = call.role.is_confirmed();
        if status == StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST || status == StatusCode::REQUEST_TIMEOUT {
            call.note(EndCause::DialogLost { status });
            self.step(now, key, Common::Lost, Work::default());
        } else if confirmed {
            self.emit(SessionCoordinationEvent::OfferRefused { key, status });
        }
        self.calls.schedule(key);
    }
}
