//! The layer as a core of its own, for those who need nothing above it.

use std::time::Instant;

use rvoip_sip_transport::{Core, Input, Output};

use super::TransactionLayer;
use crate::event::TransactionEvent;

impl Core for TransactionLayer {
    type Event = TransactionEvent;

    fn handle_input(&mut self, now: Instant, input: Input) {
        TransactionLayer::handle_input(self, now, input);
    }

    fn handle_timeout(&mut self, now: Instant) {
        TransactionLayer::handle_timeout(self, now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        TransactionLayer::poll_timeout(self)
    }

    fn publish(&mut self) {
        self.transport.publish();
        self.published.publish(&self.counters, self.store.len());
    }

    fn poll_output(&mut self) -> Option<Output<TransactionEvent>> {
        self.poll_wire()
            .or_else(|| self.poll_event().map(Output::Event))
    }
}
