//! What a transport layer is told when it is made: addresses, limits, times.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rvoip_sip_core::Limits;

use crate::{ListenerInfo, WireTap};

/// The settings of a [`TransportLayer`](crate::TransportLayer).
#[derive(Clone)]
#[non_exhaustive]
pub struct TransportConfig {
    /// The bound addresses, in the order of their numbers.
    pub listeners: Vec<ListenerInfo>,
    /// Caps on the size and shape of one message.
    pub limits: Limits,
    /// Sees every message in and out.
    pub tap: Option<Arc<dyn WireTap>>,
    /// A connection without traffic for so long is closed. Default 30 minutes: twice the refresh
    /// interval of a default session timer (RFC 4028).
    pub idle_timeout: Duration,
    /// A message begun on a stream must be complete within this time. Default 10 s.
    pub message_timeout: Duration,
    /// An outgoing connection must be established within this time. Default 10 s: two
    /// retransmissions of a lost SYN and well below the 32 s of a SIP transaction.
    pub connect_timeout: Duration,
    /// A name must be resolved within this time. Default 10 s.
    pub resolve_timeout: Duration,
    /// Open connections, accepted and outgoing; one more is refused. Default 4096.
    pub max_connections: usize,
    /// Octets queued on one connection while it is being established. Default 64 KiB.
    pub max_queued_octets: usize,
    /// Names being resolved at a time. Default 256.
    pub max_resolutions: usize,
}

impl TransportConfig {
    /// The default settings on these addresses.
    pub fn new(listeners: Vec<ListenerInfo>) -> Self {
        Self {
            listeners,
            limits: Limits::default(),
            tap: None,
            idle_timeout: Duration::from_secs(30 * 60),
            message_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(10),
            resolve_timeout: Duration::from_secs(10),
            max_connections: 4096,
            max_queued_octets: 64 * 1024,
            max_resolutions: 256,
        }
    }
}

impl fmt::Debug for TransportConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportConfig")
            .field("listeners", &self.listeners)
            .field("limits", &self.limits)
            .field("tap", &self.tap.is_some())
            .field("idle_timeout", &self.idle_timeout)
            .field("message_timeout", &self.message_timeout)
            .field("connect_timeout", &self.connect_timeout)
            .field("resolve_timeout", &self.resolve_timeout)
            .field("max_connections", &self.max_connections)
            .field("max_queued_octets", &self.max_queued_octets)
            .field("max_resolutions", &self.max_resolutions)
            .finish()
    }
}
