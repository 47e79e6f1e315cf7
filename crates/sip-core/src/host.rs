//! Hosts and ports, as in URIs and in the sent-by of Via (RFC 3261 section 25.1, RFC 5118).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use bytestring::ByteString;

use crate::ParseError;
use crate::write::push_number;

mod read;

pub(crate) use read::{HostRef, read_host_port, read_sent_by};

/// A host: a name to resolve, or an address.
///
/// Names compare without regard to case and to a final dot; an address equals the same address however it was written.
#[derive(Clone, Debug)]
pub enum Host {
    /// A domain name.
    Name(ByteString),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address, written in brackets.
    V6(Ipv6Addr),
}

impl Host {
    /// Reads a host out of shared text; a name keeps a slice of it.
    ///
    /// # Errors
    /// [`ParseError::InvalidHost`] unless it is a name, an IPv4 address or an IPv6 address in brackets.
    pub fn parse(text: ByteString) -> Result<Host, ParseError> {
        match HostRef::read(&text, 0)? {
            (host, end) if end == text.len() => Ok(host.share(&text)),
            _ => Err(ParseError::InvalidHost),
        }
    }

    /// The address, if this is no name.
    pub fn to_ip(&self) -> Option<IpAddr> {
        match self {
            Host::Name(_) => None,
            Host::V4(address) => Some(IpAddr::V4(*address)),
            Host::V6(address) => Some(IpAddr::V6(*address)),
        }
    }

    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Host::Name(name) => out.push_str(name),
            Host::V4(address) => {
                let [first, rest @ ..] = address.octets();
                push_number(out, u64::from(first));
                for octet in rest {
                    out.push('.');
                    push_number(out, u64::from(octet));
                }
            }
            Host::V6(_) => out.push_str(&self.to_string()),
        }
    }
}

fn name_key(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

impl PartialEq for Host {
    fn eq(&self, other: &Host) -> bool {
        match (self, other) {
            (Host::Name(a), Host::Name(b)) => name_key(a).eq_ignore_ascii_case(name_key(b)),
            (Host::V4(a), Host::V4(b)) => a == b,
            (Host::V6(a), Host::V6(b)) => a == b,
            _ => false,
        }
    }
}

impl Eq for Host {}

impl std::convert::From<IpAddr> for Host {
    fn from(address: IpAddr) -> Host {
        match address {
            IpAddr::V4(address) => Host::V4(address),
            IpAddr::V6(address) => Host::V6(address),
        }
    }
}

impl FromStr for Host {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Host::parse(ByteString::from(text))
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::V4(address) => write!(f, "{address}"),
            Host::V6(address) => write!(f, "[{address}]"),
        }
    }
}

/// A host with an optional port, as the sent-by of Via.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPort {
    /// The host.
    pub host: Host,
    /// The port, if one is written.
    pub port: Option<u16>,
}

impl HostPort {
    /// Reads `host[:port]` out of shared text; white space around the colon is allowed, as Via allows it.
    ///
    /// # Errors
    /// [`ParseError::InvalidHost`] or [`ParseError::InvalidPort`].
    pub fn parse(text: ByteString) -> Result<HostPort, ParseError> {
        match read_sent_by(&text, 0)? {
            (host, port, end) if end == text.len() => Ok(HostPort {
                host: host.share(&text),
                port,
            }),
            _ => Err(ParseError::InvalidHost),
        }
    }

    pub(crate) fn write(&self, out: &mut String) {
        self.host.write(out);
        if let Some(port) = self.port {
            out.push(':');
            push_number(out, u64::from(port));
        }
    }
}

impl std::convert::From<SocketAddr> for HostPort {
    fn from(address: SocketAddr) -> HostPort {
        HostPort {
            host: address.ip().into(),
            port: Some(address.port()),
        }
    }
}

impl FromStr for HostPort {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        HostPort::parse(ByteString::from(text))
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => write!(f, "{}", self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses() {
        assert_eq!(
            "192.0.2.4".parse(),
            Ok(Host::V4(Ipv4Addr::new(192, 0, 2, 4)))
        );
        assert_eq!(
            "[2001:db8::10]".parse(),
            Ok(Host::V6("2001:db8::10".parse().unwrap()))
        );
        assert_eq!(
            "Example.COM.".parse::<Host>(),
            "example.com".parse::<Host>()
        );
        assert_eq!(
            "[2001:DB8::0010]".parse::<Host>(),
            "[2001:db8::10]".parse::<Host>()
        );
        assert_eq!(
            "[2001:db8:::192.0.2.1]".parse::<Host>(),
            "[2001:db8::192.0.2.1]".parse::<Host>()
        );
        assert_eq!(
            "[2001:db8::1]".parse::<Host>().unwrap().to_string(),
            "[2001:db8::1]"
        );
        for text in [
            "",
            "192.0.2.256",
            "1234",
            "[::1",
            "::1",
            "a b",
            "ex%61mple",
            "[1.2.3.4]",
        ] {
            assert_eq!(text.parse::<Host>(), Err(ParseError::InvalidHost), "{text}");
        }
    }

    #[test]
    fn ports() {
        let ambiguous: HostPort = "[2001:db8::10:5070]".parse().unwrap();
        assert_eq!(ambiguous.port, None);
        let plain: HostPort = "[2001:db8::10]:5070".parse().unwrap();
        assert_eq!(plain.port, Some(5070));
        assert_eq!(
            "host : 5060".parse::<HostPort>().unwrap().to_string(),
            "host:5060"
        );
        for text in [
            "host:",
            "host:65536",
            "host:+1",
            "host:-1",
            "2001:db8::10",
            "[::1]5060",
        ] {
            assert!(text.parse::<HostPort>().is_err(), "{text}");
        }
    }
}
