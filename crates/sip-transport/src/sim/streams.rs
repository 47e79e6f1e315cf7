//! Simulated stream connections: delayed, in order, opened and closed from either end.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::simulation::NodeId;
use crate::{ConnectionId, Input, ListenerId, TransportKind};

/// A connection as one of its hosts knows it.
pub(super) type EndKey = (NodeId, ConnectionId);

#[derive(Debug)]
struct End {
    /// The other end; none while nobody answers.
    peer: Option<EndKey>,
    path: (IpAddr, IpAddr),
    kind: TransportKind,
    /// When the last thing sent from here arrives.
    last_arrival: Instant,
}

/// Who listens where a connection goes to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Answerer {
    pub(super) node: NodeId,
    pub(super) listener: ListenerId,
}

/// All connections, and the inputs that are under way to hosts.
#[derive(Debug, Default)]
pub(super) struct Streams {
    ends: HashMap<EndKey, End>,
    under_way: BTreeMap<(Instant, u64), (NodeId, Input)>,
    scheduled: u64,
    accepted: u64,
}

impl Streams {
    pub(super) fn next_at(&self) -> Option<Instant> {
        self.under_way
            .first_key_value()
            .map(|(&(arrival, _), _)| arrival)
    }

    pub(super) fn schedule(&mut self, at: Instant, node: NodeId, input: Input) {
        self.scheduled += 1;
        self.under_way.insert((at, self.scheduled), (node, input));
    }

    /// Opens a connection: the answerer, who sees the caller under an address of its own, hears of it
    /// after one delay, the caller after two.
    pub(super) fn connect(
        &mut self,
        now: Instant,
        caller: EndKey,
        kind: TransportKind,
        addresses: (SocketAddr, SocketAddr),
        answerer: Option<(Answerer, SocketAddr)>,
        delay: [Duration; 2],
    ) {
        let (local, remote) = addresses;
        let there = now + delay[0];
        let back = there + delay[1];
        let (node, connection) = caller;
        let mut caller_end = End {
            peer: None,
            path: (local.ip(), remote.ip()),
            kind,
            last_arrival: there,
        };
        let Some((
            Answerer {
                node: answerer,
                listener,
            },
            seen,
        )) = answerer
        else {
            self.ends.insert(caller, caller_end);
            let error = io::ErrorKind::ConnectionRefused;
            return self.schedule(back, node, Input::ConnectFailed { connection, error });
        };
        self.accepted += 1;
        let accepted = ConnectionId::accepted(self.accepted);
        let path = (remote.ip(), local.ip());
        caller_end.peer = Some((answerer, accepted));
        self.ends.insert(caller, caller_end);
        self.ends.insert(
            (answerer, accepted),
            End {
                peer: Some(caller),
                path,
                kind,
                last_arrival: back,
            },
        );
        let input = Input::Accepted {
            connection: accepted,
            listener,
            local: remote,
            remote: seen,
            peer: None,
        };
        self.schedule(there, answerer, input);
        let input = Input::Connected {
            connection,
            local,
            peer: None,
        };
        self.schedule(back, node, input);
    }

    /// The hosts that a connection runs between, from this end.
    pub(super) fn path(&self, end: EndKey) -> Option<(IpAddr, IpAddr)> {
        self.ends.get(&end).map(|end| end.path)
    }

    /// Whether what is written at this end may arrive cut and joined.
    pub(super) fn is_byte_stream(&self, end: EndKey) -> bool {
        self.ends
            .get(&end)
            .is_some_and(|end| !end.kind.is_message_framed())
    }

    /// Joins to octets that have arrived those that have arrived on the same connection right behind.
    pub(super) fn join(&mut self, now: Instant, to: EndKey, payload: Bytes) -> Bytes {
        let mut joined = Vec::new();
        while let Some(entry) = self.under_way.first_entry()
            && entry.key().0 <= now
            && let (
                node,
                Input::Stream {
                    connection,
                    payload: next,
                },
            ) = entry.get()
            && (*node, *connection) == to
        {
            if joined.is_empty() {
                joined.extend_from_slice(&payload);
            }
            joined.extend_from_slice(next);
            entry.remove();
        }
        match joined.is_empty() {
            true => payload,
            false => joined.into(),
        }
    }

    pub(super) fn write(&mut self, now: Instant, from: EndKey, payload: Bytes, delay: Duration) {
        self.send(now, from, delay, |connection| Input::Stream {
            connection,
            payload,
        });
    }

    /// Ends a connection in order.
    pub(super) fn close(&mut self, now: Instant, from: EndKey, delay: Duration) {
        self.send(now, from, delay, |connection| Input::Closed {
            connection,
            error: None,
        });
        self.ends.remove(&from);
    }

    /// Breaks every connection of a host: both ends hear of it at once.
    pub(super) fn reset(&mut self, now: Instant, node: NodeId) {
        let mut broken: Vec<EndKey> = Vec::new();
        for (key, end) in &self.ends {
            if key.0 == node || end.peer.is_some_and(|peer| peer.0 == node) {
                broken.push(*key);
            }
        }
        broken.sort_unstable();
        for (node, connection) in broken {
            let error = Some(io::ErrorKind::ConnectionReset);
            self.schedule(now, node, Input::Closed { connection, error });
        }
    }

    fn send(
        &mut self,
        now: Instant,
        from: EndKey,
        delay: Duration,
        input: impl FnOnce(ConnectionId) -> Input,
    ) {
        let Some(end) = self.ends.get_mut(&from) else {
            return;
        };
        let Some((node, connection)) = end.peer else {
            return;
        };
        end.last_arrival = end.last_arrival.max(now + delay);
        let at = end.last_arrival;
        self.schedule(at, node, input(connection));
    }

    /// The next input that has arrived by `now`; what is for a closed connection vanishes.
    pub(super) fn poll(&mut self, now: Instant) -> Option<(NodeId, Input)> {
        while let Some(entry) = self.under_way.first_entry()
            && entry.key().0 <= now
        {
            let (node, input) = entry.remove();
            let is_heard = match &input {
                Input::Accepted { connection, .. }
                | Input::Connected { connection, .. }
                | Input::Stream { connection, .. } => self.ends.contains_key(&(node, *connection)),
                Input::ConnectFailed { connection, .. } | Input::Closed { connection, .. } => {
                    self.ends.remove(&(node, *connection)).is_some()
                }
                Input::Datagram { .. }
                | Input::HandshakeFailed { .. }
                | Input::Backlog { .. }
                | Input::SendFailed { .. }
                | Input::Answer { .. } => true,
            };
            if is_heard {
                return Some((node, input));
            }
        }
        None
    }
}
