//! Reading a host and a port out of a longer text, without keeping anything.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

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
    #[inline]
    pub(crate) fn read(text: &'a str, from: usize) -> Result<(HostRef<'a>, usize), ParseError> {
        let octets = text.as_bytes();
        match octets.get(from) {
            Some(b'[') => Self::read_reference(text, from),
            Some(b'0'..=b'9' | b'.') => Self::read_digits_first(text, from),
            _ => match token::host_name_end(octets, from) {
                end if end == from => Err(ParseError::InvalidHost),
                end => Ok((HostRef::Name(&text[from..end]), end)),
            },
        }
    }

    /// An IPv6 address in brackets.
    #[cold]
    fn read_reference(text: &'a str, from: usize) -> Result<(HostRef<'a>, usize), ParseError> {
        let length = memchr(b']', &text.as_bytes()[from..]).ok_or(ParseError::InvalidHost)?;
        let address = read_ipv6(&text[from + 1..from + length]).ok_or(ParseError::InvalidHost)?;
        Ok((HostRef::V6(address), from + length + 1))
    }

    /// An IPv4 address, or a name that begins like one. Digits and dots that are no address are no name either.
    fn read_digits_first(text: &'a str, from: usize) -> Result<(HostRef<'a>, usize), ParseError> {
        let octets = text.as_bytes();
        if let Some((address, end)) = read_ipv4(octets, from)
            && !token::is_host_octet(octets.get(end))
        {
            return Ok((HostRef::V4(address), end));
        }
        let end = token::host_name_end(octets, from);
        let name = &text[from..end];
        match name
            .bytes()
            .all(|octet| octet.is_ascii_digit() || octet == b'.')
        {
            true => Err(ParseError::InvalidHost),
            false => Ok((HostRef::Name(name), end)),
        }
    }

    /// The address, if this is no name.
    pub(crate) fn to_ip(self) -> Option<IpAddr> {
        match self {
            HostRef::Name(_) => None,
            HostRef::V4(address) => Some(IpAddr::V4(address)),
            HostRef::V6(address) => Some(IpAddr::V6(address)),
        }
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
#[inline]
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
#[inline]
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
    while let Some(digit @ b'0'..=b'9') = octets.get(at) {
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
#[inline]
fn read_ipv4(octets: &[u8], from: usize) -> Option<(Ipv4Addr, usize)> {
    let mut address = 0;
    let mut at = from;
    for place in 0..4 {
        if place > 0 {
            if octets.get(at) != Some(&b'.') {
                return None;
            }
            at += 1;
        }
        let (number, end) = read_decimal_octet(octets, at)?;
        address = address << 8 | number;
        at = end;
    }
    Some((Ipv4Addr::from_bits(address), at))
}

/// A number up to 255, and where it ends: behind its first digit if that is zero.
#[inline]
fn read_decimal_octet(octets: &[u8], from: usize) -> Option<(u32, usize)> {
    let digit = |at: usize| match octets.get(at) {
        Some(octet @ b'0'..=b'9') => Some(u32::from(octet - b'0')),
        _ => None,
    };
    let first = digit(from)?;
    let (number, end) = match (first, digit(from + 1)) {
        (0, _) | (_, None) => (first, from + 1),
        (_, Some(second)) => match digit(from + 2) {
            None => (first * 10 + second, from + 2),
            Some(third) => (first * 100 + second * 10 + third, from + 3),
        },
    };
    (number < 256).then_some((number, end))
}

/// RFC 5118 section 4.10 asks to tolerate three colons where an old grammar produced them before an embedded IPv4 address.
fn read_ipv6(text: &str) -> Option<Ipv6Addr> {
    text.parse().ok().or_else(|| {
        text.contains(":::")
            .then(|| text.replacen(":::", "::", 1).parse().ok())?
    })
}
