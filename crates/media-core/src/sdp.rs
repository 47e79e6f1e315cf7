//! Session descriptions (RFC 8866, RFC 4566): what a peer says about its media.
//!
//! A description is kept as the lines it was written in. The lines that offer and answer turn on (`o=`, `c=`, `m=`, `a=`)
//! are typed, every other line is carried along as text, in its place, so that writing gives back what was read. What is
//! read is borrowed from the text that it stands in.

use std::borrow::Cow;
use std::net::IpAddr;

mod attribute;
mod crypto;
mod direction;
mod host_name;
mod parse;
mod write;

pub(crate) use attribute::rtcp_address;
pub use attribute::{Attribute, RtpMap};
pub use crypto::Crypto;
pub use direction::Direction;
pub use host_name::NamedHost;
pub use parse::{MAX_LINES, MAX_MEDIA, MAX_OCTETS, SdpError};
pub(crate) use write::number;

/// A session description: its session section and its media sections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionDescription<'a> {
    /// `o=`: who made the description, and its version (RFC 8866 section 5.2).
    pub origin: Origin<'a>,
    /// `s=`: the session name; `-` when there is none to speak of.
    pub name: Cow<'a, str>,
    /// The other lines of the session section, in order.
    pub lines: Vec<Line<'a>>,
    /// The media sections, in order; an answer has as many as its offer.
    pub media: Vec<MediaDescription<'a>>,
}

/// The `o=` line (RFC 8866 section 5.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin<'a> {
    /// The user's login, `-` when not known.
    pub username: Cow<'a, str>,
    /// The session's number; text because peers write numbers of any size.
    pub session_id: Cow<'a, str>,
    /// The version of this description; grows by one with each change.
    pub version: Cow<'a, str>,
    /// The maker's address.
    pub address: Address<'a>,
}

impl Origin<'_> {
    /// The origin of our own session `session_id`, first version, made at `address`.
    #[must_use]
    pub fn new(session_id: u64, address: IpAddr) -> Self {
        Self {
            username: Cow::Borrowed("-"),
            session_id: Cow::Owned(session_id.to_string()),
            version: Cow::Borrowed("0"),
            address: Address::Ip(address),
        }
    }
}

/// The address of an `o=` or `c=` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address<'a> {
    /// An IPv4 or IPv6 address; a multicast suffix (`/ttl`) is dropped.
    Ip(IpAddr),
    /// A host name, with the address type it was written with (`IP4`, `IP6` ...).
    Name {
        /// The address type.
        kind: Cow<'a, str>,
        /// The host name.
        host: Cow<'a, str>,
    },
}

impl Address<'_> {
    /// The IP address, when the line names one.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Ip(address) => Some(*address),
            Self::Name { .. } => None,
        }
    }

    /// Whether the address says "send nothing here": all zeros (RFC 3264 section 8.4) or a name under `.invalid`.
    #[must_use]
    pub fn is_hold(&self) -> bool {
        match self {
            Self::Ip(address) => address.is_unspecified(),
            Self::Name { host, .. } => host.to_ascii_lowercase().ends_with(".invalid"),
        }
    }
}

/// One line of a session or media section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line<'a> {
    /// `c=`: where media is to be sent.
    Connection(Address<'a>),
    /// `a=`: an attribute.
    Attribute(Attribute<'a>),
    /// Any other line, as it was written: its letter and what follows the `=`.
    Other(char, Cow<'a, str>),
}

/// A media section: its `m=` line and the lines below it (RFC 8866 section 5.14).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaDescription<'a> {
    /// The media type: `audio`, `video` ...
    pub kind: Cow<'a, str>,
    /// The port; 0 refuses or switches off the stream (RFC 3264 section 6).
    pub port: u16,
    /// The number of ports (`m=audio 4000/2`); 1 when not written.
    pub port_count: u16,
    /// The transport protocol: `RTP/AVP` ...
    pub protocol: Cow<'a, str>,
    /// The formats; RTP payload types for RTP.
    pub formats: Vec<Cow<'a, str>>,
    /// The lines of the section, in order.
    pub lines: Vec<Line<'a>>,
}

impl<'a> SessionDescription<'a> {
    /// The value of the first other line with this letter, for instance `t`.
    #[must_use]
    pub fn value(&self, letter: char) -> Option<&str> {
        self.lines.iter().find_map(|line| match line {
            Line::Other(kind, value) if *kind == letter => Some(&**value),
            _ => None,
        })
    }

    /// Where media of `section` is to be sent: its own `c=` line or the session's.
    #[must_use]
    pub fn connection<'s>(&'s self, section: &'s MediaDescription<'a>) -> Option<&'s Address<'a>> {
        connection(&section.lines).or_else(|| connection(&self.lines))
    }

    /// The direction of `section`: its own attribute, else the session's, else `sendrecv` (RFC 8866 section 6.7).
    #[must_use]
    pub fn direction(&self, section: &MediaDescription<'_>) -> Direction {
        direction(&section.lines)
            .or_else(|| direction(&self.lines))
            .unwrap_or_default()
    }

    /// Numbers this description as the successor of `previous`: the same origin, and a version one higher if anything
    /// differs (RFC 3264 section 8).
    #[must_use]
    pub fn succeeding(mut self, previous: &SessionDescription<'a>) -> Self {
        self.origin = previous.origin.clone();
        if self != *previous {
            let version = previous.origin.version.parse::<u64>().unwrap_or(0);
            self.origin.version = Cow::Owned(version.wrapping_add(1).to_string());
        }
        self
    }
}

impl<'a> MediaDescription<'a> {
    /// The attributes of the section, in order.
    pub fn attributes(&self) -> impl Iterator<Item = &Attribute<'a>> {
        self.lines.iter().filter_map(|line| match line {
            Line::Attribute(attribute) => Some(attribute),
            _ => None,
        })
    }

    /// The value of the first attribute of this name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes()
            .find(|attribute| attribute.is(name))
            .and_then(|attribute| attribute.value.as_deref())
    }

    /// What `payload_type` stands for by the section's `a=rtpmap` lines.
    #[must_use]
    pub fn rtpmap(&self, payload_type: u8) -> Option<RtpMap<'_>> {
        self.attributes()
            .filter_map(Attribute::rtpmap)
            .find(|map| map.payload_type == payload_type)
    }

    /// The parameters of `payload_type` by the section's `a=fmtp` lines.
    #[must_use]
    pub fn fmtp(&self, payload_type: u8) -> Option<&str> {
        let mut values = self.attributes().filter(|attribute| attribute.is("fmtp"));
        values.find_map(|attribute| {
            let (number, parameters) = attribute.value.as_deref()?.trim().split_once(' ')?;
            (number.parse() == Ok(payload_type)).then(|| parameters.trim())
        })
    }

    /// The first attribute of this name as milliseconds: `ptime`, `maxptime`.
    #[must_use]
    pub fn milliseconds(&self, name: &str) -> Option<u32> {
        let text = self.attribute(name)?.trim();
        let whole = text.split('.').next().unwrap_or(text);
        whole.parse().ok()
    }
}

fn connection<'s, 'a>(lines: &'s [Line<'a>]) -> Option<&'s Address<'a>> {
    lines.iter().find_map(|line| match line {
        Line::Connection(address) => Some(address),
        _ => None,
    })
}

fn direction(lines: &[Line<'_>]) -> Option<Direction> {
    lines.iter().find_map(|line| match line {
        Line::Attribute(attribute) if attribute.value.is_none() => {
            Direction::from_name(&attribute.name)
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests;
