//! Limits of the connections that SIP comes and goes over.

use std::time::Duration;

use rvoip_dialog_core::sip_transport::TransportConfig;

/// Limits of stream connections, as sip-transport has them by default.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionLimits {
    /// Open connections, accepted and outgoing. Default 4096.
    pub max_connections: usize,
    /// Accepted connections of one IP address. Default 1024.
    pub max_connections_per_peer: usize,
    /// Connections being established from this side. Default 1024.
    pub max_connecting: usize,
    /// Octets queued on one connection while it is being established. Default 64 KiB.
    pub max_queued_octets: usize,
    /// A connection without traffic for so long is closed. Default 30 minutes.
    pub idle_timeout: Duration,
    /// A message begun on a stream must be complete within this time. Default 10 s.
    pub message_timeout: Duration,
    /// An outgoing connection must be established within this time. Default 10 s.
    pub connect_timeout: Duration,
    /// Requests of more octets go over a stream where that is ours to choose. Default 1300.
    pub udp_max_octets: usize,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        let transport = TransportConfig::new(Vec::new());
        ConnectionLimits {
            max_connections: transport.max_connections,
            max_connections_per_peer: transport.max_connections_per_peer,
            max_connecting: transport.max_connecting,
            max_queued_octets: transport.max_queued_octets,
            idle_timeout: transport.idle_timeout,
            message_timeout: transport.message_timeout,
            connect_timeout: transport.connect_timeout,
            udp_max_octets: transport.udp_max_octets,
        }
    }
}

impl ConnectionLimits {
    pub(crate) fn apply(&self, transport: &mut TransportConfig) {
        transport.max_connections = self.max_connections;
        transport.max_connections_per_peer = self.max_connections_per_peer;
        transport.max_connecting = self.max_connecting;
        transport.max_queued_octets = self.max_queued_octets;
        transport.idle_timeout = self.idle_timeout;
        transport.message_timeout = self.message_timeout;
        transport.connect_timeout = self.connect_timeout;
        transport.udp_max_octets = self.udp_max_octets;
    }
}
