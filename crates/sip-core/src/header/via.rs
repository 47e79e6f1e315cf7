//! Via (RFC 3261 section 20.42, RFC 3581).

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use bytestring::ByteString;

use super::{Header, HeaderName, Values, display_by_write};
use crate::{Host, HostPort, Params, ParseError, param, token};

mod hop;

use hop::read_received;
pub use hop::{ViaLeads, ViaRef};

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

    /// The transport of this name, unless it is an unusual one.
    fn known(text: &str) -> Option<ViaTransport> {
        match text {
            "UDP" => Some(ViaTransport::Udp),
            "TCP" => Some(ViaTransport::Tcp),
            "TLS" => Some(ViaTransport::Tls),
            "WS" => Some(ViaTransport::Ws),
            "WSS" => Some(ViaTransport::Wss),
            "SCTP" => Some(ViaTransport::Sctp),
            _ => None,
        }
    }

    /// Reads a transport out of shared text.
    fn parse(shared: &ByteString, text: &str) -> Result<ViaTransport, ParseError> {
        match Self::known(text).or_else(|| Self::known(&text.to_ascii_uppercase())) {
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
        read_received(self.params.get("received")?)
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
        self.with_param("received", Some(&address.to_string()))
    }

    /// This hop with the address and the port the message came from (RFC 3581 section 4).
    #[must_use]
    pub fn with_source(self, source: SocketAddr) -> Via {
        let (received, rport) = (source.ip().to_string(), source.port().to_string());
        let set = [("received", &*received), ("rport", &*rport)];
        Via {
            params: self
                .params
                .with_each(set.map(|(name, value)| (name, Some(value)))),
            ..self
        }
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
        let hop = || {
            let hop = ViaRef::read(&value)?;
            Ok(Via {
                transport: ViaTransport::parse(&value, hop.transport)?,
                sent_by: HostPort {
                    host: hop.host.share(&value),
                    port: hop.port,
                },
                params: Params::parse_slice(&value, hop.params)?,
            })
        };
        hop().map_err(|_: ParseError| ParseError::InvalidHeader(Self::NAME))
    }

    fn check(value: &str) -> Result<(), ParseError> {
        ViaRef::parse(value).map(drop)
    }

    fn write(&self, out: &mut String) {
        out.push_str("SIP/2.0/");
        out.push_str(self.transport.as_str());
        out.push(' ');
        self.sent_by.write(out);
        self.params.write(out);
    }
}

/// The branch in the value of a Via, or in the first value of its line, whatever else stands there.
pub(crate) fn branch_of(value: &str) -> Option<&str> {
    cut_branch(value).1
}

/// What stands before the parameters of the first hop on a line: protocol, transport and sent-by; and its branch.
pub(crate) fn cut_branch(line: &str) -> (&str, Option<&str>) {
    let Some(end) = token::find(line, b';') else {
        return (&line[..token::find(line, b',').unwrap_or(line.len())], None);
    };
    let branch = param::find(&line[end + 1..], "branch").filter(|branch| !branch.is_empty());
    let hop_end = token::find(&line[..end], b',').unwrap_or(end);
    (&line[..hop_end], branch)
}

display_by_write!(Via);
