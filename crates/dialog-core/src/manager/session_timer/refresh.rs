//! A session interval runs: refreshed at its half, and the call ended when that comes to nothing (RFC 4028 section 10).

use std::time::Instant;

use rvoip_transaction_core::sip_core::header::MinSe;
use rvoip_transaction_core::sip_core::{Response, StatusCode};

use crate::manager::DialogManager;
use crate::manager::call::Exchange;
use crate::manager::step::{Common, Work};
use crate::offer_answer::{Carrier, Party, Proposal};
use crate::session_timer::{Action, Input, step};
use crate::{CallKey, EndCause, Leg};

impl DialogManager {
    /// A refresh was refused for its interval: the next one asks for more.
    pub(in crate::manager) fn heed_interval(
        &mut self,
        key: CallKey,
        status: StatusCode,
        response: Option<&Response>,
    ) {
        let min_se = response.and_then(|response| response.headers().first::<MinSe>().ok()?);
        if let (StatusCode::SESSION_INTERVAL_TOO_SMALL, Some(min_se)) = (status, min_se)
            && let Some(timer) = self.calls.get_mut(key).and_then(|call| call.timer.as_mut())
        {
            timer.min_se = timer.min_se.max(min_se.seconds);
            timer.terms.interval = timer.terms.interval.max(timer.min_se);
        }
    }

    /// What is due of a call's session timer.
    pub(in crate::manager) fn handle_timer_due(&mut self, now: Instant, key: CallKey) {
        let Some(timer) = self.calls.get(key).and_then(|call| call.timer.as_ref()) else {
            return;
        };
        if timer.end <= now {
            self.step_timer(now, key, Input::Expired);
        } else if timer.refresh.is_some_and(|at| at <= now) {
            self.step_timer(now, key, Input::Due);
        }
    }

    pub(in crate::manager) fn step_timer(&mut self, now: Instant, key: CallKey, input: Input) {
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        let Some(timer) = call.timer.as_mut() else {
            return;
        };
        let Some((state, action)) = step(timer.state, input) else {
            return;
        };
        timer.state = state;
        match action {
            Action::None => {}
            Action::Restart => {
                let terms = timer.terms;
                timer.restart(now, terms);
            }
            Action::Retry => timer.retry(now),
            Action::Refresh => {
                timer.refresh = None;
                let by_update = call.updates;
                self.refresh_session(now, key, by_update);
            }
            Action::RefreshByInvite => {
                call.updates = false;
                self.refresh_session(now, key, false);
            }
            Action::End => {
                call.timer = None;
                call.note(EndCause::SessionExpired);
                self.step(now, key, Common::Lost, Work::default());
            }
        }
    }

    /// Sends a request that changes nothing. A session that is being changed is refreshed by that, or tried later.
    fn refresh_session(&mut self, now: Instant, key: CallKey, by_update: bool) {
        let sent = self.send_interval_refresh(now, key, by_update);
        if !sent {
            self.step_timer(now, key, Input::Refused);
        }
    }

    fn send_interval_refresh(&mut self, now: Instant, key: CallKey, by_update: bool) -> bool {
        let leg = Leg::from(key);
        let Some(call) = self.calls.get_mut(key) else {
            return false;
        };
        let local = call.timer.as_ref().and_then(|timer| timer.local.clone());
        let busy = !matches!(call.exchange, Exchange::None)
            || call.unacknowledged.is_some()
            || !call.ledger.is_stable();
        let changing = call.leg_mut(None).is_some_and(|leg| leg.is_changing());
        if busy || changing || !call.role.is_confirmed() {
            return false;
        }
        if by_update {
            return self
                .send_update(now, leg, Proposal::new(None, true))
                .is_ok();
        }
        let Some(body) = local else {
            return false;
        };
        // A stable ledger forbids no offer.
        let _ = call.ledger.pass(Party::Local, Carrier::Invite, true);
        let sent = self.send_reinvite(now, key, Proposal::new(Some(body), true));
        if let (Err(_), Some(call)) = (&sent, self.calls.get_mut(key)) {
            call.ledger.fail(Carrier::Invite);
        }
        sent.is_ok()
    }
}
