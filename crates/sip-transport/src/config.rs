//! What a transport layer is told when it is made: addresses, limits, times.

use std::sync::Arc;
use std::time::Duration;

use rvoip_sip_core::{Limits, Strictness};

use crate::{LearnedAddresses, ListenerInfo, LocationConfig, WireTap};

/// The settings of a [`TransportLayer`](crate::TransportLayer).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TransportConfig {
    /// The bound addresses, in the order of their numbers.
    pub listeners: Vec<ListenerInfo>,
    /// Caps on the size and shape of one message.
    pub limits: Limits,
    /// Whether messages that break the grammar harmlessly are let through. Default lenient.
    pub strictness: Strictness,
    /// Whether responses with more than one Via are taken. They are for proxies; to a user agent they
    /// are strays that a proxy before it should have taken (RFC 3261 section 8.1.3.3). Default no.
    pub forwards_responses: bool,
    /// What to do with an address that peers see us under and that is not the one we tell. Default:
    /// nothing.
    pub learned_addresses: LearnedAddresses,
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
    /// How servers are found by name, and how long what is learnt holds.
    pub location: LocationConfig,
    /// Requests of more octets go over a stream where the caller leaves the choice: RFC 3261 section
    /// 18.1.1 draws the line at 1300 where the path MTU is not known, and so is the default.
    pub udp_max_octets: usize,
    /// How often connections that this side has opened are kept alive with two line ends
    /// (RFC 5626 section 3.5.1); each pause is drawn from 80 to 100 % of it. Other flows are kept
    /// alive by [`keep_alive`](crate::TransportLayer::keep_alive). Default never.
    pub stream_keep_alive: Option<Duration>,
    /// Open connections, accepted and outgoing. Default 4096: with what a connection of a hostile
    /// peer may buffer, well below a gigabyte.
    pub max_connections: usize,
    /// Accepted connections of one IP address; one more is refused. Default 1024: a quarter of all,
    /// so that no single host shuts out the rest.
    pub max_connections_per_peer: usize,
    /// Connections being established from this side; one more is refused. Default 1024.
    pub max_connecting: usize,
    /// Octets queued on one connection while it is being established. Default 64 KiB.
    pub max_queued_octets: usize,
}

impl TransportConfig {
    /// The default settings on these addresses.
    pub fn new(listeners: Vec<ListenerInfo>) -> Self {
        Self {
            listeners,
            limits: Limits::default(),
            strictness: Strictness::default(),
            forwards_responses: false,
            learned_addresses: LearnedAddresses::default(),
            tap: None,
            idle_timeout: Duration::from_secs(30 * 60),
            message_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(10),
            location: LocationConfig::default(),
            udp_max_octets: 1300,
            stream_keep_alive: None,
            max_connections: 4096,
            max_connections_per_peer: 1024,
            max_connecting: 1024,
            max_queued_octets: 64 * 1024,
        }
    }
}
