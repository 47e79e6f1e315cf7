//! We change the session inside a call: by re-INVITE or UPDATE, before the answer by UPDATE alone (RFC 3261 section 14.1, RFC
//! 3311).

use std::time::{Duration, Instant};

use rvoip_transaction_core::ClientKey;
use rvoip_transaction_core::sip_core::{HeaderName, Method, Response, StatusCode};

use super::DialogManager;
use super::call::Exchange;
use super::client::ClientUse;
use super::errand::Errand;
use super::leg::Retry;
use super::step::{Common, Work};
use crate::offer_answer::{Carrier, OfferMethod, Party, Proposal, Violation};
use crate::session_timer::Input;
use crate::{Body, CallKey, DialogError, EndCause, Leg, SessionCoordinationEvent};

/// How long an offer waits before it looks again whether the PRACK before it has been answered.
const PRACK_WAIT: Duration = Duration::from_millis(500);

impl DialogManager {
    /// Offers a change of the session: in a confirmed call by the method, before its answer by UPDATE where the peer speaks
    /// it and the first offer has been answered. Ends in an [`Answer`](SessionCoordinationEvent::Answer), an
    /// [`OfferRefused`](SessionCoordinationEvent::OfferRefused), or with the call. An offer that meets one of the peer's is
    /// tried again after the time of RFC 3261 section 14.1.
    ///
    /// # Errors
    /// When the call is in no state for it, an offer is outstanding, or the request cannot be sent.
    pub fn offer(
        &mut self,
        now: Instant,
        leg: impl Into<Leg>,
        method: OfferMethod,
        body: Body,
    ) -> Result<(), DialogError> {
        let leg = leg.into();
        let proposal = Proposal {
            method,
            ..Proposal::new(Some(body), false)
        };
        let sent = self.propose(now, leg, proposal);
        self.calls.schedule(leg.call);
        self.pump(now);
        sent
    }

    pub(super) fn propose(
        &mut self,
        now: Instant,
        leg: Leg,
        proposal: Proposal,
    ) -> Result<(), DialogError> {
        let key = leg.call;
        let outstanding = DialogError::OfferAnswer {
            key,
            violation: Violation::OfferOutstanding,
        };
        let by_update = self.goes_by_update(leg, proposal.method);
        let call = self.calls.known_mut(key)?;
        if !call.role.is_confirmed() && !by_update {
            return Err(DialogError::InvalidState {
                key,
                state: call.role.name(),
                command: "offer",
            });
        }
        let open = !by_update && !matches!(call.exchange, Exchange::None);
        let unacknowledged = open || call.unacknowledged.is_some();
        let carrier = match by_update {
            true => Carrier::Update,
            false => Carrier::Invite,
        };
        let pracking = call.early_mut(leg.fork).is_some_and(|it| it.pracking > 0);
        let Some(mut part) = call.leg_mut(leg.fork) else {
            return Err(DialogError::NoSuchCall(key));
        };
        if pracking && !part.is_changing() && part.ledger.is_stable() {
            // It must not overtake the PRACK.
            part.change().retry = Some(Retry {
                proposal,
                at: now + PRACK_WAIT,
                stale: false,
            });
            return Ok(());
        }
        let busy = unacknowledged || part.is_changing() || part.asked().is_some();
        if busy || part.ledger.pass(Party::Local, carrier, true).is_err() {
            return Err(outstanding);
        }
        let sent = match by_update {
            true => self.send_update(now, leg, proposal),
            false => self.send_reinvite(now, key, proposal),
        };
        if sent.is_err()
            && let Some(part) = self
                .calls
                .get_mut(key)
                .and_then(|call| call.leg_mut(leg.fork))
        {
            part.ledger.fail(carrier);
        }
        sent
    }

    /// Sends a re-INVITE. The ledger has the offer already.
    pub(super) fn send_reinvite(
        &mut self,
        now: Instant,
        key: CallKey,
        proposal: Proposal,
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
        let request = match call.timer.as_ref().map(|timer| timer.ask()) {
            Some((expires, min_se)) => request.header(&expires).headers(&min_se),
            None => request,
        };
        let request = Body::attach(proposal.body.as_ref(), request);
        let errand = Errand::inside(request, next_hop, call.path.as_deref());
        let client = self.dispatch(now, ClientUse::invite(key, false, Some(proposal)), errand)?;
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
        let answered = call.ledger.is_stable();
        call.receive_success(!success.body().is_empty());
        if let Some(mut leg) = call.leg_mut(None) {
            leg.reinvited();
        }
        let confirmed = call.role.is_confirmed();
        self.send_ack(now, key, client, number, None);
        let proposal = match self.clients.get_mut(&client) {
            Some(ClientUse::Invite { forks, .. }) => forks.proposal.take(),
            _ => None,
        };
        let refresh = proposal.as_ref().is_some_and(|proposal| proposal.refresh);
        let local = proposal.and_then(|proposal| proposal.body);
        self.heed_success(now, key, success, local);
        self.calls.schedule(key);
        if confirmed && !refresh && !answered {
            self.emit(SessionCoordinationEvent::Answer {
                key,
                fork: None,
                body: Body::of_response(success),
            });
        }
    }

    /// Our re-INVITE was refused, or could not be sent. 481 and 408 say that the peer has lost the dialog (section
    /// 12.2.1.2).
    pub(super) fn reoffer_failed(
        &mut self,
        now: Instant,
        key: CallKey,
        proposal: Option<Proposal>,
        status: StatusCode,
        response: Option<&Response>,
    ) {
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        if !matches!(call.exchange, Exchange::Ours { .. }) {
            return;
        }
        call.exchange = Exchange::None;
        call.limit = None;
        call.ledger.fail(Carrier::Invite);
        if let Some(mut leg) = call.leg_mut(None) {
            leg.reinvited();
        }
        let confirmed = call.role.is_confirmed();
        let refresh = proposal.as_ref().is_some_and(|proposal| proposal.refresh);
        if status == StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST
            || status == StatusCode::REQUEST_TIMEOUT
        {
            call.note(EndCause::DialogLost { status });
            self.step(now, key, Common::Lost, Work::default());
        } else if refresh {
            self.heed_interval(key, status, response);
            self.step_timer(now, key, Input::Refused);
        } else if confirmed {
            let leg = Leg::from(key);
            let again = proposal
                .is_some_and(|proposal| self.try_again(now, leg, proposal, status, response));
            if !again {
                let fork = None;
                self.emit(SessionCoordinationEvent::OfferRefused { key, fork, status });
            }
        }
        self.calls.schedule(key);
    }
}
