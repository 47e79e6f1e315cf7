//! What is looked for: the host of a URI or of a Via, with all that is said about it.

use rvoip_sip_core::{ByteString, Host, HostPort, Scheme, Uri};

use super::{LocateError, Reach};
use crate::TransportKind;

/// A place to be located.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    /// The host to find, TARGET of RFC 3263 section 4.
    pub(super) host: Host,
    /// The domain that a certificate has to name.
    pub(super) domain: Option<ByteString>,
    pub(super) port: Option<u16>,
    /// The transport, when it is said.
    pub(super) kind: Option<TransportKind>,
    /// Only secure transports will do.
    pub(super) secure: bool,
}

impl Sought {
    /// The next hop of a request to this URI (RFC 3263 section 4).
    ///
    /// # Errors
    /// When the URI leads to no server by its own words.
    pub fn of_uri(uri: &Uri) -> Result<Self, LocateError> {
        let secure = match uri.scheme() {
            Scheme::Sip => false,
            Scheme::Sips => true,
            _ => return Err(LocateError::UnsupportedScheme),
        };
        let named = uri.host().ok_or(LocateError::NoHost)?;
        let host = match uri.param("maddr") {
            Some(maddr) => maddr.parse().map_err(|_| LocateError::NoHost)?,
            None => named.clone(),
        };
        let kind = match uri.param("transport") {
            Some(word) => Some(said(word, secure)?),
            None => None,
        };
        Ok(Self {
            domain: name(named),
            host,
            port: uri.port(),
            kind,
            secure,
        })
    }

    /// The way of a response whose connection is gone: the sent-by of its top Via (RFC 3263 section 5).
    pub fn of_sent_by(sent_by: &HostPort, kind: TransportKind) -> Self {
        Self {
            domain: name(&sent_by.host),
            host: sent_by.host.clone(),
            port: sent_by.port.filter(|port| *port != 0),
            kind: Some(kind),
            secure: kind.is_secure(),
        }
    }

    /// The same place, reached over `kind` unless it says itself how.
    pub fn over(self, kind: TransportKind) -> Self {
        let fits = kind.is_secure() || !self.secure;
        let kind = self.kind.or(Some(kind).filter(|_| fits));
        Self { kind, ..self }
    }

    /// The host, a name or an address.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The transport, when it is said.
    pub fn kind(&self) -> Option<TransportKind> {
        self.kind
    }

    /// Whether the transport is said, so that no other will do.
    pub fn is_explicit(&self) -> bool {
        self.kind.is_some()
    }

    /// The transport said, or else the usual one (RFC 3263 section 4.1): UDP, or TLS for `sips`.
    pub(super) fn usual_kind(&self, reach: Reach) -> Result<TransportKind, LocateError> {
        self.kind
            .or_else(|| reach.usual_kind(self.secure))
            .ok_or(LocateError::UnsupportedTransport)
    }

    /// What a connection of this kind has to know of the domain; datagrams and plain streams are the same for all.
    pub(super) fn tells_name(&self, kind: TransportKind) -> Option<ByteString> {
        match kind {
            TransportKind::Udp | TransportKind::Tcp => None,
            TransportKind::Tls | TransportKind::Ws | TransportKind::Wss => self.domain.clone(),
        }
    }
}

/// The transport that a `transport` parameter means; `sips` secures the one named (RFC 3261 section 19.1.1,
/// RFC 7118 section 5.4).
fn said(word: &str, secure: bool) -> Result<TransportKind, LocateError> {
    let kind = word
        .parse()
        .map_err(|_| LocateError::UnsupportedTransport)?;
    match kind {
        _ if !secure => Ok(kind),
        TransportKind::Tcp | TransportKind::Tls => Ok(TransportKind::Tls),
        TransportKind::Ws | TransportKind::Wss => Ok(TransportKind::Wss),
        TransportKind::Udp => Err(LocateError::NotSecure),
    }
}

fn name(host: &Host) -> Option<ByteString> {
    match host {
        Host::Name(name) => Some(name.clone()),
        Host::V4(_) | Host::V6(_) => None,
    }
}
