//! What the transport layer reports, handed to where it belongs.

use std::io;
use std::time::Instant;

use rvoip_sip_transport::{Flow, TransportEvent};

use super::TransactionLayer;
use crate::event::TransactionEvent;
use crate::machine::Machine;

impl TransactionLayer {
    pub(super) fn drain_transport(&mut self, now: Instant) {
        while let Some(event) = self.transport.poll_event() {
            match event {
                TransportEvent::Request { request, flow } => self.on_request(now, request, flow),
                TransportEvent::Response { response, flow } => {
                    self.on_response(now, response, flow)
                }
                TransportEvent::Invalid {
                    request,
                    defect,
                    flow,
                } => self.refuse_defective(now, &request, &defect, &flow),
                TransportEvent::FlowFailed { flow, error } => {
                    self.on_flow_failed(now, &flow, error);
                    let failed = TransactionEvent::FlowFailed { flow, error };
                    self.events.push_back(failed);
                }
                TransportEvent::MappedAddress {
                    flow,
                    mapped,
                    previous,
                } => self.events.push_back(TransactionEvent::MappedAddress {
                    flow,
                    mapped,
                    previous,
                }),
                TransportEvent::Located { id, targets } => self.on_located(now, id, targets),
                _ => {}
            }
        }
    }

    /// A flow is gone. What waits for a response on it has failed; a response may still be brought home over a connection
    /// opened for it (RFC 3261 section 18.2.2); if this was one, over one to the host that its Via names.
    fn on_flow_failed(&mut self, now: Instant, flow: &Flow, error: io::ErrorKind) {
        for key in self.store.on_flow(flow) {
            let survives = self.store.get(key).is_some_and(|transaction| {
                let held = transaction.machine == Machine::HeldCancel;
                held || !transaction.machine.is_client()
                    && transaction.reliable
                    && !transaction.reopened
            });
            if !survives && !self.bring_home(now, key) {
                self.fail(key, error);
            }
        }
    }
}
