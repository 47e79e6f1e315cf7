//! What comes back to the INVITE that begins a call: progress, the 2xx that wins it, a refusal (RFC 3261 section 13.2.2).

use std::time::Instant;

use rvoip_transaction_core::ClientKey;
use rvoip_transaction_core::sip_core::header::{MinSe, SessionExpires};
use rvoip_transaction_core::sip_core::{Contact, HeaderName, Response, StatusCode};

use super::DialogManager;
use super::call::Role;
use super::client::ClientUse;
use super::prack::Reliability;
use super::step::Work;
use crate::invite::uac;
use crate::offer_answer::{Carrier, Ledger, Meaning, Party, Violation};
use crate::session_timer::seconds;
use crate::{Body, CallKey, EndCause, Leg, SessionCoordinationEvent};

impl DialogManager {
    /// A provisional response to the INVITE of a call.
    pub(super) fn handle_progress(&mut self, now: Instant, leg: Leg, response: &Response) {
        let Leg { call: key, fork } = leg;
        let (_, max_ringing) = self.limits();
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        if call.role == Role::Caller(uac::State::Calling) {
            call.limit = now.checked_add(max_ringing);
        }
        let status = response.status();
        let unasked = call.ledger == Ledger::Invited(Party::Local);
        let (mut reliable, mut offer) = (true, None);
        let body = match self.take_reliable(now, leg, response) {
            Reliability::Dropped => return,
            Reliability::Acknowledged(body) => body,
            Reliability::Offered(body) => {
                offer = Some(body);
                None
            }
            Reliability::None => {
                reliable = false;
                // An offer would have to be reliable.
                Body::of_response(response).filter(|_| !unasked)
            }
        };
        let event = (status != StatusCode::TRYING).then_some(SessionCoordinationEvent::Progress {
            key,
            fork,
            reliable,
            status,
            body,
        });
        self.step_caller(now, key, uac::Input::Provisional, Work::report(event));
        let proceeding = Role::Caller(uac::State::Proceeding);
        if offer.is_some()
            && self
                .calls
                .get(key)
                .is_some_and(|call| call.role == proceeding)
        {
            let body = offer;
            self.emit(SessionCoordinationEvent::Offer { key, fork, body });
        }
    }

    /// The 2xx that wins the call.
    pub(super) fn handle_success(
        &mut self,
        now: Instant,
        leg: Leg,
        client: ClientKey,
        response: &Response,
    ) {
        let Leg { call: key, fork } = leg;
        let patience = self.patience();
        let Some(call) = self.calls.get_mut(key) else {
            return self.disown(now, Some(client), response, true);
        };
        let early = call.early.take();
        call.fork = fork;
        let (mut answer, mut described) = (None, None);
        match early.and_then(|early| self.choose(now, leg, *early, response)) {
            Some((early_answer, local)) => (answer, described) = (early_answer, local),
            None => {
                if let Some(call) = self.calls.get_mut(key)
                    && let Err(error) = call.dialog.establish(response)
                {
                    tracing::debug!(%error, "a 2xx makes a dialog only in part");
                }
            }
        }
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        let mut body = Body::of_response(response);
        let meaning = call
            .ledger
            .pass(Party::Remote, Carrier::Success, body.is_some());
        match meaning {
            Ok(Meaning::Nothing) => body = answer,
            Ok(_) => {}
            // An UPDATE that is under way goes on.
            Err(Violation::OfferOutstanding) => {
                call.ledger.fail(Carrier::Invite);
                body = answer;
            }
            // What the peer leaves out is not waited for.
            Err(_) => call.ledger.fail(Carrier::Invite),
        }
        let offer = meaning == Ok(Meaning::Offer);
        let input = if offer {
            uac::Input::SuccessWithOffer
        } else {
            uac::Input::Success
        };
        call.limit = offer.then(|| now + patience);
        if matches!(
            call.role,
            Role::Caller(uac::State::Calling | uac::State::Proceeding)
        ) {
            self.counters.answered_calls += 1;
        }
        let local = match self.clients.get(&client) {
            Some(ClientUse::Invite { forks, .. }) => forks.proposal.as_ref(),
            _ => None,
        };
        let local = described.or(local.and_then(|proposal| proposal.body.clone()));
        self.heed_success(now, key, response, local);
        let event = Some(SessionCoordinationEvent::Answered {
            key,
            fork,
            body,
            offer,
        });
        self.step_caller(now, key, input, Work::report(event));
    }

    /// The INVITE of a call is refused. One whose session interval was too small goes out again with a longer one (RFC 4028
    /// section 7.4).
    pub(super) fn handle_refusal(
        &mut self,
        now: Instant,
        key: CallKey,
        client: ClientKey,
        response: &Response,
    ) {
        let status = response.status();
        if status == StatusCode::SESSION_INTERVAL_TOO_SMALL
            && let Some(config) = self.config.extensions(true).session_timer
            && let Ok(Some(min_se)) = response.headers().first::<MinSe>()
        {
            let expires = SessionExpires::new(min_se.seconds.max(seconds(config.expires)));
            let lines = [
                (HeaderName::SessionExpires, expires.to_string().into()),
                (HeaderName::MinSe, min_se.seconds.to_string().into()),
            ];
            // One that was kept for its credentials goes out with them.
            if self.resend(now, client, &lines)
                || self.invite_again(now, key, client, min_se.seconds)
            {
                return;
            }
        }
        self.clients.remove(&client);
        let contacts = response.headers().all::<Contact>();
        let contacts: Vec<_> = match status.is_redirection() {
            true => contacts
                .filter_map(|contact| match contact {
                    Ok(Contact::Address(address)) => Some(address),
                    _ => None,
                })
                .collect(),
            false => Vec::new(),
        };
        let cause = match contacts.is_empty() {
            false => EndCause::Redirected { status, contacts },
            true => EndCause::Rejected {
                status,
                reason: response.reason_phrase().into(),
            },
        };
        self.handle_invite_failed(now, key, uac::Input::Failure, cause);
    }

    /// The INVITE of a call failed: by a final response, or for want of one.
    pub(super) fn handle_invite_failed(
        &mut self,
        now: Instant,
        key: CallKey,
        input: uac::Input,
        cause: EndCause,
    ) {
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        call.note(cause);
        self.step_caller(now, key, input, Work::default());
    }
}
