//! Which transport protocol carries a message (RFC 3261 section 18).

use std::fmt;
use std::str::FromStr;

use rvoip_sip_core::ViaTransport;

/// A transport protocol that this crate carries SIP over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TransportKind {
    /// One message per datagram; lost, reordered and repeated by the network.
    Udp,
    /// A byte stream, framed by Content-Length.
    Tcp,
}

impl TransportKind {
    /// The port meant when none is written (RFC 3261 section 19.1.2).
    pub fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
        }
    }

    /// Whether the transport itself repeats what is lost, so that no SIP timer has to.
    pub fn is_reliable(self) -> bool {
        match self {
            Self::Udp => false,
            Self::Tcp => true,
        }
    }

    /// The lower-case token of a `transport` URI parameter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
        }
    }

    /// The token that a Via header field carries.
    pub fn via_transport(self) -> ViaTransport {
        match self {
            Self::Udp => ViaTransport::Udp,
            Self::Tcp => ViaTransport::Tcp,
        }
    }
}

impl fmt::Display for TransportKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The word names no transport protocol of this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a transport that is carried here")]
pub struct UnknownTransport;

impl FromStr for TransportKind {
    type Err = UnknownTransport;

    /// Reads `udp` or `tcp` in any case.
    fn from_str(word: &str) -> Result<Self, UnknownTransport> {
        [Self::Udp, Self::Tcp]
            .into_iter()
            .find(|kind| kind.as_str().eq_ignore_ascii_case(word))
            .ok_or(UnknownTransport)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_in_any_case() {
        assert_eq!("UDP".parse(), Ok(TransportKind::Udp));
        assert_eq!("tcp".parse(), Ok(TransportKind::Tcp));
        assert_eq!("sctp".parse::<TransportKind>(), Err(UnknownTransport));
        assert_eq!(TransportKind::Tcp.to_string(), "tcp");
    }
}
