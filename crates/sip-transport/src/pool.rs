//! The connections of a transport layer: found by number and by peer, each with one deadline.

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;

use crate::framing::StreamFramer;
use crate::{Carrier, ConnectionId, Flow, TransportKind};

/// How far a connection has come.
#[derive(Debug)]
pub(crate) enum Stage {
    /// Being established; what should be written waits.
    Connecting {
        /// Messages in order.
        queue: Vec<Bytes>,
        /// Their length together.
        queued_octets: usize,
    },
    /// Established.
    Open(StreamFramer),
}

/// One stream connection.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) flow: Flow,
    pub(crate) stage: Stage,
    /// When a message was begun that is not complete.
    pub(crate) message_since: Option<Instant>,
    pub(crate) last_used: Instant,
    /// The time under which the connection stands in the deadline queue; never later than it is due.
    wake_at: Instant,
}

/// All connections of a layer.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    connections: HashMap<ConnectionId, Connection>,
    by_peer: HashMap<(TransportKind, SocketAddr), ConnectionId>,
    deadlines: BTreeSet<(Instant, ConnectionId)>,
    opened: u64,
}

impl Pool {
    pub(crate) fn len(&self) -> usize {
        self.connections.len()
    }

    /// The number of the next outgoing connection.
    pub(crate) fn next_outgoing(&mut self) -> ConnectionId {
        self.opened += 1;
        ConnectionId::outgoing(self.opened)
    }

    pub(crate) fn insert(&mut self, flow: Flow, stage: Stage, now: Instant, due: Instant) {
        let Carrier::Connection(id) = flow.carrier else {
            return;
        };
        let connection = Connection {
            flow,
            stage,
            message_since: None,
            last_used: now,
            wake_at: due,
        };
        self.deadlines.insert((due, id));
        self.by_peer.insert((flow.kind, flow.remote), id);
        self.connections.insert(id, connection);
    }

    pub(crate) fn get(&self, id: ConnectionId) -> Option<&Connection> {
        self.connections.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.connections.get_mut(&id)
    }

    /// The newest connection with a peer.
    pub(crate) fn with_peer(&self, kind: TransportKind, peer: SocketAddr) -> Option<&Connection> {
        self.get(*self.by_peer.get(&(kind, peer))?)
    }

    pub(crate) fn remove(&mut self, id: ConnectionId) -> Option<Connection> {
        let connection = self.connections.remove(&id)?;
        self.deadlines.remove(&(connection.wake_at, id));
        let peer = (connection.flow.kind, connection.flow.remote);
        if self.by_peer.get(&peer) == Some(&id) {
            self.by_peer.remove(&peer);
        }
        Some(connection)
    }

    /// Makes sure that the connection is looked at by `due`. A later time than the one it stands
    /// under costs nothing: it is looked at early and put back.
    pub(crate) fn wake_by(&mut self, id: ConnectionId, due: Instant) {
        if let Some(connection) = self.connections.get_mut(&id)
            && due < connection.wake_at
        {
            self.deadlines.remove(&(connection.wake_at, id));
            self.deadlines.insert((due, id));
            connection.wake_at = due;
        }
    }

    /// When a connection should be looked at next.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|&(due, _)| due)
    }

    /// The next connection whose time has come by `now`, for the caller to remove. Those that are
    /// due later than they stood are put back.
    pub(crate) fn poll_due(
        &mut self,
        now: Instant,
        due: impl Fn(&Connection) -> Instant,
    ) -> Option<ConnectionId> {
        while let Some(&(wake_at, id)) = self.deadlines.first()
            && wake_at <= now
        {
            self.deadlines.pop_first();
            let Some(connection) = self.connections.get_mut(&id) else {
                continue;
            };
            let due = due(connection);
            if due <= now {
                return Some(id);
            }
            connection.wake_at = due;
            self.deadlines.insert((due, id));
        }
        None
    }
}
