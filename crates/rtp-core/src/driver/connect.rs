//! Connecting and disconnecting a UDP socket, where the platform can do both.
//!
//! On Linux a connected socket can still be sent from to other addresses, and be disconnected and keep its port. Elsewhere
//! one of these fails, so that sockets stay as they are.

use std::io;
use std::net::SocketAddr;

use super::poll::Socket;

/// Whether [`apply`] does anything.
pub(super) const IS_SUPPORTED: bool = cfg!(target_os = "linux");

/// Takes packets from `peer` alone, or from anywhere again.
#[cfg(target_os = "linux")]
pub(super) fn apply(socket: &Socket, peer: Option<SocketAddr>) -> io::Result<()> {
    match peer {
        Some(peer) => socket.connect(peer),
        None => Ok(rustix::net::connect_unspec(socket)?),
    }
}

/// Does nothing.
#[cfg(not(target_os = "linux"))]
pub(super) fn apply(_: &Socket, _: Option<SocketAddr>) -> io::Result<()> {
    Ok(())
}
