//! The identity of a path between two addresses (RFC 5626 section 2), and where a message should go.

use std::hash::{Hash, Hasher};
use std::net::SocketAddr;

use rvoip_sip_core::ByteString;

use crate::TransportKind;

/// One of our bound addresses, counted in the order of binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ListenerId(pub u16);

/// One stream connection; a number that is never used twice within a shard.
///
/// Accepted connections are numbered by the driver and outgoing ones by the
/// [`TransportLayer`](crate::TransportLayer), in two spaces that cannot meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConnectionId(u64);

impl ConnectionId {
    const ACCEPTED: u64 = 1 << 63;

    /// The `number`-th connection that a peer opened.
    pub fn accepted(number: u64) -> Self {
        Self(number | Self::ACCEPTED)
    }

    /// The `number`-th connection that this side opened.
    pub fn outgoing(number: u64) -> Self {
        Self(number & !Self::ACCEPTED)
    }

    /// Whether a peer opened the connection.
    pub fn is_accepted(self) -> bool {
        self.0 & Self::ACCEPTED != 0
    }
}

/// What carries the octets of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Carrier {
    /// Datagrams of a bound socket.
    Listener(ListenerId),
    /// A stream connection.
    Connection(ConnectionId),
}

/// A path between a local and a remote address.
///
/// Two flows are equal when carrier and remote address are: the local address of an outgoing
/// connection becomes known only when it is established.
#[derive(Clone, Copy, Debug)]
pub struct Flow {
    /// The transport protocol.
    pub kind: TransportKind,
    /// Our address; unspecified while an outgoing connection is being established.
    pub local: SocketAddr,
    /// The peer's address.
    pub remote: SocketAddr,
    /// The socket or connection.
    pub carrier: Carrier,
}

impl Flow {
    /// The connection, when the flow is a stream.
    pub fn connection(&self) -> Option<ConnectionId> {
        match self.carrier {
            Carrier::Connection(connection) => Some(connection),
            Carrier::Listener(_) => None,
        }
    }
}

impl PartialEq for Flow {
    fn eq(&self, other: &Self) -> bool {
        self.carrier == other.carrier && self.remote == other.remote
    }
}

impl Eq for Flow {}

impl Hash for Flow {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.carrier.hash(state);
        self.remote.hash(state);
    }
}

/// Where a request should go.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// Over exactly this flow, or not at all.
    Flow(Flow),
    /// To this address, over an established connection when there is one.
    Address {
        /// The transport protocol.
        kind: TransportKind,
        /// The address of the next hop.
        addr: SocketAddr,
        /// The domain that was looked up, where one was: what the peer's certificate has to name
        /// (RFC 5922), and the host of a WebSocket handshake. Without one the address stands in.
        name: Option<ByteString>,
    },
}

impl Target {
    /// An address, without a name.
    pub fn address(kind: TransportKind, addr: SocketAddr) -> Self {
        Self::Address {
            kind,
            addr,
            name: None,
        }
    }

    /// The transport protocol that will be used.
    pub fn kind(&self) -> TransportKind {
        match self {
            Self::Flow(flow) => flow.kind,
            Self::Address { kind, .. } => *kind,
        }
    }

    /// The address of the next hop.
    pub fn remote(&self) -> SocketAddr {
        match self {
            Self::Flow(flow) => flow.remote,
            Self::Address { addr, .. } => *addr,
        }
    }
}

impl From<Flow> for Target {
    fn from(flow: Flow) -> Self {
        Self::Flow(flow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_number_spaces_never_meet() {
        assert_ne!(ConnectionId::accepted(7), ConnectionId::outgoing(7));
        assert!(ConnectionId::accepted(7).is_accepted());
        assert!(!ConnectionId::outgoing(7).is_accepted());
        assert!(!ConnectionId::outgoing(u64::MAX).is_accepted());
    }

    #[test]
    fn a_flow_stays_itself_when_its_local_address_becomes_known() {
        let early = Flow {
            kind: TransportKind::Tcp,
            local: "0.0.0.0:0".parse().unwrap(),
            remote: "192.0.2.1:5060".parse().unwrap(),
            carrier: Carrier::Connection(ConnectionId::outgoing(1)),
        };
        let late = Flow {
            local: "192.0.2.9:40000".parse().unwrap(),
            ..early
        };
        assert_eq!(early, late);
    }
}
