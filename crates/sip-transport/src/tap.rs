//! A listener on the wire: every message in and out, as it was received or sent.

mod packet;
mod pcapng;

use std::fmt;
use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;

pub(crate) use self::pcapng::Pcapng;
use crate::TransportKind;

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Towards us.
    In,
    /// Away from us.
    Out,
}

/// One message on the wire.
#[derive(Clone, Debug)]
pub struct WireRecord<'a> {
    /// When the transport layer saw it.
    pub time: Instant,
    /// Which way it went.
    pub direction: Direction,
    /// The transport protocol.
    pub kind: TransportKind,
    /// Our address.
    pub local: SocketAddr,
    /// The peer's address.
    pub remote: SocketAddr,
    /// The message, unchanged; malformed ones too.
    pub octets: &'a Bytes,
}

/// Sees every message. Called on the shard's own thread: it must not block.
pub trait WireTap: Send + Sync {
    /// Takes note of a message.
    fn message(&self, record: &WireRecord<'_>);
}

impl fmt::Debug for dyn WireTap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WireTap")
    }
}
