//! Opening the two sockets of a port pair.

use std::io;
use std::net::{IpAddr, UdpSocket};

use crate::PortPair;

/// Binds the two ports of `pair` on `address`, both or none.
///
/// # Errors
/// What the operating system says.
pub fn bind_pair(address: IpAddr, pair: PortPair) -> io::Result<(UdpSocket, UdpSocket)> {
    let rtp = UdpSocket::bind((address, pair.rtp()))?;
    let rtcp = UdpSocket::bind((address, pair.rtcp()))?;
    Ok((rtp, rtcp))
}
