//! The connections of a transport layer: found by number and by peer, each with one deadline.

mod census;

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::ops::Bound;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use rvoip_sip_core::ByteString;

pub(crate) use self::census::Census;
use crate::framing::StreamFramer;
use crate::{Carrier, ConnectionId, Flow, PeerIdentity, TransportKind};

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
    /// The name that was connected to, where it matters: see [`peer_key`].
    name: Option<ByteString>,
    /// What the peer's certificate says.
    pub(crate) peer: Option<Arc<PeerIdentity>>,
    pub(crate) stage: Stage,
    /// When a message was begun that is not complete; on an accepted connection the first one
    /// begins with it.
    pub(crate) message_since: Option<Instant>,
    pub(crate) last_used: Instant,
    /// The time under which the connection stands in the deadline queue; never later than it is due.
    wake_at: Instant,
}

/// Where a connection leads.
type PeerKey = (TransportKind, SocketAddr, Option<ByteString>);

/// A certificate was checked for one name and a WebSocket handshake was made with one host: a connection
/// to another name is another connection. On plain TCP the name tells nothing.
fn peer_key(kind: TransportKind, peer: SocketAddr, name: Option<&ByteString>) -> PeerKey {
    let name = name.filter(|_| kind.is_secure() || kind.is_message_framed());
    (
        kind,
        peer,
        name.map(|name| name.to_ascii_lowercase().into()),
    )
}

/// All connections of a layer.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    connections: HashMap<ConnectionId, Connection>,
    by_peer: HashMap<PeerKey, ConnectionId>,
    deadlines: BTreeSet<(Instant, ConnectionId)>,
    opened: u64,
    census: Census,
}

/// Connections looked at in search of one that can be spared.
const MAX_LOOKS: usize = 64;

impl Pool {
    pub(crate) fn len(&self) -> usize {
        self.connections.len()
    }

    /// How many connections there are of each sort.
    pub(crate) fn census(&self) -> &Census {
        &self.census
    }

    /// The number of the next outgoing connection.
    pub(crate) fn next_outgoing(&mut self) -> ConnectionId {
        self.opened += 1;
        ConnectionId::outgoing(self.opened)
    }

    pub(crate) fn insert(
        &mut self,
        flow: Flow,
        name: Option<ByteString>,
        stage: Stage,
        now: Instant,
        due: Instant,
    ) {
        let Carrier::Connection(id) = flow.carrier else {
            return;
        };
        let key = peer_key(flow.kind, flow.remote, name.as_ref());
        self.census.enters(id, &flow, &stage);
        let connection = Connection {
            flow,
            name,
            peer: None,
            stage,
            message_since: None,
            last_used: now,
            wake_at: due,
        };
        self.deadlines.insert((due, id));
        self.by_peer.insert(key, id);
        self.connections.insert(id, connection);
    }

    pub(crate) fn get(&self, id: ConnectionId) -> Option<&Connection> {
        self.connections.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Connection> {
        self.connections.get_mut(&id)
    }

    /// The newest connection with a peer.
    pub(crate) fn with_peer(
        &self,
        kind: TransportKind,
        peer: SocketAddr,
        name: Option<&ByteString>,
    ) -> Option<&Connection> {
        self.get(*self.by_peer.get(&peer_key(kind, peer, name))?)
    }

    /// Lets octets wait for a connection to be established; `false` when they would be too many.
    pub(crate) fn enqueue(&mut self, id: ConnectionId, octets: &Bytes, limit: usize) -> bool {
        if let Some(connection) = self.connections.get_mut(&id)
            && let Stage::Connecting {
                queue,
                queued_octets,
            } = &mut connection.stage
            && *queued_octets + octets.len() <= limit
        {
            *queued_octets += octets.len();
            self.census.queued_octets += octets.len();
            queue.push(octets.clone());
            return true;
        }
        false
    }

    /// Makes an outgoing connection an established one; returns what waited for that.
    pub(crate) fn establish(&mut self, id: ConnectionId) -> Vec<Bytes> {
        let Some(connection) = self.connections.get_mut(&id) else {
            return Vec::new();
        };
        let open = Stage::Open(StreamFramer::default());
        match std::mem::replace(&mut connection.stage, open) {
            Stage::Connecting {
                queue,
                queued_octets,
            } => {
                self.census.established(queued_octets);
                queue
            }
            Stage::Open(_) => Vec::new(),
        }
    }

    pub(crate) fn remove(&mut self, id: ConnectionId) -> Option<Connection> {
        let connection = self.connections.remove(&id)?;
        self.census.leaves(id, &connection.flow, &connection.stage);
        self.deadlines.remove(&(connection.wake_at, id));
        let flow = &connection.flow;
        let peer = peer_key(flow.kind, flow.remote, connection.name.as_ref());
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

    /// The accepted connection whose time will be over first, other than those to be spared. Looks
    /// at a bounded number of them, whatever the size of the table.
    pub(crate) fn next_victim(
        &mut self,
        due: impl Fn(&Connection) -> Instant,
        mut is_spared: impl FnMut(&Flow) -> bool,
    ) -> Option<ConnectionId> {
        let mut behind = Bound::Unbounded;
        for _ in 0..MAX_LOOKS {
            let &(wake_at, id) = self.deadlines.range((behind, Bound::Unbounded)).next()?;
            let connection = self.connections.get_mut(&id)?;
            let due = due(connection);
            if due > wake_at {
                self.deadlines.remove(&(wake_at, id));
                self.deadlines.insert((due, id));
                connection.wake_at = due;
            } else if id.is_accepted() && !is_spared(&connection.flow) {
                return Some(id);
            } else {
                behind = Bound::Excluded((wake_at, id));
            }
        }
        None
    }
}
