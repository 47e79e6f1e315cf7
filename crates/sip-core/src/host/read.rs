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
        if let Some((address, end)) = read_ipv4(octets, from)
            && token::host_name_end(octets, end) == end
        {
            return Ok((HostRef::V4(address), end));
        }
        let end = token::host_name_end(octets, from);
        let name = text.get(from..end).unwrap_or("");
        // Digits and dots that are no address are no name either.
        let mut octets = name.bytes();
        if octets.all(|octet| octet.is_ascii_digit() || octet == b'.') {
            return Err(ParseError::InvalidHost);
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

/// A sent-by, around and in which blanks are allowed, and where it ends.
pub(crate) fn read_sent_by(
    text: &str,
    from: usize,
) -> Result<(HostRef<'_>, Option<u16>, usize), ParseError> {
    let octets = text.as_bytes();
    let (host, end) = HostRef::read(text, token::blanks_end(octets, from))?;
    let end = token::blanks_end(octets, end);
    if octets.get(end) != Some(&b':') {
        return Ok((host, None, end));
    }
    let (port, end) = read_port(octets, token::blanks_end(octets, end + 1))?;
    Ok((host, Some(port), token::blanks_end(octets, end)))
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

/// Four numbers up to 255 without leading zeros, and where they end.
fn read_ipv4(octets: &[u8], from: usize) -> Option<(Ipv4Addr, usize)> {
    let mut parts = [0_u8; 4];
    let mut at = from;
    for (place, part) in parts.iter_mut().enumerate() {
        if place > 0 {
            if octets.get(at) != Some(&b'.') {
                return None;
            }
            at += 1;
        }
        let start = at;
        let mut number = 0_u32;
        while let Some(digit @ b'0'..=b'9') = octets.get(at) {
            number = number * 10 + u32::from(digit - b'0');
            at += 1;
            if number > 255 {
                return None;
            }
        }
        let has_leading_zero = at > start + 1 && octets[start] == b'0';
        if at == start || has_leading_zero {
            return None;
        }
        *part = number as u8;
    }
    Some((Ipv4Addr::from(parts), at))
}

/// RFC 5118 section 4.10 asks to tolerate three colons where an old grammar produced them before an embedded IPv4 address.
fn read_ipv6(text: &str) -> Option<Ipv6Addr> {
    text.parse().ok().or_else(|| {
        text.contains(":::")
            .then(|| text.replacen(":::", "::", 1).parse().ok())?
    })
}
