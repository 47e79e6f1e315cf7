//! Whole messages: counted, shown to the tap, parsed, stamped, checked.

use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use rvoip_sip_core::{HeaderName, Message, Method, ParseError, Request, Response, StatusCode, Via};

use super::TransportLayer;
use crate::{Direction, DropReason, Flow, LearnedAddresses, TransportEvent, WireRecord, via};

impl TransportLayer {
    pub(super) fn receive(
        &mut self,
        now: Instant,
        flow: Flow,
        octets: Bytes,
    ) -> Result<(), ParseError> {
        self.note(now, Direction::In, &flow, &octets);
        match Message::parse(octets, &self.config.limits) {
            Ok(Message::Request(request)) => self.receive_request(request, flow),
            Ok(Message::Response(response)) => self.receive_response(response, flow),
            Err(error) => {
                tracing::debug!(source = %flow.remote, %error, "unreadable message dropped");
                self.counters.drop(DropReason::Malformed);
                return Err(error);
            }
        }
        Ok(())
    }

    fn receive_request(&mut self, request: Request, flow: Flow) {
        let request = via::stamp(request, flow.remote);
        self.events
            .push_back(match request.check(self.config.strictness) {
                Ok(()) => TransportEvent::Request { request, flow },
                Err(_) if *request.method() == Method::Ack => {
                    return self.counters.drop(DropReason::InvalidAck);
                }
                Err(defect) => TransportEvent::Invalid {
                    request,
                    defect,
                    flow,
                },
            });
    }

    fn receive_response(&mut self, response: Response, flow: Flow) {
        if response.check(self.config.strictness).is_err() {
            return self.counters.drop(DropReason::InvalidResponse);
        }
        let Ok(via) = response.top_via() else {
            return self.counters.drop(DropReason::InvalidResponse);
        };
        if !self.plan.is_ours(&via.sent_by) {
            return self.counters.drop(DropReason::StrayResponse);
        }
        if !self.config.forwards_responses && has_several_vias(&response) {
            return self.counters.drop(DropReason::ForeignResponse);
        }
        if self.config.learned_addresses == LearnedAddresses::Use && !flow.kind.is_reliable() {
            self.learn(&flow, &via);
        }
        self.events
            .push_back(TransportEvent::Response { response, flow });
    }

    /// Learns from the top Via of a response where its request came from (RFC 3581 section 4).
    fn learn(&mut self, flow: &Flow, via: &Via) {
        let told = via.sent_by.host.to_ip();
        let (Some(ip), Some(Some(port))) = (via.received().or(told), via.rport()) else {
            return;
        };
        let port_told = via.sent_by.port.unwrap_or(flow.kind.default_port());
        if told != Some(ip) || port_told != port {
            let previous = told.map(|ip| SocketAddr::new(ip, port_told));
            self.mapped(flow, SocketAddr::new(ip, port), previous);
        }
    }

    /// Counts a message and shows it to the tap.
    pub(super) fn note(&mut self, now: Instant, direction: Direction, flow: &Flow, octets: &Bytes) {
        self.counters.message(direction, flow.kind, octets);
        if let Some(tap) = &self.config.tap {
            let Flow {
                kind,
                local,
                remote,
                ..
            } = *flow;
            tap.message(&WireRecord {
                time: now,
                direction,
                kind,
                local,
                remote,
                octets,
            });
        }
    }
}

/// Whether a response has passed somebody who should have taken his Via away.
fn has_several_vias(response: &Response) -> bool {
    let mut lines = response.headers().raw_all(&HeaderName::Via);
    let first = lines.next().unwrap_or_default();
    lines.next().is_some() || first.contains(',') && response.vias().nth(1).is_some()
}

/// A stateless answer. Its tag is made of the request, so that a repeated request is answered
/// alike (RFC 3261 section 8.2.7).
pub(super) fn refusal(request: &Request, status: StatusCode) -> Response {
    let mut hasher = DefaultHasher::new();
    hasher.write(&request.to_bytes());
    let tag = format!("{:016x}", hasher.finish());
    Response::builder_for(request, status).to_tag(&tag).build()
}
