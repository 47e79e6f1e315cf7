//! Packets of a simulated network as a file that tshark reads.

use std::net::{IpAddr, SocketAddr};

/// A capture of these packets, as raw IPv4.
pub(crate) fn capture(packets: &[(SocketAddr, SocketAddr, Vec<u8>)]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xA1B2_C3D4_u32, 0x0004_0002, 0, 0, 65_535, 101] {
        file.extend(word.to_le_bytes());
    }
    for (number, (source, destination, payload)) in packets.iter().enumerate() {
        let length = 28 + payload.len();
        for word in [0, number as u32, length as u32, length as u32] {
            file.extend(word.to_le_bytes());
        }
        let (IpAddr::V4(from), IpAddr::V4(to)) = (source.ip(), destination.ip()) else {
            panic!("IPv4 only");
        };
        file.extend([0x45, 0]);
        file.extend((length as u16).to_be_bytes());
        file.extend([0, 0, 0, 0, 64, 17, 0, 0]);
        file.extend(from.octets());
        file.extend(to.octets());
        file.extend(source.port().to_be_bytes());
        file.extend(destination.port().to_be_bytes());
        file.extend((length as u16 - 20).to_be_bytes());
        file.extend([0, 0]);
        file.extend(payload);
    }
    file
}
