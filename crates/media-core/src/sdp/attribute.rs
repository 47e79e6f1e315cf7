//! Attributes of a description: `a=name` and `a=name:value`, and the ones whose value has a grammar.

use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

/// An `a=` line (RFC 8866 section 5.13).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute<'a> {
    /// The name.
    pub name: Cow<'a, str>,
    /// The text after the colon; `None` for a property attribute such as `a=sendonly`.
    pub value: Option<Cow<'a, str>>,
}

/// An `a=rtpmap` value: what a payload type stands for (RFC 8866 section 6.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RtpMap<'a> {
    /// The payload type, 0 to 127.
    pub payload_type: u8,
    /// The encoding's name; compared without regard to case.
    pub encoding: &'a str,
    /// The clock rate in Hz.
    pub clock_rate_hz: u32,
    /// The number of channels; 1 when not written.
    pub channels: u8,
}

impl<'a> Attribute<'a> {
    /// A property attribute: `a=name`.
    #[must_use]
    pub fn property(name: &'a str) -> Self {
        Self {
            name: Cow::Borrowed(name),
            value: None,
        }
    }

    /// A value attribute: `a=name:value`.
    #[must_use]
    pub fn new(name: &'a str, value: impl Into<Cow<'a, str>>) -> Self {
        Self {
            name: Cow::Borrowed(name),
            value: Some(value.into()),
        }
    }

    /// Whether the attribute has this name.
    #[must_use]
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The attribute as an `rtpmap`; `None` when it is another one or its value does not follow the grammar.
    #[must_use]
    pub fn rtpmap(&self) -> Option<RtpMap<'_>> {
        let value = self.value.as_deref().filter(|_| self.is("rtpmap"))?;
        let (payload_type, map) = value.trim().split_once([' ', '\t'])?;
        let mut parts = map.trim().split('/');
        Some(RtpMap {
            payload_type: payload_type.parse().ok().filter(|number| *number < 128)?,
            encoding: parts.next()?,
            clock_rate_hz: parts.next()?.trim().parse().ok()?,
            channels: match parts.next() {
                Some(channels) => channels.trim().parse().ok()?,
                None => 1,
            },
        })
    }
}

/// Where RTCP of a stream goes by an `a=rtcp` value (RFC 3605): a port, and perhaps an address of its own.
pub(crate) fn rtcp_address(value: &str, default: IpAddr) -> Option<SocketAddr> {
    let mut words = value.split_ascii_whitespace();
    let port = words.next()?.parse().ok()?;
    let address = match words.nth(2) {
        Some(address) => address.parse().ok()?,
        None => default,
    };
    Some(SocketAddr::new(address, port))
}
