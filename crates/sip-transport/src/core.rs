//! The seam between protocol and sockets: what a driver tells a core, and what a core asks of a driver.
//!
//! A [`Core`] is deterministic: time and octets are its arguments, everything it wants done is
//! polled from it. The tokio driver ([`crate::driver`]) and the simulated network run the same core.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rvoip_sip_core::ByteString;

use crate::{
    ConnectionId, ListenerId, LookupError, PeerIdentity, Question, Records, TransportKind,
};

/// An open question to the domain name system; a number that is never used twice within a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LookupId(pub u64);

/// Something that happened on the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A datagram arrived.
    Datagram {
        /// The socket it arrived on.
        listener: ListenerId,
        /// Who sent it.
        source: SocketAddr,
        /// Its octets, in memory of their own.
        payload: Bytes,
    },
    /// How long the datagrams that follow have waited in this shard for their turn, until told otherwise: nothing while
    /// it keeps up. A core that hears of long waits does well to turn new work away.
    Backlog {
        /// The time between the arrival and the turn of the next datagram.
        waited: Duration,
    },
    /// A peer opened a connection.
    Accepted {
        /// Its new number, from [`ConnectionId::accepted`].
        connection: ConnectionId,
        /// The listening socket.
        listener: ListenerId,
        /// Our address.
        local: SocketAddr,
        /// The peer's address.
        remote: SocketAddr,
        /// What the peer's certificate says, when it showed one that was verified.
        peer: Option<Arc<PeerIdentity>>,
    },
    /// A peer opened a connection and did not come through the TLS or WebSocket handshake.
    HandshakeFailed {
        /// The listening socket.
        listener: ListenerId,
        /// The peer's address.
        remote: SocketAddr,
        /// Why; [`io::ErrorKind::QuotaExceeded`] when it was crowded out by others.
        error: io::ErrorKind,
    },
    /// An outgoing connection is established.
    Connected {
        /// The connection.
        connection: ConnectionId,
        /// Our address.
        local: SocketAddr,
        /// What the peer's certificate says, when the connection is secured by one.
        peer: Option<Arc<PeerIdentity>>,
    },
    /// An outgoing connection could not be established.
    ConnectFailed {
        /// The connection, which is gone.
        connection: ConnectionId,
        /// Why.
        error: io::ErrorKind,
    },
    /// Octets arrived on a connection.
    Stream {
        /// The connection.
        connection: ConnectionId,
        /// The octets, in order; one whole message where [`TransportKind::is_message_framed`].
        payload: Bytes,
    },
    /// A connection ended without being asked to by [`Output::Close`].
    Closed {
        /// The connection, which is gone.
        connection: ConnectionId,
        /// Why; `None` when the peer closed in order.
        error: Option<io::ErrorKind>,
    },
    /// A datagram could not be sent, or the network reported that it could not be delivered.
    SendFailed {
        /// The socket it was sent on.
        listener: ListenerId,
        /// Where it should have gone.
        destination: SocketAddr,
        /// Why.
        error: io::ErrorKind,
    },
    /// A question to the domain name system was answered.
    Answer {
        /// The question's number.
        query: LookupId,
        /// The records, or why there are none.
        answer: Result<Records, LookupError>,
    },
}

/// Something that a core wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output<E> {
    /// Send a datagram.
    Datagram {
        /// The socket to send it on.
        listener: ListenerId,
        /// Where it goes.
        destination: SocketAddr,
        /// Its octets.
        payload: Bytes,
    },
    /// Open a connection; answered by [`Input::Connected`] or [`Input::ConnectFailed`].
    Connect {
        /// Its new number, from [`ConnectionId::outgoing`].
        connection: ConnectionId,
        /// The transport protocol.
        kind: TransportKind,
        /// Where it goes.
        destination: SocketAddr,
        /// The domain that was looked up: what the peer's certificate has to name (RFC 5922), and the
        /// host of a WebSocket handshake. Without one the address stands in.
        name: Option<ByteString>,
    },
    /// Write octets to an established connection, in order.
    Stream {
        /// The connection.
        connection: ConnectionId,
        /// The octets; one whole message where [`TransportKind::is_message_framed`].
        payload: Bytes,
    },
    /// End a connection after what was written to it; nothing more is reported of it.
    Close {
        /// The connection.
        connection: ConnectionId,
    },
    /// Ask the domain name system; answered by [`Input::Answer`].
    Lookup {
        /// The question's new number.
        query: LookupId,
        /// The question.
        question: Question,
    },
    /// Tell whoever runs the driver.
    Event(E),
}

impl<E> Output<E> {
    /// The event, or else what goes to the network, as an output of a core with events of any type: how a layer takes in
    /// its own share of the output of the layer below and hands on the rest.
    ///
    /// # Errors
    /// Everything but an event.
    pub fn into_event<F>(self) -> Result<E, Output<F>> {
        Err(match self {
            Self::Datagram {
                listener,
                destination,
                payload,
            } => Output::Datagram {
                listener,
                destination,
                payload,
            },
            Self::Connect {
                connection,
                kind,
                destination,
                name,
            } => Output::Connect {
                connection,
                kind,
                destination,
                name,
            },
            Self::Stream {
                connection,
                payload,
            } => Output::Stream {
                connection,
                payload,
            },
            Self::Close { connection } => Output::Close { connection },
            Self::Lookup { query, question } => Output::Lookup { query, question },
            Self::Event(event) => return Ok(event),
        })
    }
}

impl Output<Infallible> {
    /// The same output for a core with events of any type.
    pub(crate) fn widen<E>(self) -> Output<E> {
        match self.into_event() {
            Ok(never) => match never {},
            Err(output) => output,
        }
    }
}

/// The soonest of several deadlines, of which any may be missing. A driver asks for it after whatever it does.
#[inline]
pub fn soonest<const N: usize>(deadlines: [Option<Instant>; N]) -> Option<Instant> {
    deadlines
        .into_iter()
        .fold(None, |soonest, deadline| match (soonest, deadline) {
            (Some(soonest), Some(deadline)) if soonest <= deadline => Some(soonest),
            (soonest, None) => soonest,
            (_, deadline) => deadline,
        })
}

/// A deterministic protocol stack, run by a driver.
pub trait Core {
    /// What the core reports to whoever runs the driver.
    type Event;

    /// Takes in what happened on the network.
    fn handle_input(&mut self, now: Instant, input: Input);

    /// Does what is due at `now`. Called when [`poll_timeout`](Self::poll_timeout) has passed;
    /// calling it earlier does nothing.
    fn handle_timeout(&mut self, now: Instant);

    /// When [`handle_timeout`](Self::handle_timeout) should be called next.
    fn poll_timeout(&self) -> Option<Instant>;

    /// The next thing to do, until `None`.
    fn poll_output(&mut self) -> Option<Output<Self::Event>>;

    /// Tells the `metrics` facade what has changed since the last call. The driver calls it about
    /// once a second while there is traffic.
    fn publish(&mut self) {}
}
