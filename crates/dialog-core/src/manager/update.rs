//! UPDATE: a change or refresh of the session without INVITE, before the answer and after it (RFC 3311).

use std::time::Instant;

use rvoip_transaction_core::sip_core::{HeaderName, Method, Response, StatusCode};

use super::DialogManager;
use super::call::Role;
use super::client::ClientUse;
use super::errand::Errand;
use super::step::{Common, Work};
use crate::invite::{uac, uas};
use crate::offer_answer::{Carrier, OfferMethod, Party, Proposal};
use crate::session_timer::Input;
use crate::{Body, DialogError, EndCause, Leg, SessionCoordinationEvent};

impl DialogManager {
    /// Sends an UPDATE. The ledger has the offer already.
    pub(super) fn send_update(
        &mut self,
        now: Instant,
        leg: Leg,
        proposal: Proposal,
    ) -> Result<(), DialogError> {
        let call = self.calls.known_mut(leg.call)?;
        let (path, expires) = (
            call.path.clone(),
            call.timer.as_ref().map(|timer| timer.ask()),
        );
        let contact = call.dialog.contact().to_owned();
        let missing = DialogError::NoSuchCall(leg.call);
        let mut part = call.leg_mut(leg.fork).ok_or(missing)?;
        let unreachable = DialogError::Unreachable(part.dialog.remote_target().into());
        let Some(number) = part.dialog.sequence.advance() else {
            return Err(unreachable);
        };
        let Ok((request, next_hop)) = part.dialog.request(Method::Update, number) else {
            return Err(unreachable);
        };
        part.change().updating = true;
        let early = part.early;
        self.count_early(Leg { fork: early, ..leg }, number);
        let request = self
            .capabilities
            .describe_request(request)
            .raw(&HeaderName::Contact, &contact);
        let request = match expires {
            Some((expires, min_se)) => request.header(&expires).headers(&min_se),
            None => request,
        };
        let request = Body::attach(proposal.body.as_ref(), request);
        let errand = Errand::inside(request, next_hop, path.as_deref());
        let proposal = Box::new(proposal);
        let sent = self.dispatch(now, ClientUse::Update { leg, proposal }, errand);
        if sent.is_err()
            && let Some(call) = self.calls.get_mut(leg.call)
            && let Some(mut part) = call.leg_mut(leg.fork)
        {
            part.updated();
        }
        sent.map(drop)
    }

    /// Our UPDATE has its final response, or will never have one.
    pub(super) fn handle_update_answered(
        &mut self,
        now: Instant,
        leg: Leg,
        proposal: Proposal,
        status: StatusCode,
        response: Option<&Response>,
    ) {
        let Leg { call: key, fork } = leg;
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        let Some(mut part) = call.leg_mut(fork) else {
            return;
        };
        part.updated();
        let early = part.early.is_some();
        let success = response.filter(|_| status.is_success());
        let offered = proposal.body.is_some();
        if let Some(success) = success {
            part.dialog.refresh_target(success.contact().ok().flatten());
            let answered = part.ledger.pass(
                Party::Remote,
                Carrier::UpdateSuccess,
                !success.body().is_empty(),
            );
            if answered.is_err() {
                part.ledger.fail(Carrier::Update);
            }
            if let Some(body) = &proposal.body {
                call.described_early(fork, body);
            }
            self.heed_success(now, key, success, proposal.body);
            if offered {
                let body = Body::of_response(success);
                self.emit(SessionCoordinationEvent::Answer { key, fork, body });
            }
        } else {
            if offered {
                part.ledger.fail(Carrier::Update);
            }
            self.update_failed(now, leg, proposal, status, response, early);
        }
        self.release(now, key);
        self.calls.schedule(key);
    }

    fn update_failed(
        &mut self,
        now: Instant,
        leg: Leg,
        proposal: Proposal,
        status: StatusCode,
        response: Option<&Response>,
        early: bool,
    ) {
        let (key, fork) = (leg.call, leg.fork);
        let unspoken = matches!(
            status,
            StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED
        );
        let gone = status == StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST
            || status == StatusCode::REQUEST_TIMEOUT;
        let call = self.calls.get_mut(key);
        if let Some(call) = call.filter(|call| gone && !early && call.role.is_confirmed()) {
            call.note(EndCause::DialogLost { status });
            self.step(now, key, Common::Lost, Work::default());
        } else if proposal.refresh {
            let input = if unspoken {
                Input::Unsupported
            } else {
                Input::Refused
            };
            self.heed_interval(key, status, response);
            self.step_timer(now, key, input);
        } else {
            let again = unspoken && !early && self.offer_by_invite(now, leg, proposal.clone())
                || self.try_again(now, leg, proposal, status, response);
            if !again && self.calls.get(key).is_some() {
                self.emit(SessionCoordinationEvent::OfferRefused { key, fork, status });
            }
        }
    }

    /// The peer does not speak UPDATE, whatever its Allow has said.
    fn offer_by_invite(&mut self, now: Instant, leg: Leg, proposal: Proposal) -> bool {
        if let Some(call) = self.calls.get_mut(leg.call) {
            call.updates = false;
        }
        self.propose(now, leg, proposal).is_ok()
    }

    /// Whether an offer goes out by UPDATE in this dialog now: the only way before the answer, a choice after it (RFC 3311
    /// section 5.1).
    pub(super) fn goes_by_update(&self, leg: Leg, method: OfferMethod) -> bool {
        let Some(call) = self.calls.get(leg.call) else {
            return false;
        };
        match (call.role, &call.early) {
            (Role::Caller(uac::State::Proceeding), Some(early)) => {
                let mut dialogs = early.dialogs.iter();
                dialogs.any(|early| leg.fork.is_none_or(|fork| fork == early.id) && early.updates)
            }
            (Role::Called(uas::State::Ringing), Some(early)) => {
                let acknowledged = early.reliable.as_ref().is_some_and(|it| it.sent.is_none());
                acknowledged && call.updates && !self.is_held(leg.call)
            }
            (role, _) => role.is_confirmed() && method == OfferMethod::Update && call.updates,
        }
    }
}
