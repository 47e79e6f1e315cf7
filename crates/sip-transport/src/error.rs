//! What can go wrong when a message is handed to the transport layer.

use crate::TransportKind;

/// Why a message was not accepted for sending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// No bound address speaks this transport and address family.
    #[error("no listener carries {kind} to this address family")]
    NoListener {
        /// The transport protocol asked for.
        kind: TransportKind,
    },
    /// The flow's connection has ended.
    #[error("the flow has ended")]
    FlowEnded,
    /// As many connections are open, or being opened, as the configuration allows.
    #[error("the limit of {limit} connections is reached")]
    TooManyConnections {
        /// The limit.
        limit: usize,
    },
    /// A connection being established has as much queued as the configuration allows.
    #[error("the queue of a connection being established is full ({limit} octets)")]
    QueueFull {
        /// The limit in octets.
        limit: usize,
    },
    /// The message does not fit into one datagram.
    #[error("a message of {octets} octets does not fit into a datagram")]
    TooLong {
        /// The length of the message.
        octets: usize,
    },
    /// The way of a response leads to a host that has to be looked up first.
    #[error("the host that the response goes to has to be looked up")]
    NamedDestination,
    /// The destination is no address that a message can be sent to (unspecified, or port 0).
    #[error("the destination is not an address")]
    BadDestination,
}
