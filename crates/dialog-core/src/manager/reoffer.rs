//! We change the session inside a call by re-INVITE (RFC 3261 section 14.1).

use std::time::Instant;

use rvoip_transaction_core::ClientKey;
use rvoip_transaction_core::sip_core::{HeaderName, Method, Response, StatusCode};

use super::DialogManager;
use super::call::Exchange;
use super::errand::along;
use super::step::{Common, Work};
use crate::offer_answer::Violation;
use crate::{Body, CallKey, DialogError, EndCause, SessionCoordinationEvent};

impl DialogManager {
    /// Offers a change of the session inside a confirmed call. Ends in an
    /// [`Answer`](SessionCoordinationEvent::Answer), an [`OfferRefused`](SessionCoordinationEvent::OfferRefused), or
    /// with the call.
    ///
    /// # Errors
    /// When the call is not confirmed, an offer is outstanding, or the request cannot be sent.
    pub fn offer(&mut self, now: Instant, key: CallKey, body: Body) -> Result<(), DialogError> {
        let call = self.calls.known_mut(key)?;
        if !call.role.is_confirmed() {
            return Err(DialogError::InvalidState {
                key,
                state: call.role.name(),
                command: "offer",
            });
        }
        if call.unacknowledged.is_some() || call.ledger.send_invite(true).is_err() {
            return Err(DialogError::OfferAnswer {
                key,
                violation: Violation::OfferOutstanding,
            });
        }
        let sent = self.send_reinvite(now, key, &body);
        if let (Err(_), Some(call)) = (&sent, self.calls.get_mut(key)) {
            call.ledger.roll_back();
        }
        self.calls.schedule(key);
        self.pump(now);
        sent
    }

    fn send_reinvite(
        &mut self,
        now: Instant,
        key: CallKey,
        body: &Body,
    ) -> Result<(), DialogError> {
        let (_, max_ringing) = self.limits();
        let call = self.calls.known_mut(key)?;
        let unreachable = DialogError::Unreachable(call.dialog.remote_target().into());
        let Some(number) = call.dialog.sequence.advance() else {
            return Err(unreachable);
        };
        let Ok((request, next_hop)) = call.dialog.request(Method::Invite, number) else {
            return Err(unreachable);
        };
        let request = self
            .capabilities
            .describe_request(request)
            .raw(&HeaderName::Contact, call.dialog.contact());
        let request = Body::attach(Some(body), request);
        let next_hop = along(next_hop, call.path.as_deref());
        let client = self.send_later_invite(now, key, request, next_hop)?;
        let call = self.calls.known_mut(key)?;
        call.exchange = Exchange::Ours { client, number };
        call.limit = now.checked_add(max_ringing);
        Ok(())
    }

    /// Our re-INVITE was answered with 2xx. The ACK goes out even when the call is being or has been hung up.
    pub(super) fn handle_reoffer_answered(
        &mut self,
        now: Instant,
        key: CallKey,
        client: ClientKey,
        success: &Response,
    ) {
        let Some(call) = self.calls.get_mut(key) else {
            return self.disown(now, Some(client), success, false);
        };
        let Exchange::Ours { number, .. } = call.exchange else {
            return;
        };
        call.exchange = Exchange::None;
        call.limit = None;
        call.dialog.refresh_target(success.contact().ok().flatten());
        call.ledger.receive_success(!success.body().is_empty());
        let confirmed = call.role.is_confirmed();
        self.send_ack(now, key, client, number, None);
        self.calls.schedule(key);
        if confirmed {
            self.emit(SessionCoordinationEvent::Answer {
                key,
                body: Body::of_response(success),
            });
        }
    }

    /// Our re-INVITE was refused, or could not be sent. 481 and 408 say that the peer has lost the dialog (section
    /// 12.2.1.2).
    pub(super) fn reoffer_failed(&mut self, now: Instant, key: CallKey, status: StatusCode) {
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        if !matches!(call.exchange, Exchange::Ours { .. }) {
            return;
        }
        call.exchange = Exchange::None;
        call.limit = None;
        call.ledger.roll_back();
        let confirmed = call.role.is_confirmed();
        if status == StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST
            || status == StatusCode::REQUEST_TIMEOUT
        {
            call.note(EndCause::DialogLost { status });
            self.step(now, key, Common::Lost, Work::default());
        } else if confirmed {
            self.emit(SessionCoordinationEvent::OfferRefused { key, status });
        }
        self.calls.schedule(key);
    }
}
