//! STUN binding requests and responses on the SIP port (RFC 5626 sections 3.5.2 and 8, RFC 8489).
//!
//! A request without credentials and its answer are all that keep-alives need. SIP and STUN share a
//! socket: the first two bits of STUN are zero, and no SIP message begins so.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use bytes::Bytes;

/// What pairs a response with its request.
pub(crate) type TransactionId = [u8; 12];

const COOKIE: [u8; 4] = 0x2112_A442_u32.to_be_bytes();
const HEADER_OCTETS: usize = 20;

const BINDING_REQUEST: u16 = 0x0001;
const BINDING_SUCCESS: u16 = 0x0101;
const BINDING_ERROR: u16 = 0x0111;

const ERROR_CODE: u16 = 0x0009;
const UNKNOWN_ATTRIBUTES: u16 = 0x000A;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const FINGERPRINT: u16 = 0x8028;
const FINGERPRINT_OCTETS: usize = 8;
/// What the checksum is combined with, so that it is not that of a protocol around it.
const FINGERPRINT_XOR: u32 = 0x5354_554E;
/// Attributes of RFC 8489 that a request may carry and that ask nothing of a server without
/// credentials: USERNAME, MESSAGE-INTEGRITY, REALM, NONCE, their SHA-256 kin.
const HARMLESS: [u16; 7] = [0x0006, 0x0008, 0x0014, 0x0015, 0x001C, 0x001D, 0x001E];
/// Attributes from here on may be passed over.
const OPTIONAL: u16 = 0x8000;
/// Attributes named in a refusal; a request has no reason to carry more.
const MAX_UNKNOWN: usize = 8;

/// A STUN message as far as a keep-alive needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stun {
    /// A binding request.
    Request {
        id: TransactionId,
        /// Whether it ends with a checksum, and the answer should.
        fingerprint: bool,
        /// Attributes that must be understood and are not.
        unknown: Vec<u16>,
    },
    /// An answer with the address that the server saw.
    Success {
        id: TransactionId,
        mapped: SocketAddr,
    },
    /// A refusal.
    Error { id: TransactionId },
}

/// Whether a datagram is STUN and not SIP (RFC 8489 section 5).
pub(crate) fn is_stun(octets: &[u8]) -> bool {
    octets.first().is_some_and(|first| first & 0xC0 == 0) && octets.get(4..8) == Some(&COOKIE[..])
}

impl Stun {
    /// Reads a message; `None` when it is broken, fails its checksum, or is another one than these.
    pub(crate) fn parse(octets: &[u8]) -> Option<Self> {
        let (header, mut rest) = octets.split_at_checked(HEADER_OCTETS)?;
        let length = usize::from(u16_at(header, 2)?);
        if !is_stun(octets) || length != rest.len() || length % 4 != 0 {
            return None;
        }
        let id: TransactionId = header.get(8..)?.try_into().ok()?;
        let mut mapped = None;
        let mut fingerprint = false;
        let mut unknown = Vec::new();
        while !rest.is_empty() {
            // Nothing follows a checksum.
            if fingerprint {
                return None;
            }
            let (kind, length) = (u16_at(rest, 0)?, usize::from(u16_at(rest, 2)?));
            let value = rest.get(4..4 + length)?;
            match kind {
                XOR_MAPPED_ADDRESS => mapped = mapped.or(Some(read_xor_address(value, &id)?)),
                FINGERPRINT => {
                    let covered = octets.len() - rest.len();
                    let told = u32::from_be_bytes(value.try_into().ok()?);
                    if checksum(octets.get(..covered)?) != told {
                        return None;
                    }
                    fingerprint = true;
                }
                kind if kind < OPTIONAL
                    && !HARMLESS.contains(&kind)
                    && unknown.len() < MAX_UNKNOWN =>
                {
                    unknown.push(kind);
                }
                _ => {}
            }
            rest = rest.get(4 + length.next_multiple_of(4)..)?;
        }
        match u16_at(header, 0)? {
            BINDING_REQUEST => Some(Self::Request {
                id,
                fingerprint,
                unknown,
            }),
            BINDING_SUCCESS => mapped.map(|mapped| Self::Success { id, mapped }),
            BINDING_ERROR => Some(Self::Error { id }),
            _ => None,
        }
    }
}

