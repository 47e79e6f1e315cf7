//! What a user says about TLS: own certificate, trusted roots, certificates of clients.

use std::path::PathBuf;

use super::TlsContext;
use super::error::TlsError;

/// Whether connecting peers have to show a certificate (RFC 5922 section 7.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientCertificates {
    /// They are not asked.
    #[default]
    None,
    /// They are asked; who has none is let in without a [`PeerIdentity`](crate::PeerIdentity). One that does not verify
    /// is refused.
    Request,
    /// They are asked, and refused without one that verifies.
    Require,
}

/// Where PEM text comes from. A file is read again by [`TlsContext::reload`].
#[derive(Clone)]
pub(super) enum Pem {
    File(PathBuf),
    Text(Vec<u8>),
}

#[derive(Clone, Debug, Default)]
pub(super) enum Roots {
    /// Those of the operating system.
    #[default]
    Native,
    Pem(Pem),
    /// Any certificate will do.
    Anything,
}

/// How TLS is spoken: settings for [`load`](Self::load).
///
/// Without any, outgoing connections trust the roots of the operating system and nothing can listen.
///
/// ```no_run
/// use rvoip_sip_transport::driver::{ClientCertificates, TlsConfig};
///
/// let tls = TlsConfig::new()
///     .with_certificate_files("/etc/sip/fullchain.pem", "/etc/sip/privkey.pem")
///     .with_roots_file("/etc/sip/partners.pem")
///     .with_client_certificates(ClientCertificates::Request)
///     .load()?;
/// // Later, after the files were renewed: connections go on, new ones use the new certificate.
/// tls.reload()?;
/// # Ok::<(), rvoip_sip_transport::driver::TlsError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct TlsConfig {
    /// Certificate chain and private key.
    pub(super) credential: Option<(Pem, Pem)>,
    pub(super) roots: Roots,
    pub(super) client_certificates: ClientCertificates,
}

impl TlsConfig {
    /// No certificate of our own, the roots of the operating system.
    pub fn new() -> Self {
        Self::default()
    }

    /// Our certificate, followed by its chain, and its private key, as PEM files. Shown by listeners,
    /// and by outgoing connections whose peer asks for one.
    pub fn with_certificate_files(
        mut self,
        certificate: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Self {
        self.credential = Some((Pem::File(certificate.into()), Pem::File(key.into())));
        self
    }

    /// The same as [`with_certificate_files`](Self::with_certificate_files), as PEM text.
    pub fn with_certificate_pem(
        mut self,
        certificate: impl Into<Vec<u8>>,
        key: impl Into<Vec<u8>>,
    ) -> Self {
        self.credential = Some((Pem::Text(certificate.into()), Pem::Text(key.into())));
        self
    }

    /// Trusts the certificates in this PEM file, in place of the operating system's roots.
    pub fn with_roots_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.roots = Roots::Pem(Pem::File(path.into()));
        self
    }

    /// Trusts the certificates in this PEM text, in place of the operating system's roots.
    pub fn with_roots_pem(mut self, roots: impl Into<Vec<u8>>) -> Self {
        self.roots = Roots::Pem(Pem::Text(roots.into()));
        self
    }

    /// Whether connecting peers have to show a certificate, verified against the roots. Default: they are not asked.
    pub fn with_client_certificates(mut self, wanted: ClientCertificates) -> Self {
        self.client_certificates = wanted;
        self
    }

    /// DANGEROUS: outgoing connections take any certificate for any name, so that anybody on the way can read and
    /// change what is sent. For laboratories alone. Peers have no [`PeerIdentity`](crate::PeerIdentity) then, and
    /// certificates of clients cannot be asked for.
    pub fn dangerous_trust_any_certificate(mut self) -> Self {
        self.roots = Roots::Anything;
        self
    }

    /// Reads the files and checks that they can be used.
    ///
    /// # Errors
    /// What is missing or does not fit, and what to do about it.
    pub fn load(self) -> Result<TlsContext, TlsError> {
        TlsContext::new(self)
    }
}

impl Pem {
    /// Its octets, and what it is called in an error.
    pub(super) fn read(&self, setting: &str) -> Result<(Vec<u8>, String), TlsError> {
        match self {
            Self::Text(text) => Ok((text.clone(), format!("the PEM text of the {setting}"))),
            Self::File(path) => match std::fs::read(path) {
                Ok(text) => Ok((text, path.display().to_string())),
                Err(source) => Err(TlsError::Read {
                    path: path.clone(),
                    source,
                }),
            },
        }
    }
}

impl std::fmt::Debug for Pem {
    /// Never the text: it may be a private key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Text(_) => f.write_str("Text(..)"),
        }
    }
}
