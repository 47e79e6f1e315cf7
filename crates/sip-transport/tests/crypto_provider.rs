//! TLS works whatever the process has installed as its crypto provider: nothing, or something else.
//!
//! Alone in its process, because what is installed stays installed.

#![cfg(feature = "tls")]
#![allow(clippy::unwrap_used)]

use rustls::crypto::{CryptoProvider, ring};
use rvoip_sip_transport::driver::TlsConfig;

fn load() {
    let key = rcgen::KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(["a.test".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    TlsConfig::new()
        .with_certificate_pem(certificate.as_str(), key.serialize_pem())
        .with_roots_pem(certificate.as_str())
        .load()
        .unwrap();
}

#[test]
fn the_provider_of_the_process_is_neither_needed_nor_used_nor_installed() {
    load();
    assert!(CryptoProvider::get_default().is_none(), "installed by us");
    // One that can do nothing: whoever used it could not be set up.
    let mut useless = ring::default_provider();
    useless.cipher_suites.clear();
    useless.kx_groups.clear();
    useless.install_default().unwrap();
    load();
    assert!(
        CryptoProvider::get_default()
            .unwrap()
            .cipher_suites
            .is_empty()
    );
}
