//! Which transport protocol carries a message (RFC 3261 section 18, RFC 7118).

use std::fmt;
use std::str::FromStr;

use rvoip_sip_core::ViaTransport;

/// A transport protocol of SIP.
///
/// All of them are words everywhere, in Via and in URIs. What binds or connects [`Tls`](Self::Tls)
/// needs the feature `tls`, [`Ws`](Self::Ws) the feature `ws` and [`Wss`](Self::Wss) both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TransportKind {
    /// One message per datagram; lost, reordered and repeated by the network.
    Udp,
    /// A byte stream, framed by Content-Length.
    Tcp,
    /// A byte stream over TLS, framed by Content-Length.
    Tls,
    /// One message per WebSocket message (RFC 7118).
    Ws,
    /// One message per WebSocket message over TLS (RFC 7118).
    Wss,
}

impl TransportKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Udp, Self::Tcp, Self::Tls, Self::Ws, Self::Wss];

    /// The port meant when none is written (RFC 3261 section 19.1.2, RFC 7118 section 5.4).
    pub fn default_port(self) -> u16 {
        match self {
            Self::Udp | Self::Tcp => 5060,
            Self::Tls => 5061,
            Self::Ws => 80,
            Self::Wss => 443,
        }
    }

    /// Whether the transport itself repeats what is lost, so that no SIP timer has to.
    pub fn is_reliable(self) -> bool {
        self != Self::Udp
    }

    /// Whether the transport is encrypted, as SIPS asks of every hop (RFC 3261 section 26.2.2).
    pub fn is_secure(self) -> bool {
        matches!(self, Self::Tls | Self::Wss)
    }

    /// Whether the transport keeps messages apart by itself: one payload is one message.
    pub fn is_message_framed(self) -> bool {
        matches!(self, Self::Udp | Self::Ws | Self::Wss)
    }

    /// The lower-case token of a `transport` URI parameter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Ws => "ws",
            Self::Wss => "wss",
        }
    }

    /// The token that a Via header field carries.
    pub fn via_transport(self) -> ViaTransport {
        match self {
            Self::Udp => ViaTransport::Udp,
            Self::Tcp => ViaTransport::Tcp,
            Self::Tls => ViaTransport::Tls,
            Self::Ws => ViaTransport::Ws,
            Self::Wss => ViaTransport::Wss,
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

    /// Reads `udp`, `tcp`, `tls`, `ws` or `wss` in any case.
    fn from_str(word: &str) -> Result<Self, UnknownTransport> {
        Self::ALL
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
        assert_eq!("wSs".parse(), Ok(TransportKind::Wss));
        assert_eq!("sctp".parse::<TransportKind>(), Err(UnknownTransport));
        for kind in TransportKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
    }
}
