//! Bounds on stream connections that hold before the transport layer hears of them.

use std::time::Duration;

use rvoip_sip_core::Limits;

/// How the sockets of a shard treat stream connections.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StreamConfig {
    /// An accepted connection must have made its TLS and WebSocket handshakes within this time. Default 10 s.
    pub handshake_timeout: Duration,
    /// Accepted connections in the middle of these handshakes. One more ends the oldest one of the
    /// address that has the most of them. Default 256.
    pub max_handshakes: usize,
    /// Octets that wait on one connection for a peer that reads slowly; one more ends the
    /// connection. Default 512 KiB.
    pub max_queued_octets: usize,
    /// Octets that wait on all connections together; the connection on which one more should wait is
    /// ended. Default 16 MiB.
    pub max_queued_octets_in_all: usize,
    /// A connection on which octets wait must take some of them within this time, and a WebSocket
    /// message that has begun must be complete. Default 10 s.
    pub stall_timeout: Duration,
    /// The largest WebSocket message. Default: that of [`Limits`].
    pub max_message_octets: usize,
    /// The origins whose pages may connect over WebSocket, as `https://phone.example.com`. A client
    /// that names no origin is no browser and is let in. Default: any.
    pub allowed_origins: Option<Vec<String>>,
}

impl Default for StreamConfig {
    fn default() -> Self {
        Self {
            handshake_timeout: Duration::from_secs(10),
            max_handshakes: 256,
            max_queued_octets: 512 * 1024,
            max_queued_octets_in_all: 16 * 1024 * 1024,
            stall_timeout: Duration::from_secs(10),
            max_message_octets: Limits::DEFAULT.max_message_octets,
            allowed_origins: None,
        }
    }
}
