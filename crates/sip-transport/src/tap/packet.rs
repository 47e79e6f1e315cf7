//! The network headers that a message would have had: IPv4 or IPv6, and UDP or TCP.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

const PROTOCOL_TCP: u8 = 6;
const PROTOCOL_UDP: u8 = 17;
const HOP_LIMIT: u8 = 64;
/// PSH and ACK, without which no segment within a connection is.
const TCP_FLAGS: u8 = 0x18;

/// What carries a payload.
#[derive(Clone, Copy, Debug)]
pub(super) enum Header {
    Udp,
    Tcp { sequence: u32, acknowledged: u32 },
}

impl Header {
    fn protocol(self) -> u8 {
        match self {
            Self::Udp => PROTOCOL_UDP,
            Self::Tcp { .. } => PROTOCOL_TCP,
        }
    }

    /// Where the checksum stands.
    fn checksum_at(self) -> usize {
        match self {
            Self::Udp => 6,
            Self::Tcp { .. } => 16,
        }
    }

    /// The octets, without a checksum.
    fn write(self, ports: [u16; 2], payload_octets: usize) -> Vec<u8> {
        let mut octets = Vec::with_capacity(payload_octets + 20);
        octets.extend(ports.into_iter().flat_map(u16::to_be_bytes));
        match self {
            Self::Udp => {
                octets.extend(((payload_octets + 8) as u16).to_be_bytes());
                octets.extend([0; 2]);
            }
            Self::Tcp {
                sequence,
                acknowledged,
            } => {
                octets.extend(sequence.to_be_bytes());
                octets.extend(acknowledged.to_be_bytes());
                // Five words long; a window of any size; a checksum to come; no urgent data.
                octets.extend([5 << 4, TCP_FLAGS, 0xFF, 0xFF, 0, 0, 0, 0]);
            }
        }
        octets
    }
}

/// A packet from one end to the other.
pub(super) fn packet(
    source: SocketAddr,
    destination: SocketAddr,
    header: Header,
    payload: &[u8],
) -> Vec<u8> {
    let mut carried = header.write([source.port(), destination.port()], payload.len());
    carried.extend_from_slice(payload);
    let length = (carried.len() as u16).to_be_bytes();
    let protocol = header.protocol();
    let (addresses, mut octets) =
        match (source.ip().to_canonical(), destination.ip().to_canonical()) {
            (IpAddr::V4(source), IpAddr::V4(destination)) => {
                let addresses = [source.octets(), destination.octets()].concat();
                let header = ipv4_header(&addresses, protocol, carried.len());
                (addresses, header)
            }
            (source, destination) => {
                let addresses = [wide(source), wide(destination)].concat();
                let head = [0x60, 0, 0, 0, length[0], length[1], protocol, HOP_LIMIT];
                let header = [&head[..], &addresses].concat();
                (addresses, header)
            }
        };
    // The addresses, the protocol and the length go into the checksum too.
    let sum = match checksum(&[&addresses, &[0, protocol], &length, &carried]) {
        // A UDP checksum of zero would mean that there is none.
        0 if protocol == PROTOCOL_UDP => u16::MAX,
        sum => sum,
    };
    let at = header.checksum_at();
    carried[at..at + 2].copy_from_slice(&sum.to_be_bytes());
    octets.extend(carried);
    octets
}

fn ipv4_header(addresses: &[u8], protocol: u8, carried_octets: usize) -> Vec<u8> {
    let total = (carried_octets as u16).saturating_add(20).to_be_bytes();
    let head = [
        0x45, 0, total[0], total[1], 0, 0, 0x40, 0, HOP_LIMIT, protocol, 0, 0,
    ];
    let mut header = [&head[..], addresses].concat();
    let sum = checksum(&[&header]);
    header[10..12].copy_from_slice(&sum.to_be_bytes());
    header
}

fn wide(ip: IpAddr) -> [u8; 16] {
    match ip {
        IpAddr::V4(ip) => Ipv4Addr::to_ipv6_mapped(&ip).octets(),
        IpAddr::V6(ip) => ip.octets(),
    }
}

/// The checksum of the Internet protocols (RFC 1071). All parts but the last have even lengths.
fn checksum(parts: &[&[u8]]) -> u16 {
    let words = parts.iter().flat_map(|part| part.chunks(2));
    let word = |word: &[u8]| u64::from(word[0]) << 8 | u64::from(*word.get(1).unwrap_or(&0));
    let mut sum: u64 = words.map(word).sum();
    while sum > 0xFFFF {
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    !(sum as u16)
}
