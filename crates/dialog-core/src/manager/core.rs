//! Input comes in, deadlines come due, output goes out: what a driver sees of the manager.

use std::time::Instant;

use rvoip_transaction_core::sip_transport::{Core, Input, Output, soonest};

use super::DialogManager;
use crate::event::SessionCoordinationEvent;

impl Core for DialogManager {
    type Event = SessionCoordinationEvent;

    fn handle_input(&mut self, now: Instant, input: Input) {
        self.transactions.handle_input(now, input);
        self.pump(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.transactions.handle_timeout(now);
        self.pump(now);
        self.handle_unserved(now);
        self.secrets_due(now);
        self.soft_states_due(now);
        self.bindings_due(now);
        self.publications_due(now);
        while let Some(key) = self.calls.pop_due(now) {
            self.handle_deadline(now, key);
            self.calls.schedule(key);
        }
        while let Some(key) = self.subscriptions.pop_due(now) {
            self.handle_subscription_deadline(now, key);
            self.subscriptions.schedule(key);
        }
        self.pump(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        soonest([
            self.transactions.poll_timeout(),
            self.calls.next_deadline(),
            self.served.next_deadline(),
            self.gate.next_deadline(),
            self.soft_states.next_deadline(),
            self.registrar
                .as_ref()
                .and_then(|registrar| registrar.next_expiry()),
            self.compositor
                .as_ref()
                .and_then(|compositor| compositor.next_expiry()),
            self.subscriptions.next_deadline(),
        ])
    }

    fn publish(&mut self) {
        self.transactions.publish();
    }

    fn poll_output(&mut self) -> Option<Output<SessionCoordinationEvent>> {
        self.transactions
            .poll_wire()
            .or_else(|| self.events.pop_front().map(Output::Event))
    }
}
