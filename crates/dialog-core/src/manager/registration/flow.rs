//! The flow over which a registrar reaches this side: kept alive, and made anew when it fails (RFC 5626 section 4.4).

use std::time::Instant;

use rvoip_transaction_core::sip_transport::Flow;

use crate::manager::DialogManager;
use crate::manager::soft_state::Purpose;
use crate::soft_state::{Input, SoftStateKey, State};

impl DialogManager {
    /// A flow is gone, or this side is seen under another address over it: whoever has registered over it does so again
    /// (RFC 5626 section 4.4). A flow that has held for less than the shortest wait is not replaced before that.
    pub(in crate::manager) fn handle_flow_lost(&mut self, now: Instant, flow: &Flow) {
        for key in self.soft_states.on_flow(flow) {
            self.soft_states.set_flow(key, None);
            let Some(record) = self.soft_states.get_mut(key) else {
                continue;
            };
            let earliest = record.kept_since.map(|since| since + record.back_off.base);
            match earliest.filter(|earliest| *earliest > now && record.state == State::Kept) {
                None => self.prompt_soft_state(now, key, Input::Lost),
                Some(earliest) => {
                    record.wake = record.wake.map(|wake| wake.min(earliest));
                    self.soft_states.schedule(key);
                }
            }
        }
    }

    /// Notes over which flow the registrar reaches us, and keeps it alive where that is wanted.
    pub(super) fn rest_on_flow(&mut self, now: Instant, key: SoftStateKey) {
        let Some(record) = self.soft_states.get(key) else {
            return;
        };
        let Purpose::Registration(registration) = &record.purpose else {
            return;
        };
        let target = registration.sent.as_ref().map(|(_, target)| target);
        let interval = registration.wanted.keep_alive;
        let transport = self.transactions.transport();
        let flow = target.and_then(|target| transport.route(target).ok()?.flow);
        let is_new = record.flow() != flow;
        let left = self.soft_states.set_flow(key, flow);
        let transport = self.transactions.transport_mut();
        if let (Some(_), Some(left)) = (interval, left) {
            // A flow that has ended is not kept alive any more as it is.
            let _ = transport.keep_alive(now, &left, None);
        }
        if let (Some(_), Some(flow), true) = (interval, flow, is_new)
            && let Err(error) = transport.keep_alive(now, &flow, interval)
        {
            tracing::debug!(%error, "the flow of a registration cannot be kept alive");
        }
    }
}
