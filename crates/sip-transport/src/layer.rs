//! The transport layer without its sockets (RFC 3261 section 18).

mod connections;
mod receive;
mod resolution;
mod route;
mod send;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use self::resolution::Resolutions;
pub use self::route::Route;
use self::route::datagram_flow;
use crate::pool::Pool;
use crate::{Input, ListenerId, Output, TransportConfig, TransportCounters, TransportEvent};

/// Messages on one side, datagrams and streams on the other.
///
/// It frames, parses and checks what arrives, notes in the top Via where requests come from, finds
/// the way of responses, and keeps the connections: one for each peer, within limits.
#[derive(Debug)]
pub struct TransportLayer {
    config: TransportConfig,
    pool: Pool,
    resolutions: Resolutions,
    wire: VecDeque<Output<Infallible>>,
    events: VecDeque<TransportEvent>,
    counters: TransportCounters,
}

impl TransportLayer {
    /// A transport layer on the listeners of `config`.
    pub fn new(config: TransportConfig) -> Self {
        Self {
            config,
            pool: Pool::default(),
            resolutions: Resolutions::default(),
            wire: VecDeque::new(),
            events: VecDeque::new(),
            counters: TransportCounters::default(),
        }
    }

    /// Takes in what happened on the network.
    pub fn handle_input(&mut self, now: Instant, input: Input) {
        match input {
            Input::Datagram {
                listener,
                source,
                payload,
            } => {
                self.receive_datagram(now, listener, source, payload);
            }
            Input::Stream {
                connection,
                payload,
            } => {
                self.receive_stream(now, connection, &payload);
            }
            Input::Accepted {
                connection,
                listener,
                local,
                remote,
            } => {
                self.accept(now, connection, listener, local, remote);
            }
            Input::Connected { connection, local } => self.connected(now, connection, local),
            Input::ConnectFailed { connection, error } => self.forget(connection, error),
            Input::Closed { connection, error } => {
                self.forget(connection, error.unwrap_or(io::ErrorKind::UnexpectedEof));
            }
            Input::SendFailed {
                listener,
                destination,
                error,
            } => {
                self.send_failed(listener, destination, error);
            }
            Input::Resolved { query, addresses } => {
                if self.resolutions.finish(query) {
                    self.events
                        .push_back(TransportEvent::Resolved { query, addresses });
                }
            }
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) should be called next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.pool.next_deadline(), self.resolutions.next_deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    /// The next thing to do on the network, until `None`; never an event.
    pub fn poll_wire<E>(&mut self) -> Option<Output<E>> {
        self.wire.pop_front().map(Output::widen)
    }

    /// The next event, until `None`.
    pub fn poll_event(&mut self) -> Option<TransportEvent> {
        self.events.pop_front()
    }

    /// The totals so far.
    pub fn counters(&self) -> &TransportCounters {
        &self.counters
    }

    /// Connections open or being opened.
    pub fn connection_count(&self) -> usize {
        self.pool.len()
    }

    fn send_failed(&mut self, id: ListenerId, remote: SocketAddr, error: io::ErrorKind) {
        self.counters.sends_failed += 1;
        // A full send buffer is a loss like any other: retransmission makes up for it.
        if error != io::ErrorKind::WouldBlock
            && let Some(listener) = self.listener(id)
        {
            let flow = datagram_flow(listener, remote);
            self.events
                .push_back(TransportEvent::FlowFailed { flow, error });
        }
    }
}

#[cfg(test)]
mod tests;
