//! What arrives: cut into messages and keep-alives.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use rvoip_sip_core::{Message, Method};

use super::TransportLayer;
use super::message::refusal;
use super::route::datagram_flow;
use crate::framing::{Frame, FramingError};
use crate::pool::Stage;
use crate::{
    ConnectionId, Direction, DropReason, Flow, ListenerId, Output, TransportError, stun, via,
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
        if stun::is_stun(&payload) {
            return self.receive_stun(now, &flow, &payload);
        }
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

    /// Takes note of a datagram that a layer above has dealt with by a look at its octets, in place of
    /// [`handle_input`](Self::handle_input), and sends its answer back to where it came from.
    ///
    /// # Errors
    /// When the answer cannot be sent there.
    pub fn answer_unread(
        &mut self,
        now: Instant,
        (listener, source): (ListenerId, SocketAddr),
        octets: &Bytes,
        answer: Option<Bytes>,
    ) -> Result<(), TransportError> {
        let Some(listener) = self.listener(listener) else {
            return Err(TransportError::FlowEnded);
        };
        let flow = datagram_flow(listener, source);
        self.note(now, Direction::In, &flow, octets);
        match answer {
            Some(answer) => self.resend(now, answer, &flow),
            None => Ok(()),
        }
    }

    pub(super) fn receive_stream(&mut self, now: Instant, id: ConnectionId, payload: Bytes) {
        let Some(connection) = self.pool.get_mut(id) else {
            return;
        };
        let Stage::Open(framer) = &mut connection.stage else {
            return;
        };
        connection.last_used = now;
        let pings = if connection.flow.kind.is_message_framed() {
            self.receive_framed(now, id, payload)
        } else {
            framer.push(&payload);
            self.receive_frames(now, id)
        };
        // One write answers all: else a few octets of input would cost a system call each.
        if pings > 0 && self.pool.get(id).is_some() {
            self.counters.keep_alives += pings as u64;
            self.wire.push_back(Output::Stream {
                connection: id,
                payload: Bytes::from("\r\n".repeat(pings)),
            });
        }
    }

    /// Takes in one whole message of a WebSocket connection, or a keep-alive (RFC 7118 section 6);
    /// returns how many pings it was.
    fn receive_framed(&mut self, now: Instant, id: ConnectionId, payload: Bytes) -> usize {
        let Some(connection) = self.pool.get_mut(id) else {
            return 0;
        };
        let flow = connection.flow;
        match &*payload {
            b"\r\n\r\n" => return 1,
            b"\r\n" => self.ponged(now, &flow),
            octets if octets.iter().all(|octet| matches!(octet, b'\r' | b'\n')) => {}
            _ => {
                connection.message_since = None;
                if self.receive(now, flow, payload).is_err() {
                    self.close(id, io::ErrorKind::InvalidData);
                }
            }
        }
        0
    }

    /// Takes in all messages that are complete; returns how many pings stood between them.
    fn receive_frames(&mut self, now: Instant, id: ConnectionId) -> usize {
        let mut pings = 0;
        while let Some(connection) = self.pool.get_mut(id)
            && let Stage::Open(framer) = &mut connection.stage
        {
            let flow = connection.flow;
            match framer.poll(&self.config.limits) {
                Ok(Some(Frame::Ping)) => pings += 1,
                Ok(Some(Frame::Pong)) => self.ponged(now, &flow),
                Ok(Some(Frame::Message(octets))) => {
                    connection.message_since = None;
                    if self.receive(now, flow, octets).is_err() {
                        self.close(id, io::ErrorKind::InvalidData);
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
}
