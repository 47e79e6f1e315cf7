//! What waits for a PRACK: the next reliable response, the 2xx, and at last the patience of this side (RFC 3262 section 3).

use std::time::{Duration, Instant};

use rvoip_transaction_core::sip_core::StatusCode;

use crate::invite::uas;
use crate::manager::DialogManager;
use crate::manager::call::Exchange;
use crate::manager::step::Work;
use crate::offer_answer::{Carrier, Ledger, Party};
use crate::prack::{self, Action, Input, State};
use crate::{Body, CallKey, EndCause};

impl DialogManager {
    /// Whether an acceptance has to wait: for the PRACK of a description, or for the end of an exchange. It is kept then.
    pub(in crate::manager) fn hold_success(&mut self, key: CallKey, body: Option<&Body>) -> bool {
        let Some(call) = self.calls.get_mut(key) else {
            return false;
        };
        let Some(reliable) = call
            .early
            .as_mut()
            .and_then(|early| early.reliable.as_mut())
        else {
            return false;
        };
        let busy = matches!(
            call.ledger,
            Ledger::Offered(_, Carrier::Reliable | Carrier::Prack | Carrier::Update)
        );
        let later = busy || reliable.is_described();
        let input = if later {
            Input::AcceptLater
        } else {
            Input::Accept
        };
        if let Some((state, _)) = prack::step(reliable.state, input) {
            reliable.state = state;
        }
        reliable.waiting.retain(|_| later);
        if later {
            reliable.success = body.cloned();
        }
        later
    }

    /// Whether the user has accepted, and the 2xx waits.
    pub(in crate::manager) fn is_held(&self, key: CallKey) -> bool {
        let early = self.calls.get(key).and_then(|call| call.early.as_ref());
        early.is_some_and(|early| {
            let reliable = early.reliable.as_ref();
            reliable.is_some_and(|reliable| reliable.state == State::Holding)
        })
    }

    /// Sends what waited for a PRACK or for the end of an exchange.
    pub(in crate::manager) fn release(&mut self, now: Instant, key: CallKey) {
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        let Some(reliable) = call
            .early
            .as_mut()
            .and_then(|early| early.reliable.as_mut())
        else {
            return;
        };
        if reliable.sent.is_none()
            && let Some((status, body)) = reliable.waiting.pop_front()
        {
            if let Some((state, _)) = prack::step(reliable.state, Input::Provisional) {
                reliable.state = state;
                self.transmit_reliable(now, key, status, body);
            }
            return;
        }
        if reliable.is_described() || !matches!(reliable.state, State::Holding) {
            return;
        }
        let body = reliable.success.clone();
        let ready = call
            .ledger
            .after(Party::Local, Carrier::Success, body.is_some());
        if ready.is_ok()
            && let Some((state, _)) = prack::step(reliable.state, Input::Settled)
        {
            reliable.state = state;
            // The ledger was asked already.
            let _ = self.succeed(now, key, body);
        }
    }

    /// What is due of the reliable responses: one again at doubled intervals, or the end of all patience.
    pub(in crate::manager) fn repeat_reliable(&mut self, now: Instant, key: CallKey) {
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        let Exchange::Theirs(theirs) = &call.exchange else {
            return;
        };
        let server = theirs.server;
        let Some(reliable) = call
            .early
            .as_mut()
            .and_then(|early| early.reliable.as_mut())
        else {
            return;
        };
        if let Some((status, _)) = reliable.refresh.filter(|(_, at)| *at <= now)
            && reliable.state == State::Idle
        {
            // Never refused: nothing waits, and there is no body.
            let _ = self.send_reliable(now, key, status, None);
            return;
        }
        let Some(sent) = &mut reliable.sent else {
            return;
        };
        let input = match () {
            () if sent.until <= now => Input::Timeout,
            () if sent.next <= now => Input::Repeat,
            () => return,
        };
        match prack::step(reliable.state, input) {
            Some((_, Action::Repeat)) => {
                sent.interval = (sent.interval * 2).max(Duration::from_millis(1));
                sent.next = now + sent.interval;
                let octets = sent.octets.clone();
                self.counters.provisional_retransmissions += 1;
                self.send_again(now, server, octets);
            }
            Some((state, Action::GiveUp)) => {
                reliable.state = state;
                call.note(EndCause::PrackTimeout);
                let response = self.final_response(key, StatusCode::SERVER_TIMEOUT);
                self.step_called(now, key, uas::Input::Reject, Work::respond(response));
            }
            _ => {}
        }
    }
}
