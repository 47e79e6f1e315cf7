//! Certificates made for a test, by an authority of its own.

use std::net::IpAddr;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, SanType,
};
use rvoip_sip_transport::driver::TlsConfig;

/// Who signs.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// Signs a certificate: names as `URI:sip:example.com`, `DNS:example.com`, `IP:192.0.2.1` and
    /// `CN:example.com`. Returns certificate and key.
    pub(crate) fn issue(&self, names: &[&str]) -> (String, String) {
        self.issue_as(names, |_| {})
    }

    pub(crate) fn issue_as(
        &self,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> (String, String) {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        for name in names {
            let (kind, value) = name.split_once(':').unwrap();
            let san = match kind {
                "CN" => {
                    params.distinguished_name.push(DnType::CommonName, value);
                    continue;
                }
                "URI" => SanType::URI(value.try_into().unwrap()),
                "DNS" => SanType::DnsName(value.try_into().unwrap()),
                _ => SanType::IpAddress(value.parse::<IpAddr>().unwrap()),
            };
            params.subject_alt_names.push(san);
        }
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    /// TLS with a certificate of these names, trusting this authority.
    pub(crate) fn tls(&self, names: &[&str]) -> TlsConfig {
        let (certificate, key) = self.issue(names);
        self.trusting().with_certificate_pem(certificate, key)
    }

    /// TLS without a certificate, trusting this authority.
    pub(crate) fn trusting(&self) -> TlsConfig {
        TlsConfig::new().with_roots_pem(self.pem())
    }
}
