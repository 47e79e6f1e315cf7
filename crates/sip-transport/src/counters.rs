//! What passed the transport layer, and what was dropped and why.

mod publish;
mod start_line;

use std::fmt;

use rvoip_sip_core::{Method, StatusCode};

pub(crate) use self::publish::Published;
pub use self::publish::SharedGauge;
use self::start_line::{CODES, METHODS, StartLine};
use crate::{Direction, TransportKind};

/// Why a message from the network went no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DropReason {
    /// Its start line and header fields cannot be told apart, or a cap is exceeded.
    Malformed,
    /// A response that breaks a rule.
    InvalidResponse,
    /// A response whose top Via is not ours (RFC 3261 section 18.1.2).
    StrayResponse,
    /// A response with more than one Via: somebody before us should have taken his
    /// (RFC 3261 section 8.1.3.3).
    ForeignResponse,
    /// An ACK that breaks a rule: it cannot be answered.
    InvalidAck,
    /// Octets on a stream that are not SIP, lack Content-Length, or exceed a cap.
    Framing,
    /// A connection on which a message begun, or the first one, was not completed in time.
    SlowMessage,
    /// An accepted connection that did not come through its TLS or WebSocket handshake.
    Handshake,
    /// A connection whose peer read too slowly, or not at all.
    SlowReader,
    /// A connection beyond the limit.
    TooManyConnections,
    /// A connection beyond the limit of its peer.
    TooManyOfPeer,
}

impl DropReason {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::Malformed,
        Self::InvalidResponse,
        Self::StrayResponse,
        Self::ForeignResponse,
        Self::InvalidAck,
        Self::Framing,
        Self::SlowMessage,
        Self::Handshake,
        Self::SlowReader,
        Self::TooManyConnections,
        Self::TooManyOfPeer,
    ];

    /// The reason as a label of metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::InvalidResponse => "invalid_response",
            Self::StrayResponse => "stray_response",
            Self::ForeignResponse => "foreign_response",
            Self::InvalidAck => "invalid_ack",
            Self::Framing => "framing",
            Self::SlowMessage => "slow_message",
            Self::SlowReader => "slow_reader",
            Self::Handshake => "handshake",
            Self::TooManyConnections => "too_many_connections",
            Self::TooManyOfPeer => "too_many_of_peer",
        }
    }
}

/// A number for each transport protocol.
type ByKind = [u64; TransportKind::ALL.len()];

/// Running totals of one transport layer.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TransportCounters {
    messages: [ByKind; 2],
    octets: [ByKind; 2],
    requests: [[u64; METHODS.len() + 1]; 2],
    responses: [[u64; CODES]; 2],
    dropped: [u64; DropReason::ALL.len()],
    /// Keep-alives received, answers to ours included (RFC 5626 section 3.5).
    pub keep_alives: u64,
    /// Keep-alives sent.
    pub keep_alives_sent: u64,
    /// Flows that failed for want of an answer to a keep-alive.
    pub keep_alives_unanswered: u64,
    /// Datagrams that could not be delivered.
    pub sends_failed: u64,
    /// Datagrams lost to a full send buffer.
    pub sends_lost: u64,
    /// Datagrams that the system did not let pass, such as for a filter or a full connection table.
    pub sends_forbidden: u64,
    /// Connections accepted.
    pub connections_accepted: u64,
    /// Connections opened.
    pub connections_opened: u64,
    /// Connections that could not be established, broke, or were ended from this side.
    pub connections_failed: u64,
    /// Connections ended to make room for another one.
    pub connections_evicted: u64,
}

impl Default for TransportCounters {
    fn default() -> Self {
        Self {
            messages: Default::default(),
            octets: Default::default(),
            requests: Default::default(),
            responses: [[0; CODES]; 2],
            dropped: Default::default(),
            keep_alives: 0,
            keep_alives_sent: 0,
            keep_alives_unanswered: 0,
            sends_failed: 0,
            sends_lost: 0,
            sends_forbidden: 0,
            connections_accepted: 0,
            connections_opened: 0,
            connections_failed: 0,
            connections_evicted: 0,
        }
    }
}

