//! A hop as it stands in a message, of which nothing is kept.

use std::net::IpAddr;

use super::Via;
use crate::header::Header;
use crate::host::{HostRef, read_sent_by};
use crate::{Host, ParseError, param, token};

/// A hop as it stands in a message: read as [`Via`] is, but nothing is kept of it.
#[derive(Clone, Copy, Debug)]
pub struct ViaRef<'a> {
    pub(super) transport: &'a str,
    pub(super) host: HostRef<'a>,
    pub(super) port: Option<u16>,
    /// With the first semicolon.
    pub(super) params: &'a str,
}

/// The parameters of a hop that lead a response (RFC 3261 section 18.2.2, RFC 3581 section 4).
#[derive(Clone, Copy, Debug, Default)]
pub struct ViaLeads<'a> {
    received: Option<&'a str>,
    rport: Option<&'a str>,
    maddr: Option<&'a str>,
}

impl<'a> ViaRef<'a> {
    /// White space is allowed around the slashes of `SIP / 2.0 / UDP`, and is required before the host.
    pub(super) fn read(value: &'a str) -> Result<ViaRef<'a>, ParseError> {
        let rest = match value.strip_prefix("SIP/2.0/") {
            Some(rest) => rest,
            None => behind_protocol(value).ok_or(ParseError::InvalidTransport)?,
        };
        let octets = rest.as_bytes();
        let start = token::blanks_end(octets, 0);
        let transport_end = token::token_end(octets, start);
        if transport_end == start
            || !octets
                .get(transport_end)
                .is_some_and(|octet| token::is_blank(*octet))
        {
            return Err(ParseError::InvalidTransport);
        }
        let (host, port, end) = read_sent_by(rest, transport_end)?;
        Ok(ViaRef {
            transport: &rest[start..transport_end],
            host,
            port,
            params: &rest[end..],
        })
    }

    /// Reads a hop and the syntax of its parameters.
    pub(crate) fn parse(value: &'a str) -> Result<ViaRef<'a>, ParseError> {
        let hop = Self::read(value);
        hop.and_then(|hop| param::checked(hop.params).map(|_| hop))
            .map_err(|_| ParseError::InvalidHeader(Via::NAME))
    }

    /// The address of sent-by, if it is no name.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.to_ip()
    }

    /// The name in sent-by, if it is no address.
    pub fn name(&self) -> Option<&'a str> {
        match self.host {
            HostRef::Name(name) => Some(name),
            HostRef::V4(_) | HostRef::V6(_) => None,
        }
    }

    /// The port of sent-by, if one is written.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Those of its parameters that lead a response.
    pub fn leads(&self) -> ViaLeads<'a> {
        let mut leads = ViaLeads::default();
        for (name, value) in param::listed(self.params) {
            let lead = match name.len() {
                8 if name.eq_ignore_ascii_case("received") => &mut leads.received,
                5 if name.eq_ignore_ascii_case("rport") => &mut leads.rport,
                5 if name.eq_ignore_ascii_case("maddr") => &mut leads.maddr,
                _ => continue,
            };
            lead.get_or_insert(value.unwrap_or_default());
        }
        leads
    }
}

impl ViaLeads<'_> {
    /// Whether the receiver, or the sender in its place, has noted an address.
    pub fn has_received(&self) -> bool {
        self.received.is_some()
    }

    /// As [`Via::received`].
    pub fn received(&self) -> Option<IpAddr> {
        read_received(self.received?)
    }

    /// As [`Via::rport`].
    pub fn rport(&self) -> Option<Option<u16>> {
        self.rport.map(|port| port.parse().ok())
    }

    /// As [`Via::maddr`].
    pub fn maddr(&self) -> Option<Host> {
        self.maddr?.parse().ok()
    }
}

/// An address that a receiver has noted.
pub(super) fn read_received(text: &str) -> Option<IpAddr> {
    text.strip_prefix('[')
        .and_then(|inner| inner.strip_suffix(']'))
        .unwrap_or(text)
        .parse()
        .ok()
}

/// What follows `SIP/2.0/` in any spelling.
fn behind_protocol(value: &str) -> Option<&str> {
    let (protocol, rest) = value.split_once('/')?;
    let (version, rest) = rest.split_once('/')?;
    let is_ours =
        token::trimmed(protocol).eq_ignore_ascii_case("SIP") && token::trimmed(version) == "2.0";
    is_ours.then_some(rest)
}
