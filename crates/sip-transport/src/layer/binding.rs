//! STUN on the SIP port: binding requests answered, and the answers to ours (RFC 5626 section 4.4.2).

use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;

use super::TransportLayer;
use super::keep_alive::Stage;
use crate::stun::{self, Stun, TransactionId};
use crate::{Carrier, Flow, LearnedAddresses, Output, TransportEvent};

impl TransportLayer {
    /// Answers a binding request, or takes the answer to one of ours.
    pub(super) fn receive_stun(&mut self, now: Instant, flow: &Flow, octets: &[u8]) {
        self.counters.keep_alives += 1;
        match Stun::parse(octets) {
            Some(Stun::Request {
                id,
                fingerprint,
                unknown,
            }) => {
                let answer = match unknown.is_empty() {
                    true => stun::success(&id, flow.remote, fingerprint),
                    false => stun::refusal(&id, &unknown, fingerprint),
                };
                self.send_beside(flow, answer);
            }
            Some(Stun::Success { id, mapped }) => self.bound(now, flow, id, Some(mapped)),
            // Who refuses is there all the same.
            Some(Stun::Error { id }) => self.bound(now, flow, id, None),
            None => {}
        }
    }

    fn bound(&mut self, now: Instant, flow: &Flow, id: TransactionId, seen: Option<SocketAddr>) {
        let Some(mut keep_alive) = self.keep_alives.get(flow).copied() else {
            return;
        };
        if !matches!(keep_alive.stage, Stage::Binding { id: asked, .. } if asked == id) {
            return;
        }
        let previous = keep_alive.mapped;
        keep_alive.mapped = seen.or(previous);
        self.keep_alives.take(flow);
        self.keep_alives.insert(keep_alive);
        self.rest(now, flow);
        if let Some(mapped) = seen.filter(|_| seen != previous) {
            self.mapped(flow, mapped, previous);
        }
    }

    /// Reports the address that a peer sees this side under, and tells it from now on where that is
    /// wanted.
    pub(super) fn mapped(&mut self, flow: &Flow, mapped: SocketAddr, previous: Option<SocketAddr>) {
        if let Carrier::Listener(id) = flow.carrier
            && self.config.learned_addresses == LearnedAddresses::Use
        {
            self.plan.learn(id, mapped);
        }
        self.events.push_back(TransportEvent::MappedAddress {
            flow: *flow,
            mapped,
            previous,
        });
    }

    pub(super) fn ask_binding(&mut self, flow: &Flow, id: &TransactionId) {
        self.counters.keep_alives_sent += 1;
        self.send_beside(flow, stun::request(id));
    }

    /// Sends a datagram that is no SIP message.
    fn send_beside(&mut self, flow: &Flow, payload: Bytes) {
        if let Carrier::Listener(listener) = flow.carrier {
            self.wire.push_back(Output::Datagram {
                listener,
                destination: flow.remote,
                payload,
            });
        }
    }
}
