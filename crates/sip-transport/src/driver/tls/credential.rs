//! Certificates, private keys and roots out of PEM (RFC 7468).

use rustls::RootCertStore;
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::config::{Pem, Roots};
use super::error::TlsError;

/// Our certificate, its chain and its key.
#[derive(Debug)]
pub(super) struct Credential {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKeyDer<'static>,
}

impl Credential {
    pub(super) fn read(certificate: &Pem, key: &Pem) -> Result<Self, TlsError> {
        let (text, place) = certificate.read("certificate")?;
        let chain = certificates(&text, place)?;
        let (text, place) = key.read("private key")?;
        let key = match PrivateKeyDer::from_pem_slice(&text) {
            Ok(key) => key,
            Err(PemError::NoItemsFound) => return Err(TlsError::NoPrivateKey { place }),
            Err(error) => return Err(bad_pem(place, &error)),
        };
        Ok(Self { chain, key })
    }

    pub(super) fn parts(&self) -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
        (self.chain.clone(), self.key.clone_key())
    }
}

/// The roots to verify against. Empty when nothing is verified, or when the system has none.
pub(super) fn read_roots(roots: &Roots) -> Result<RootCertStore, TlsError> {
    let mut store = RootCertStore::empty();
    match roots {
        Roots::Anything => {}
        Roots::Native => {
            let found = rustls_native_certs::load_native_certs();
            for error in &found.errors {
                tracing::debug!(%error, "a root of the operating system cannot be read");
            }
            store.add_parsable_certificates(found.certs);
            if store.is_empty() {
                tracing::info!(
                    "the operating system has no root certificates: no TLS server can be verified"
                );
            }
        }
        Roots::Pem(pem) => {
            let (text, place) = pem.read("roots")?;
            for certificate in certificates(&text, place.clone())? {
                let place = place.clone();
                let added = store.add(certificate);
                added.map_err(|reason| TlsError::BadRoot { place, reason })?;
            }
        }
    }
    Ok(store)
}

fn certificates(text: &[u8], place: String) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
    match found {
        Ok(found) if found.is_empty() => Err(TlsError::NoCertificate { place }),
        Ok(found) => Ok(found),
        Err(error) => Err(bad_pem(place, &error)),
    }
}

fn bad_pem(place: String, error: &PemError) -> TlsError {
    let reason = error.to_string();
    TlsError::Pem { place, reason }
}
