//! An offer of ours that met one of the peer: it goes out again after its time (RFC 3261 section 14.1).

use std::time::{Duration, Instant};

use rvoip_transaction_core::sip_core::{Response, RetryAfter, StatusCode};

use super::DialogManager;
use super::call::{Exchange, Role};
use super::leg::Retry;
use crate::offer_answer::{Proposal, back_off};
use crate::{Leg, SessionCoordinationEvent};

/// How often an offer goes out before it is given up for the offers that it meets.
const MAX_ROUNDS: u8 = 10;

impl DialogManager {
    /// Whether an offer that was refused with this status goes out again by itself: one that met another offer does.
    pub(super) fn try_again(
        &mut self,
        now: Instant,
        leg: Leg,
        mut proposal: Proposal,
        status: StatusCode,
        response: Option<&Response>,
    ) -> bool {
        let Some(call) = self.calls.get_mut(leg.call) else {
            return false;
        };
        let owner = matches!(call.role, Role::Caller(_));
        let later = response.and_then(|it| it.headers().first::<RetryAfter>().ok()?);
        let wait = match (status, later) {
            (StatusCode::REQUEST_PENDING, _) => back_off(owner, &mut self.rng),
            (StatusCode::SERVER_INTERNAL_ERROR, Some(later)) if later.seconds <= 10 => {
                Duration::from_secs(later.seconds.into())
            }
            _ => return false,
        };
        proposal.rounds += 1;
        let Some(mut part) = call.leg_mut(leg.fork) else {
            return false;
        };
        if proposal.rounds >= MAX_ROUNDS {
            return false;
        }
        part.change().retry = Some(Retry {
            proposal,
            at: now + wait,
            stale: false,
        });
        self.calls.schedule(leg.call);
        true
    }

    /// An offer that met another one has waited long enough.
    pub(super) fn offer_again(&mut self, now: Instant, leg: Leg) {
        let Leg { call: key, fork } = leg;
        let wait = back_off(false, &mut self.rng).max(Duration::from_millis(200));
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        let part = call.leg_mut(fork);
        let retry = part.and_then(|part| part.change.as_ref()?.retry.as_ref());
        let Some(method) = retry.map(|retry| retry.proposal.method) else {
            return;
        };
        let by_update = self.goes_by_update(leg, method);
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        let (ready, over) = (
            call.role.is_confirmed() || by_update,
            call.role.is_leaving(),
        );
        let open =
            call.unacknowledged.is_some() || !by_update && !matches!(call.exchange, Exchange::None);
        let Some(mut part) = call.leg_mut(fork) else {
            return;
        };
        let busy = !ready || open || !part.ledger.is_stable() || part.asked().is_some();
        let Some(mut retry) = part.take_retry() else {
            return;
        };
        if over {
            return;
        }
        if busy {
            retry.at = now + wait;
            part.change().retry = Some(retry);
        } else if retry.stale || self.propose(now, leg, retry.proposal).is_err() {
            let status = StatusCode::REQUEST_PENDING;
            self.emit(SessionCoordinationEvent::OfferRefused { key, fork, status });
        }
        self.calls.schedule(key);
    }
}
