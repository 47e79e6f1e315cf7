//! Reading a host and a port out of a longer text, without keeping anything.

use std::net::{Ipv4Addr, Ipv6Addr};

use bytestring::ByteString;
use memchr::memchr;

use super::Host;
use crate::{ParseError, token};

/// A host as it stands in a text.
#[derive(Clone, Copy, Debug)]
pub(crate) enum HostRef<'a> {
    Name(&'a str),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

impl<'a> HostRef<'a> {
    /// The host that starts at `from`, and where it ends.
    pub(crate) fn read(text: &'a str, from: usize) -> Result<(HostRef<'a>, usize), ParseError> {
        let octets = text.as_bytes();
        if octets.get(from) == Some(&b'[') {
            let length = memchr(b']', &octets[from..]).ok_or(ParseError::InvalidHost)?;
            let address =
                read_ipv6(&text[from + 1..from + length]).ok_or(ParseError::InvalidHost)?;
            return Ok((HostRef::V6(address), from + length + 1));
        }
        let end = token::host_name_end(octets, from);
        let name = text
            .get(from..end)
            .filter(|name| !name.is_empty())
            .ok_or(ParseError::InvalidHost)?;
        if name.as_bytes()[0].is_ascii_digit() {
            if let Some(address) = read_ipv4(name.as_bytes()) {
                return Ok((HostRef::V4(address), end));
            }
            // Digits and dots that are no address are no name either.
            if name
                .bytes()
                .all(|octet| octet.is_ascii_digit() || octet == b'.')
            {
                return Err(ParseError::InvalidHost);
            }
        }
        Ok((HostRef::Name(name), end))
    }

    /// The host as a slice of the text it was read from.
    pub(crate) fn share(self, text: &ByteString) -> Host {
        match self {
            HostRef::Name(name) => Host::Name(text.slice_ref(name)),
            HostRef::V4(address) => Host::V4(address),
            HostRef::V6(address) => Host::V6(address),
        }
    }
}

/// A host with an optional port as in a URI, and where it ends.
pub(crate) fn read_host_port(
    text: &str,
    from: usize,
) -> Result<(HostRef<'_>, Option<u16>, usize), ParseError> {
    let (host, end) = HostRef::read(text, from)?;
    if text.as_bytes().get(end) != Some(&b':') {
        return Ok((host, None, end));
    }
    let (port, end) = read_port(text.as_bytes(), end + 1)?;
    Ok((host, Some(port), end))
}

/// A whole sent-by: blanks are allowed around the colon.
pub(crate) fn read_sent_by(text: &str) -> Result<(HostRef<'_>, Option<u16>), ParseError> {
    let octets = text.as_bytes();
    let (host, end) = HostRef::read(text, token::blanks_end(octets, 0))?;
    let mut end = token::blanks_end(octets, end);
    let mut port = None;
    if octets.get(end) == Some(&b':') {
        let (number, behind) = read_port(octets, token::blanks_end(octets, end + 1))?;
        port = Some(number);
        end = token::blanks_end(octets, behind);
    }
    if end == octets.len() {
        Ok((host, port))
    } else {
        Err(ParseError::InvalidHost)
    }
}

/// Digits that fit a port; `0` is let through, as peers without a socket write it.
fn read_port(octets: &[u8], from: usize) -> Result<(u16, usize), ParseError> {
    let mut port = 0_u32;
    let mut at = from;
    while let Some(digit) = octets.get(at).filter(|octet| octet.is_ascii_digit()) {
        port = port * 10 + u32::from(digit - b'0');
        at += 1;
        if port > u32::from(u16::MAX) {
            return Err(ParseError::InvalidPort);
        }
    }
    if at == from {
        Err(ParseError::InvalidPort)
    } else {
        Ok((port as u16, at))
    }
}

/// Four numbers up to 255 without leading zeros.
fn read_ipv4(octets: &[u8]) -> Option<Ipv4Addr> {
    let mut parts = [0_u8; 4];
    let mut place = 0;
    let mut number: Option<u8> = None;
    for octet in octets {
        match (octet, number) {
            (b'0'..=b'9', None) => number = Some(octet - b'0'),
            (b'0'..=b'9', Some(1..)) => {
                number = Some(number?.checked_mul(10)?.checked_add(octet - b'0')?)
            }
            (b'.', Some(part)) if place < 3 => {
                parts[place] = part;
                place += 1;
                number = None;
            }
            _ => return None,
        }
    }
    parts[3] = number.filter(|_| place == 3)?;
    Some(Ipv4Addr::from(parts))
}

/// RFC 5118 section 4.10 asks to tolerate three colons where an old grammar produced them before an embedded IPv4 address.
fn read_ipv6(text: &str) -> Option<Ipv6Addr> {
    text.parse().ok().or_else(|| {
        text.contains(":::")
            .then(|| text.replacen(":::", "::", 1).parse().ok())?
    })
}
