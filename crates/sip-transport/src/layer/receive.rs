//! What arrives: framed, parsed, stamped, checked.

use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use rvoip_sip_core::{Message, Method, ParseError, Request, Response, StatusCode};

use super::TransportLayer;
use super::route::datagram_flow;
use crate::framing::{Frame, FramingError};
use crate::pool::Stage;
use crate::{
    ConnectionId, Direction, DropReason, Flow, ListenerId, Output, TransportEvent, WireRecord, via,
};

impl TransportLayer {
    pub(super) fn receive_datagram(
        &mut self,
        now: Instant,
        listener: ListenerId,
        source: SocketAddr,
        payload: Bytes,
    ) {
        let Some(listener) = self.listener(listener) else {
            return;
        };
        let flow = datagram_flow(listener, source);
        if payload
            .iter()
            .all(|octet| matches!(octet, b'\r' | b'\n' | 0))
        {
            self.counters.keep_alives += 1;
            return;
        }
        // A datagram that cannot be read is counted; there is nothing more to do about it.
        let _ = self.receive(now, flow, payload);
    }

    pub(super) fn receive_stream(&mut self, now: Instant, id: ConnectionId, payload: &[u8]) {
        let Some(connection) = self.pool.get_mut(id) else {
            return;
        };
        let Stage::Open(framer) = &mut connection.stage else {
            return;
        };
        framer.push(payload);
        connection.last_used = now;
        let pings = self.receive_frames(now, id);
        self.counters.keep_alives += pings as u64;
        // One write answers all: else a few octets of input would cost a system call each.
        if pings > 0 && self.pool.get(id).is_some() {
            self.wire.push_back(Output::Stream {
                connection: id,
                payload: Bytes::from("\r\n".repeat(pings)),
            });
        }
    }

    /// Takes in all messages that are complete; returns how many pings stood between them.
    fn receive_frames(&mut self, now: Instant, id: ConnectionId) -> usize {
        let mut pings = 0;
        while let Some(connection) = self.pool.get_mut(id)
            && let Stage::Open(framer) = &mut connection.stage
        {
            let flow = connection.flow;
            match framer.poll(&self.config.limits) {
                Ok(Some(frame)) => {
                    connection.message_since = None;
                    match frame {
                        Frame::Ping => pings += 1,
                        Frame::Message(octets) => {
                            if self.receive(now, flow, octets).is_err() {
                                self.close(id, io::ErrorKind::InvalidData);
                            }
                        }
                    }
                }
                Ok(None) => {
                    if framer.is_inside_message() && connection.message_since.is_none() {
                        connection.message_since = Some(now);
                        self.pool.wake_by(id, now + self.config.message_timeout);
                    }
                    break;
                }
                Err(error) => self.refuse_stream(now, flow, id, error),
            }
        }
        pings
    }

    /// Answers what can be answered and ends the connection: nobody can tell where its next
    /// message begins (RFC 3261 section 18.3).
    fn refuse_stream(&mut self, now: Instant, flow: Flow, id: ConnectionId, error: FramingError) {
        self.counters.drop(DropReason::Framing);
        if let FramingError::Unmeasurable { head, status } = error {
            self.note(now, Direction::In, &flow, &head);
            if let Ok(Message::Request(request)) = Message::parse(head, &self.config.limits)
                && *request.method() != Method::Ack
            {
                let request = via::stamp(request, flow.remote);
                let answer = refusal(&request, status).to_bytes();
                self.note(now, Direction::Out, &flow, &answer);
                self.wire.push_back(Output::Stream {
                    connection: id,
                    payload: answer,
                });
            }
        }
        self.close(id, io::ErrorKind::InvalidData);
    }

    fn receive(&mut self, now: Instant, flow: Flow, octets: Bytes) -> Result<(), ParseError> {
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
        self.events.push_back(match request.check() {
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
        if response.check().is_err() {
            return self.counters.drop(DropReason::InvalidResponse);
        }
        let is_ours = response.top_via().is_ok_and(|via| {
            let mut listeners = self.config.listeners.iter();
            listeners.any(|our| via::is_same_sent_by(&our.advertised, &via.sent_by, our.kind))
        });
        if !is_ours {
            return self.counters.drop(DropReason::StrayResponse);
        }
        self.events
            .push_back(TransportEvent::Response { response, flow });
    }

    /// Counts a message and shows it to the tap.
    pub(super) fn note(&mut self, now: Instant, direction: Direction, flow: &Flow, octets: &Bytes) {
        match direction {
            Direction::In => self.counters.received(octets.len()),
            Direction::Out => self.counters.sent(octets.len()),
        }
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

/// A stateless answer. Its tag is made of the request, so that a repeated request is answered
/// alike (RFC 3261 section 8.2.7).
fn refusal(request: &Request, status: StatusCode) -> Response {
    let mut hasher = DefaultHasher::new();
    hasher.write(&request.to_bytes());
    let tag = format!("{:016x}", hasher.finish());
    Response::builder_for(request, status).to_tag(&tag).build()
}
