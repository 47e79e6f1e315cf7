//! Junk for a server's ports: what scanners, bugs and hostile peers send.

use std::io::Write;
use std::net::{SocketAddr, TcpStream, UdpSocket};

use crate::Outcome;

/// How many times the whole set is thrown.
const ROUNDS: usize = 20;

/// RTP and RTCP ports of the server in this run.
const MEDIA_PORTS: std::ops::Range<u16> = 30_000..30_064;

/// Messages that are wrong in ways that have broken other stacks.
const MESSAGES: [&str; 12] = [
    "",
    "\r\n\r\n",
    "\0\0\0\0",
    "INVITE",
    "INVITE sip:a@b SIP/2.0",
    "INVITE sip:a@b SIP/2.0\r\n\r\n",
    "INVITE sip:a@b SIP/7.0\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\n\r\n",
    "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=\r\nCSeq: 99999999999 INVITE\r\n\r\n",
    "OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK2\r\nFrom: <sip:a@b>;tag=1\r\nTo: \"<\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: -1\r\n\r\n",
    "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK3\r\nCSeq: 1 INVITE\r\n\r\n",
    "SIP/2.0 999999 \r\n\r\n",
    "BYE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK4\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: nobody\r\nCSeq: 1 BYE\r\nMax-Forwards: 70\r\n\r\n",
];

/// Throws all of it at a server and returns how many datagrams and connections that were.
pub fn throw(udp: SocketAddr, tcp: SocketAddr) -> Outcome<usize> {
    let socket = UdpSocket::bind(("127.0.0.1", 0))?;
    let mut thrown = 0;
    for round in 0..ROUNDS {
        let large = "x".repeat(round * 3_000);
        for message in MESSAGES.into_iter().chain([large.as_str()]) {
            thrown += usize::from(socket.send_to(message.as_bytes(), udp).is_ok());
            let mut connection = TcpStream::connect(tcp)?;
            // The server may hang up on junk at any moment.
            thrown += usize::from(connection.write_all(message.as_bytes()).is_ok());
        }
        for port in MEDIA_PORTS {
            let media = SocketAddr::new(udp.ip(), port);
            let junk = [round as u8 ^ 0x80; 64];
            thrown += usize::from(socket.send_to(&junk[..round * 3], media).is_ok());
        }
    }
    Ok(thrown)
}
