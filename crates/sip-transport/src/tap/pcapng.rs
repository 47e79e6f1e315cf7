//! Messages as a pcapng file: blocks, and the network headers that a message would have had.
//!
//! Each message becomes a raw IP packet (link type 101) with a UDP or TCP header. Streams get running
//! sequence numbers, so that a dissector joins what it must. What TLS or WebSocket carried stands
//! there as plain TCP, with a comment that says so.

use std::collections::HashMap;
use std::net::SocketAddr;

use super::packet::{Header, packet};
use super::{Direction, WireRecord};
use crate::TransportKind;

const SECTION_HEADER: u32 = 0x0A0D_0D0A;
const INTERFACE_DESCRIPTION: u32 = 1;
const ENHANCED_PACKET: u32 = 6;
const BYTE_ORDER: u32 = 0x1A2B_3C4D;
/// Packets begin with their IP header.
const LINK_TYPE_RAW: u16 = 101;

const OPTION_COMMENT: u16 = 1;
const OPTION_APPLICATION: u16 = 4;
const OPTION_RESOLUTION: u16 = 9;
const OPTION_FLAGS: u16 = 2;
/// Times are in nanoseconds.
const NANOSECONDS: u8 = 9;

/// Octets of a stream in one packet; with headers below the 65,535 of an IP packet.
const SEGMENT_OCTETS: usize = 60_000;
/// Connections whose sequence numbers are remembered.
const MAX_CONNECTIONS: usize = 16_384;
/// How far sequence numbers leap when those of all connections are forgotten.
const SEQUENCE_LEAP: u32 = 1 << 28;

/// The octets sent so far on a connection: ours and the peer's.
type Sequence = [u32; 2];

/// Turns messages into blocks of one capture.
#[derive(Debug, Default)]
pub(crate) struct Pcapng {
    connections: HashMap<(SocketAddr, SocketAddr), Sequence>,
    first_sequence: u32,
}

impl Pcapng {
    /// What a file begins with.
    pub(crate) fn head() -> Vec<u8> {
        let mut octets = Vec::new();
        block(&mut octets, SECTION_HEADER, |body| {
            body.extend(BYTE_ORDER.to_le_bytes());
            body.extend(1_u16.to_le_bytes());
            body.extend(0_u16.to_le_bytes());
            // The length of the section is not known.
            body.extend(u64::MAX.to_le_bytes());
            option(body, OPTION_APPLICATION, b"rvoip");
            option(body, 0, &[]);
        });
        block(&mut octets, INTERFACE_DESCRIPTION, |body| {
            body.extend(LINK_TYPE_RAW.to_le_bytes());
            body.extend([0; 2]);
            // No packet is cut.
            body.extend(0_u32.to_le_bytes());
            option(body, OPTION_RESOLUTION, &[NANOSECONDS]);
            option(body, 0, &[]);
        });
        octets
    }

    /// Appends a message; `time_ns` is since 1970.
    pub(crate) fn message(&mut self, octets: &mut Vec<u8>, time_ns: u64, record: &WireRecord<'_>) {
        let (source, destination) = match record.direction {
            Direction::In => (record.remote, record.local),
            Direction::Out => (record.local, record.remote),
        };
        if !record.kind.is_reliable() {
            let packet = packet(source, destination, Header::Udp, record.octets);
            return enhanced_packet(octets, time_ns, record, &packet);
        }
        for segment in record.octets.chunks(SEGMENT_OCTETS) {
            let header = self.tcp_header(record, segment.len());
            let packet = packet(source, destination, header, segment);
            enhanced_packet(octets, time_ns, record, &packet);
        }
    }

    /// The header of the next segment of a connection.
    fn tcp_header(&mut self, record: &WireRecord<'_>, octets: usize) -> Header {
        if self.connections.len() >= MAX_CONNECTIONS {
            self.connections.clear();
            self.first_sequence = self.first_sequence.wrapping_add(SEQUENCE_LEAP);
        }
        let first = [self.first_sequence; 2];
        let ends = (record.local, record.remote);
        let sent = self.connections.entry(ends).or_insert(first);
        let (own, other) = match record.direction {
            Direction::Out => (0, 1),
            Direction::In => (1, 0),
        };
        let sequence = sent[own];
        sent[own] = sequence.wrapping_add(octets as u32);
        Header::Tcp {
            sequence,
            acknowledged: sent[other],
        }
    }
}

/// Appends a packet with its time, its way, and what carried it where its headers do not tell.
fn enhanced_packet(octets: &mut Vec<u8>, time_ns: u64, record: &WireRecord<'_>, packet: &[u8]) {
    let length = (packet.len() as u32).to_le_bytes();
    block(octets, ENHANCED_PACKET, |body| {
        body.extend(0_u32.to_le_bytes());
        body.extend(((time_ns >> 32) as u32).to_le_bytes());
        body.extend((time_ns as u32).to_le_bytes());
        body.extend(length);
        body.extend(length);
        body.extend(packet);
        body.resize(body.len().next_multiple_of(4), 0);
        let direction: u32 = match record.direction {
            Direction::In => 1,
            Direction::Out => 2,
        };
        option(body, OPTION_FLAGS, &direction.to_le_bytes());
        if !matches!(record.kind, TransportKind::Udp | TransportKind::Tcp) {
            let comment = format!("carried by {}", record.kind.via_transport());
            option(body, OPTION_COMMENT, comment.as_bytes());
        }
        option(body, 0, &[]);
    });
}

/// Appends a block: its length stands before and behind its body.
fn block(octets: &mut Vec<u8>, kind: u32, write: impl FnOnce(&mut Vec<u8>)) {
    let start = octets.len();
    octets.extend(kind.to_le_bytes());
    octets.extend([0; 4]);
    write(octets);
    let length = ((octets.len() - start + 4) as u32).to_le_bytes();
    octets[start + 4..start + 8].copy_from_slice(&length);
    octets.extend(length);
}

/// Appends an option, filled up to whole words; number 0 ends the options.
fn option(body: &mut Vec<u8>, number: u16, value: &[u8]) {
    body.extend(number.to_le_bytes());
    body.extend((value.len() as u16).to_le_bytes());
    body.extend(value);
    body.resize(body.len().next_multiple_of(4), 0);
}