impl TransportCounters {
    /// Messages that went this way, dropped ones included.
    pub fn messages(&self, direction: Direction) -> u64 {
        self.messages[direction as usize].iter().sum()
    }

    /// Messages that went this way over one transport protocol.
    pub fn messages_over(&self, direction: Direction, kind: TransportKind) -> u64 {
        self.messages[direction as usize][kind as usize]
    }

    /// Octets of all messages that went this way.
    pub fn octets(&self, direction: Direction) -> u64 {
        self.octets[direction as usize].iter().sum()
    }

    /// Requests of a method that went this way; extension methods are counted together.
    pub fn requests(&self, direction: Direction, method: &Method) -> u64 {
        let known = METHODS.iter().position(|known| *known == method.as_str());
        self.requests[direction as usize][known.unwrap_or(METHODS.len())]
    }

    /// Responses of a status that went this way.
    pub fn responses(&self, direction: Direction, status: StatusCode) -> u64 {
        let place = start_line::code_place(status.code());
        place.map_or(0, |place| self.responses[direction as usize][place])
    }

    /// How often something was dropped for this reason.
    pub fn dropped(&self, reason: DropReason) -> u64 {
        self.dropped[reason as usize]
    }

    /// How often something was dropped for any reason.
    pub fn dropped_total(&self) -> u64 {
        self.dropped.iter().sum()
    }

    pub(crate) fn drop(&mut self, reason: DropReason) {
        self.dropped[reason as usize] += 1;
    }

    pub(crate) fn message(&mut self, direction: Direction, kind: TransportKind, octets: &[u8]) {
        let direction = direction as usize;
        self.messages[direction][kind as usize] += 1;
        self.octets[direction][kind as usize] += octets.len() as u64;
        match StartLine::of(octets) {
            StartLine::Request(method) => self.requests[direction][method] += 1,
            StartLine::Response(place) => self.responses[direction][place] += 1,
            StartLine::Neither => {}
        }
    }
}

impl fmt::Debug for TransportCounters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportCounters")
            .field("received", &self.messages(Direction::In))
            .field("sent", &self.messages(Direction::Out))
            .field("dropped", &self.dropped_total())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_counter_of_its_own() {
        let mut counters = TransportCounters::default();
        for (times, reason) in (1..).zip(DropReason::ALL) {
            for _ in 0..times {
                counters.drop(reason);
            }
        }
        for (times, reason) in (1..).zip(DropReason::ALL) {
            assert_eq!(counters.dropped(reason), times);
        }
        let count = DropReason::ALL.len() as u64;
        assert_eq!(counters.dropped_total(), count * (count + 1) / 2);
    }

    #[test]
    fn messages_are_counted_by_way_transport_method_and_status() {
        let mut counters = TransportCounters::default();
        let (udp, tcp) = (TransportKind::Udp, TransportKind::Tcp);
        counters.message(Direction::In, udp, b"INVITE sip:a SIP/2.0\r\n");
        counters.message(Direction::In, udp, b"FLY sip:a SIP/2.0\r\n");
        counters.message(Direction::Out, tcp, b"SIP/2.0 486 Busy\r\n");
        counters.message(Direction::Out, tcp, b"\xFF\xFF");
        assert_eq!(counters.messages(Direction::In), 2);
        assert_eq!(counters.messages_over(Direction::Out, tcp), 2);
        assert_eq!(counters.messages_over(Direction::Out, udp), 0);
        assert_eq!(counters.octets(Direction::Out), 20);
        assert_eq!(counters.requests(Direction::In, &Method::Invite), 1);
        assert_eq!(counters.requests(Direction::Out, &Method::Invite), 0);
        let extension = Method::parse("FLY".into()).unwrap();
        assert_eq!(counters.requests(Direction::In, &extension), 1);
        let busy = StatusCode::new(486).unwrap();
        assert_eq!(counters.responses(Direction::Out, busy), 1);
        assert_eq!(counters.responses(Direction::In, busy), 0);
    }
}
