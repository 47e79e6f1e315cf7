//! The command-line words of TLS.

use std::path::PathBuf;

use rvoip_session_core::api::{ClientCertificates, TlsConfig, TlsContext, TlsError};

/// How TLS is spoken.
#[derive(Debug, Clone, clap::Args)]
pub struct TlsOptions {
    /// Our certificate and its chain, a PEM file; needed to listen on tls or wss
    #[arg(long, requires = "tls_key")]
    tls_certificate: Option<PathBuf>,
    /// The private key of the certificate, a PEM file
    #[arg(long, requires = "tls_certificate")]
    tls_key: Option<PathBuf>,
    /// Trust these certificates, a PEM file, in place of the operating system's
    #[arg(long)]
    tls_ca: Option<PathBuf>,
    /// Certificates of those who connect: none, request or require
    #[arg(long, value_parser = parse_client_certificates, default_value = "none")]
    tls_client_certificates: ClientCertificates,
    /// DANGEROUS: trust any certificate of a server
    #[arg(long, conflicts_with = "tls_ca")]
    tls_dangerous_trust_any: bool,
}

impl TlsOptions {
    /// Reads the files.
    ///
    /// # Errors
    /// What is missing or does not fit.
    pub fn load(&self) -> Result<TlsContext, TlsError> {
        let mut tls = TlsConfig::new().with_client_certificates(self.tls_client_certificates);
        if let (Some(certificate), Some(key)) = (&self.tls_certificate, &self.tls_key) {
            tls = tls.with_certificate_files(certificate, key);
        }
        if let Some(roots) = &self.tls_ca {
            tls = tls.with_roots_file(roots);
        }
        if self.tls_dangerous_trust_any {
            tls = tls.dangerous_trust_any_certificate();
        }
        tls.load()
    }
}

fn parse_client_certificates(text: &str) -> Result<ClientCertificates, String> {
    match text {
        "none" => Ok(ClientCertificates::None),
        "request" => Ok(ClientCertificates::Request),
        "require" => Ok(ClientCertificates::Require),
        _ => Err("expected none, request or require".to_owned()),
    }
}
