//! Whether a server's certificate names the domain that was looked up (RFC 5922).

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter};

use super::identity;

/// The purposes that a SIP server's certificate may be issued for, when it names any: TLS servers
/// (RFC 5280 section 4.2.1.12), SIP domains (RFC 5924 section 4), anything.
const PURPOSES: [&[usize]; 3] = [
    &[1, 3, 6, 1, 5, 5, 7, 3, 1],
    &[1, 3, 6, 1, 5, 5, 7, 3, 20],
    &[2, 5, 29, 37, 0],
];

struct SipServer;

impl ExtendedKeyUsageValidator for SipServer {
    fn validate(&self, purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        let mut names_any = false;
        for purpose in purposes {
            names_any = true;
            let purpose = purpose?.to_decoded_oid();
            if PURPOSES.contains(&purpose.as_slice()) {
                return Ok(());
            }
        }
        match names_any {
            false => Ok(()),
            true => Err(webpki::Error::RequiredEkuNotFoundContext(
                webpki::RequiredEkuNotFoundContext {
                    required: webpki::KeyUsage::server_auth(),
                    present: Vec::new(),
                },
            )),
        }
    }
}

/// Verifies a server's chain against the roots and its names as RFC 5922 section 7 says: a `sip:` URI
/// or else a DNS name in subjectAltName is the domain, compared whole; no wildcard, no common name.
/// A server that was asked for by address has to show that address.
#[derive(Debug)]
pub(super) struct DomainVerifier {
    roots: Arc<RootCertStore>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl DomainVerifier {
    pub(super) fn new(roots: Arc<RootCertStore>, algorithms: WebPkiSupportedAlgorithms) -> Self {
        Self { roots, algorithms }
    }

    fn verify_chain(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), webpki::Error> {
        EndEntityCert::try_from(certificate)?
            .verify_for_usage(
                self.algorithms.all,
                &self.roots.roots,
                intermediates,
                now,
                SipServer,
                None,
                None,
            )
            .map(|_| ())
    }
}

impl ServerCertVerifier for DomainVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.verify_chain(end_entity, intermediates, now)
            .map_err(certificate_error)?;
        let is_named = match server_name {
            ServerName::DnsName(name) => identity::of(end_entity)
                .map_err(certificate_error)?
                .is_domain(name.as_ref()),
            other => {
                let certificate = ParsedCertificate::try_from(end_entity)?;
                verify_server_name(&certificate, other).is_ok()
            }
        };
        match is_named {
            true => Ok(ServerCertVerified::assertion()),
            false => Err(CertificateError::NotValidForName.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn certificate_error(error: webpki::Error) -> Error {
    use webpki::Error as Webpki;
    match error {
        Webpki::CertExpired { .. } => CertificateError::Expired,
        Webpki::CertNotValidYet { .. } => CertificateError::NotValidYet,
        Webpki::UnknownIssuer => CertificateError::UnknownIssuer,
        Webpki::BadDer | Webpki::BadDerTime => CertificateError::BadEncoding,
        Webpki::RequiredEkuNotFoundContext(_) => CertificateError::InvalidPurpose,
        other => CertificateError::Other(rustls::OtherError(Arc::new(other))),
    }
    .into()
}
