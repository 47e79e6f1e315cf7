//! The transport layer without its sockets (RFC 3261 section 18).

mod binding;
mod connections;
mod keep_alive;
mod location;
mod lookup;
mod message;
mod receive;
mod route;
mod send;
mod unavailable;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use rand::SeedableRng;
use rand::rngs::StdRng;

use self::keep_alive::KeepAlives;
use self::location::Searches;
use self::lookup::Lookups;
pub use self::route::Route;
use self::route::datagram_flow;
use self::unavailable::Unavailable;
use crate::address_plan::AddressPlan;
use crate::core::soonest;
use crate::counters::Published;
use crate::pool::Pool;
use crate::{
    DropReason, Flow, Input, ListenerId, Output, PeerIdentity, Reach, TransportConfig,
    TransportCounters, TransportEvent,
};

/// Messages on one side, datagrams and streams on the other.
///
/// It frames, parses and checks what arrives, notes in the top Via where requests come from, finds
/// the way of responses, and keeps the connections: one for each peer, within limits.
#[derive(Debug)]
pub struct TransportLayer {
    config: TransportConfig,
    plan: AddressPlan,
    rng: StdRng,
    pool: Pool,
    keep_alives: KeepAlives,
    reach: Reach,
    lookups: Lookups,
    searches: Searches,
    unavailable: Unavailable,
    wire: VecDeque<Output<Infallible>>,
    events: VecDeque<TransportEvent>,
    counters: TransportCounters,
    published: Published,
}

impl TransportLayer {
    /// A transport layer on the listeners of `config`.
    pub fn new(mut config: TransportConfig) -> Self {
        let listeners = std::mem::take(&mut config.listeners);
        let mut rng = StdRng::seed_from_u64(0);
        Self {
            reach: Reach::of(&listeners),
            plan: AddressPlan::new(listeners, &mut rng),
            rng,
            config,
            pool: Pool::default(),
            keep_alives: KeepAlives::default(),
            published: Published::default(),
            lookups: Lookups::default(),
            searches: Searches::default(),
            unavailable: Unavailable::default(),
            wire: VecDeque::new(),
            events: VecDeque::new(),
            counters: TransportCounters::default(),
        }
    }

    /// Draws from `rng` from now on: jitter of keep-alives, weights of SRV records, names that lead
    /// nowhere. Seed it from the operating system in production, from a number in a simulation;
    /// a layer that is not seeded is the same as every other one.
    pub fn seed(&mut self, rng: StdRng) {
        self.rng = rng;
        self.plan.name(&mut self.rng);
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
                self.receive_stream(now, connection, payload);
            }
            Input::Accepted {
                connection,
                listener,
                local,
                remote,
                peer,
            } => {
                self.accept(now, connection, listener, (local, remote), peer);
            }
            Input::HandshakeFailed { .. } => self.counters.drop(DropReason::Handshake),
            Input::Connected {
                connection,
                local,
                peer,
            } => self.connected(now, connection, local, peer),
            Input::ConnectFailed { connection, error } => self.forget(connection, error),
            Input::Closed { connection, error } => {
                if error == Some(io::ErrorKind::QuotaExceeded) {
                    self.counters.drop(DropReason::SlowReader);
                }
                self.forget(connection, error.unwrap_or(io::ErrorKind::UnexpectedEof));
            }
            Input::SendFailed {
                listener,
                destination,
                error,
            } => {
                self.send_failed(listener, destination, error);
            }
            // What to turn away is for the layers above to decide: they know what is new.
            Input::Backlog { .. } => {}
            Input::Answer { query, answer } => self.answer(now, query, answer),
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) should be called next.
    pub fn poll_timeout(&self) -> Option<Instant> {
        soonest([
            self.pool.next_deadline(),
            self.lookups.next_deadline(),
            self.searches.next_deadline(),
            self.keep_alives.next_deadline(),
        ])
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

    /// Who the certificate of a connection's peer says that it is; `None` when it showed none that was
    /// verified, or the flow has ended.
    pub fn peer_identity(&self, flow: &Flow) -> Option<&Arc<PeerIdentity>> {
        self.pool.get(flow.connection()?)?.peer.as_ref()
    }

    /// Tells the `metrics` facade what has changed since the last call.
    pub fn publish(&mut self) {
        let (connections, queued_octets) = (self.pool.len(), self.pool.census().queued_octets);
        self.published
            .publish(&self.counters, connections, queued_octets);
    }

    fn send_failed(&mut self, id: ListenerId, remote: SocketAddr, error: io::ErrorKind) {
        // A full send buffer is a loss like any other, and so is a full connection table or a filter
        // on the way out: retransmission makes up for it.
        match error {
            io::ErrorKind::WouldBlock => return self.counters.sends_lost += 1,
            io::ErrorKind::PermissionDenied => return self.counters.sends_forbidden += 1,
            _ => self.counters.sends_failed += 1,
        }
        if let Some(listener) = self.listener(id) {
            let flow = datagram_flow(listener, remote);
            self.keep_alives.take(&flow);
            self.events
                .push_back(TransportEvent::FlowFailed { flow, error });
        }
    }
}

#[cfg(test)]
mod tests;