/// A binding request.
pub(crate) fn request(id: &TransactionId) -> Bytes {
    finish(header(BINDING_REQUEST, id), true)
}

/// The answer to a binding request: the address that it came from.
pub(crate) fn success(id: &TransactionId, source: SocketAddr, fingerprint: bool) -> Bytes {
    let mut octets = header(BINDING_SUCCESS, id);
    let port = xor(source.port().to_be_bytes(), &COOKIE);
    let key = key(id);
    let (family, ip): (u8, Vec<u8>) = match source.ip().to_canonical() {
        IpAddr::V4(ip) => (1, xor(ip.octets(), &key).to_vec()),
        IpAddr::V6(ip) => (2, xor(ip.octets(), &key).to_vec()),
    };
    let value = [&[0, family], &port[..], &ip].concat();
    attribute(&mut octets, XOR_MAPPED_ADDRESS, &value);
    finish(octets, fingerprint)
}

/// The refusal of a request with attributes that must be understood and are not
/// (RFC 8489 section 6.3.1).
pub(crate) fn refusal(id: &TransactionId, unknown: &[u16], fingerprint: bool) -> Bytes {
    let mut octets = header(BINDING_ERROR, id);
    attribute(&mut octets, ERROR_CODE, b"\0\0\x04\x14Unknown Attribute");
    let named: Vec<u8> = unknown.iter().flat_map(|kind| kind.to_be_bytes()).collect();
    attribute(&mut octets, UNKNOWN_ATTRIBUTES, &named);
    finish(octets, fingerprint)
}

fn header(kind: u16, id: &TransactionId) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &[0, 0], &COOKIE, id].concat()
}

fn attribute(octets: &mut Vec<u8>, kind: u16, value: &[u8]) {
    octets.extend(kind.to_be_bytes());
    octets.extend((value.len() as u16).to_be_bytes());
    octets.extend(value);
    octets.resize(octets.len().next_multiple_of(4), 0);
}

/// Writes the length, and the checksum when there should be one.
fn finish(mut octets: Vec<u8>, fingerprint: bool) -> Bytes {
    let extra = if fingerprint { FINGERPRINT_OCTETS } else { 0 };
    let length = (octets.len() - HEADER_OCTETS + extra) as u16;
    octets[2..4].copy_from_slice(&length.to_be_bytes());
    if fingerprint {
        let checksum = checksum(&octets);
        attribute(&mut octets, FINGERPRINT, &checksum.to_be_bytes());
    }
    octets.into()
}

/// The value of a FINGERPRINT behind these octets (RFC 8489 section 14.7).
fn checksum(octets: &[u8]) -> u32 {
    let crc = octets.iter().fold(u32::MAX, |crc, octet| {
        (0..8).fold(crc ^ u32::from(*octet), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    });
    !crc ^ FINGERPRINT_XOR
}

/// What an IPv6 address is combined with: the cookie and the transaction id.
fn key(id: &TransactionId) -> [u8; 16] {
    std::array::from_fn(|at| match at {
        0..4 => COOKIE[at],
        _ => id[at - 4],
    })
}

fn xor<const N: usize>(octets: [u8; N], key: &[u8]) -> [u8; N] {
    let mut key = key.iter();
    octets.map(|octet| octet ^ key.next().unwrap_or(&0))
}

fn read_xor_address(value: &[u8], id: &TransactionId) -> Option<SocketAddr> {
    let (head, ip) = value.split_at_checked(4)?;
    let port = u16::from_be_bytes(xor([head[2], head[3]], &COOKIE));
    let key = key(id);
    let ip = match head[1] {
        1 => Ipv4Addr::from(xor(<[u8; 4]>::try_from(ip).ok()?, &key)).into(),
        2 => Ipv6Addr::from(xor(<[u8; 16]>::try_from(ip).ok()?, &key)).into(),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

fn u16_at(octets: &[u8], at: usize) -> Option<u16> {
    let octets = octets.get(at..at + 2)?;
    Some(u16::from_be_bytes([octets[0], octets[1]]))
}

#[cfg(test)]
mod tests;
