//! Why an address cannot be listened on.

use std::io;
use std::net::SocketAddr;

use crate::TransportKind;

/// Why an address cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// The operating system refuses it.
    #[error("cannot listen on {kind}:{addr}: {source}")]
    Address {
        /// The transport protocol.
        kind: TransportKind,
        /// The address.
        addr: SocketAddr,
        /// What it says.
        source: io::Error,
    },
    /// The program was built without this transport.
    #[error("{kind} is not built in: switch on the cargo feature `{feature}`")]
    FeatureOff {
        /// The transport protocol.
        kind: TransportKind,
        /// The feature that is off.
        feature: &'static str,
    },
    /// A secure listener has nothing to show to those who connect.
    #[error(
        "{kind}:{addr} has no certificate to show: give TLS settings with a certificate and its key"
    )]
    NoCertificate {
        /// The transport protocol.
        kind: TransportKind,
        /// The address.
        addr: SocketAddr,
    },
}

impl BindError {
    /// Refuses a transport whose feature is off.
    pub(super) fn check_feature(kind: TransportKind) -> Result<(), Self> {
        let off = |feature| Err(Self::FeatureOff { kind, feature });
        match kind {
            _ if kind.is_secure() && cfg!(not(feature = "tls")) => off("tls"),
            TransportKind::Ws | TransportKind::Wss if cfg!(not(feature = "ws")) => off("ws"),
            _ => Ok(()),
        }
    }
}

impl From<BindError> for io::Error {
    fn from(error: BindError) -> Self {
        let kind = match &error {
            BindError::Address { source, .. } => source.kind(),
            BindError::FeatureOff { .. } => io::ErrorKind::Unsupported,
            BindError::NoCertificate { .. } => io::ErrorKind::InvalidInput,
        };
        Self::new(kind, error)
    }
}
