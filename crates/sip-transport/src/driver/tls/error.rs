//! Why TLS settings cannot be used, and what to do about it.

use std::io;
use std::path::PathBuf;

/// Why certificates, keys or roots could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// No certificate where one should be.
    #[error(
        "{place} holds no certificate: a PEM block BEGIN CERTIFICATE is expected, the server's own first"
    )]
    NoCertificate {
        /// The file, or which of the settings.
        place: String,
    },
    /// No private key where one should be.
    #[error(
        "{place} holds no private key: an unencrypted PEM block BEGIN PRIVATE KEY is expected (`openssl pkey -in KEY` removes a password)"
    )]
    NoPrivateKey {
        /// The file, or which of the settings.
        place: String,
    },
    /// A PEM block that cannot be read.
    #[error("{place} is not PEM: {reason}")]
    Pem {
        /// The file, or which of the settings.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Certificate and private key do not belong together.
    #[error(
        "the private key does not belong to the certificate: give the key that the certificate was requested with"
    )]
    KeyMismatch,
    /// A certificate or key that cannot be used.
    #[error("the certificate or its key cannot be used: {0}")]
    Unusable(rustls::Error),
    /// A root certificate that cannot be used.
    #[error("a root certificate in {place} cannot be used: {reason}")]
    BadRoot {
        /// The file, or which of the settings.
        place: String,
        /// What is wrong with it.
        reason: rustls::Error,
    },
    /// Certificates of clients are asked for, and nothing is there to verify them against.
    #[error(
        "client certificates are asked for, but there is no root to verify them against: give the roots of your clients"
    )]
    NoRoots,
}

impl TlsError {
    pub(super) fn unusable(error: rustls::Error) -> Self {
        match error {
            rustls::Error::InconsistentKeys(_) => Self::KeyMismatch,
            error => Self::Unusable(error),
        }
    }
}
