//! Via (RFC 3261 section 20.42, RFC 3581).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use bytestring::ByteString;
use memchr::memchr2;

use super::{Header, HeaderName, Values, display_by_write};
use crate::{Host, HostPort, Params, ParseError, token};

/// What a branch made by RFC 3261 starts with.
pub const MAGIC_COOKIE: &str = "z9hG4bK";

/// The transport a Via names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ViaTransport {
    /// `UDP`.
    Udp,
    /// `TCP`.
    Tcp,
    /// `TLS`.
    Tls,
    /// `WS`, RFC 7118.
    Ws,
    /// `WSS`, RFC 7118.
    Wss,
    /// `SCTP`, RFC 4168.
    Sctp,
    /// Any other token, as it stands.
    Other(ByteString),
}

impl ViaTransport {
    /// The transport as it stands on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            ViaTransport::Udp => "UDP",
            ViaTransport::Tcp => "TCP",
            ViaTransport::Tls => "TLS",
            ViaTransport::Ws => "WS",
            ViaTransport::Wss => "WSS",
            ViaTransport::Sctp => "SCTP",
            ViaTransport::Other(text) => text,
        }
    }

    /// Reads a transport out of shared text.
    fn parse(shared: &ByteString, text: &str) -> Result<ViaTransport, ParseError> {
        const KNOWN: [ViaTransport; 6] = [
            ViaTransport::Udp,
            ViaTransport::Tcp,
            ViaTransport::Tls,
            ViaTransport::Ws,
            ViaTransport::Wss,
            ViaTransport::Sctp,
        ];
        match KNOWN
            .into_iter()
            .find(|known| known.as_str().eq_ignore_ascii_case(text))
        {
            Some(known) => Ok(known),
            None if token::is_token(text) => Ok(ViaTransport::Other(shared.slice_ref(text))),
            None => Err(ParseError::InvalidTransport),
        }
    }
}

impl FromStr for ViaTransport {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        ViaTransport::parse(&ByteString::from(text), text)
    }
}

impl fmt::Display for ViaTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One hop: `SIP/2.0/UDP host:port;branch=...`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Via {
    /// The transport the message was sent over.
    pub transport: ViaTransport,
    /// Where responses go.
    pub sent_by: HostPort,
    /// All parameters, branch included.
    pub params: Params,
}

impl Via {
    /// A hop of our own, with `rport` asked for (RFC 3581).
    pub fn new(transport: ViaTransport, sent_by: HostPort, branch: &str) -> Via {
        let params = Params::new()
            .with("rport", None)
            .with("branch", Some(branch));
        Via {
            transport,
            sent_by,
            params,
        }
    }

    /// The branch, if there is one.
    pub fn branch(&self) -> Option<&str> {
        self.params
            .get("branch")
            .filter(|branch| !branch.is_empty())
    }

    /// The address the message came from, as the receiver noted it; brackets around IPv6 are tolerated (RFC 5118 section 4.5).
    pub fn received(&self) -> Option<IpAddr> {
        let text = self.params.get("received")?;
        text.strip_prefix('[')
            .and_then(|inner| inner.strip_suffix(']'))
            .unwrap_or(text)
            .parse()
            .ok()
    }

    /// `Some(None)` when the sender asks for it, `Some(Some(port))` when the receiver has filled it in.
    pub fn rport(&self) -> Option<Option<u16>> {
        self.params.get("rport").map(|port| port.parse().ok())
    }

    /// The host the response should be sent to instead, if there is one.
    pub fn maddr(&self) -> Option<Host> {
        self.params.get("maddr")?.parse().ok()
    }

    /// This hop with the address the message came from.
    #[must_use]
    pub fn with_received(self, address: IpAddr) -> Via {
        let address = match address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => address.to_string(),
        };
        self.with_param("received", Some(&address))
    }

    /// This hop with the port the message came from.
    #[must_use]
    pub fn with_rport(self, port: u16) -> Via {
        self.with_param("rport", Some(&port.to_string()))
    }

    /// This hop with one parameter set.
    #[must_use]
    pub fn with_param(self, name: &str, value: Option<&str>) -> Via {
        Via {
            params: self.params.with(name, value),
            ..self
        }
    }
}

impl Header for Via {
    const NAME: HeaderName = HeaderName::Via;
    const VALUES: Values = Values::Each;

    fn parse(value: ByteString) -> Result<Via, ParseError> {
        parse_hop(&value).map_err(|_| ParseError::InvalidHeader(Self::NAME))
    }

    fn write(&self, out: &mut String) {
        out.push_str("SIP/2.0/");
        out.push_str(self.transport.as_str());
        out.push(' ');
        self.sent_by.write(out);
        self.params.write(out);
    }
}

/// White space is allowed around the slashes of `SIP / 2.0 / UDP`, and is required before the host.
fn parse_hop(value: &ByteString) -> Result<Via, ParseError> {
    let invalid = ParseError::InvalidTransport;
    let Some((protocol, version, rest)) = split_protocol(value) else {
        return Err(invalid);
    };
    if !protocol.eq_ignore_ascii_case("SIP") || version != "2.0" {
        return Err(invalid);
    }
    let transport_end = memchr2(b' ', b'\t', rest.as_bytes()).ok_or(invalid)?;
    let (transport, rest) = rest.split_at(transport_end);
    let sent_by_end = token::find(rest, b';').unwrap_or(rest.len());
    let (sent_by, params) = rest.split_at(sent_by_end);
    Ok(Via {
        transport: ViaTransport::parse(value, transport)?,
        sent_by: HostPort::parse_slice(value, token::trimmed(sent_by))?,
        params: Params::parse_slice(value, params)?,
    })
}

/// Protocol name, version and what follows them.
fn split_protocol(value: &str) -> Option<(&str, &str, &str)> {
    let slash = |text: &str| text.bytes().position(|octet| octet == b'/');
    let (protocol, rest) = value.split_at(slash(value)?);
    let (version, rest) = rest[1..].split_at(slash(&rest[1..])?);
    Some((
        token::trimmed(protocol),
        token::trimmed(version),
        token::trimmed(&rest[1..]),
    ))
}

display_by_write!(Via);
