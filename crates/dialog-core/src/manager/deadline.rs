//! What becomes due in a call: repeats of a 2xx or of a provisional response, and the limits of a state.

use std::time::{Duration, Instant};

use bytes::Bytes;
use rvoip_transaction_core::ServerKey;
use rvoip_transaction_core::sip_core::{HeaderName, Limits, Message, StatusCode};

use super::DialogManager;
use super::call::{Exchange, Role};
use super::step::{Common, Work};
use crate::invite::uac;
use crate::offer_answer::Carrier;
use crate::{CallKey, EndCause, SessionCoordinationEvent};

/// Proxies forget an INVITE three minutes after the last provisional response; one every minute keeps it alive (RFC
/// 3261 section 13.3.1.1).
pub(super) const PROVISIONAL_REFRESH: Duration = Duration::from_secs(60);

impl DialogManager {
    /// Does what is due in a call. The caller schedules the call anew.
    pub(super) fn handle_deadline(&mut self, now: Instant, key: CallKey) {
        self.repeat_success(now, key);
        self.repeat_provisional(now, key);
        self.handle_change_due(now, key);
        self.handle_timer_due(now, key);
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        if call.limit.is_some_and(|limit| limit <= now) {
            call.limit = None;
            self.handle_limit(now, key);
        }
    }

    /// The 2xx again, T1 after the first, then doubling up to T2, for 64*T1 (section 13.3.1.4).
    fn repeat_success(&mut self, now: Instant, key: CallKey) {
        let t2 = self.timers.t2;
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        let Some(success) = &mut call.unacknowledged else {
            return;
        };
        if success.until <= now {
            call.note(EndCause::AckTimeout);
            call.unacknowledged = None;
            self.step(now, key, Common::AckTimeout, Work::default());
        } else if success.next <= now {
            // Never nothing, so that no configuration makes a repetition repeat itself within one moment.
            success.interval = (success.interval * 2).min(t2).max(Duration::from_millis(1));
            success.next = now + success.interval;
            let (server, response) = (success.server, success.response.clone());
            self.counters.success_retransmissions += 1;
            self.send_again(now, server, response);
        }
    }

    fn repeat_provisional(&mut self, now: Instant, key: CallKey) {
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        let Exchange::Theirs(theirs) = &mut call.exchange else {
            return;
        };
        let Some((response, at)) = &mut theirs.provisional else {
            return;
        };
        if *at <= now {
            *at = now + PROVISIONAL_REFRESH;
            let (server, response) = (theirs.server, response.clone());
            self.send_again(now, server, response);
        }
    }

    /// Sends a response of ours that is kept as it went out.
    pub(super) fn send_again(&mut self, now: Instant, server: ServerKey, octets: Bytes) {
        let limits = Limits {
            max_message_octets: usize::MAX,
            max_head_octets: usize::MAX,
            max_header_lines: usize::MAX,
        };
        // What this side wrote is always read.
        if let Ok(Message::Response(response)) = Message::parse(octets, &limits) {
            self.send(now, server, response);
        }
    }

    fn handle_limit(&mut self, now: Instant, key: CallKey) {
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        if call.role.is_confirmed() {
            return self.abandon_exchange(now, key);
        }
        let status = match &call.exchange {
            Exchange::Theirs(theirs) if theirs.request.headers().contains(&HeaderName::Expires) => {
                StatusCode::REQUEST_TERMINATED
            }
            _ => StatusCode::TEMPORARILY_UNAVAILABLE,
        };
        call.note(match call.role {
            Role::Caller(uac::State::AwaitingAnswer) => EndCause::LocalBye,
            _ => EndCause::NoAnswer,
        });
        let response = self.final_response(key, status);
        self.step(now, key, Common::Limit, Work::respond(response));
    }

    /// A re-INVITE was left unanswered for too long: ours is cancelled, the peer's is refused.
    fn abandon_exchange(&mut self, now: Instant, key: CallKey) {
        self.cancel_invite(now, key);
        let Some(response) = self.final_response(key, StatusCode::TEMPORARILY_UNAVAILABLE) else {
            return;
        };
        if let Some(call) = self.calls.get_mut(key) {
            call.ledger.fail(Carrier::Invite);
        }
        self.answer_invite(now, key, response);
        self.emit(SessionCoordinationEvent::OfferWithdrawn { key, fork: None });
    }
}
