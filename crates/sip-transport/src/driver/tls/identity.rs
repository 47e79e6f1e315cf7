//! The SIP identities in a certificate (RFC 5922 section 7.1).

use rustls::pki_types::CertificateDer;
use rvoip_sip_core::{ByteString, Scheme, Uri};
use webpki::EndEntityCert;

use crate::PeerIdentity;

/// What a certificate says of its holder. Whether it may be believed is verified elsewhere.
pub(super) fn of(certificate: &CertificateDer<'_>) -> Result<PeerIdentity, webpki::Error> {
    let certificate = EndEntityCert::try_from(certificate)?;
    let mut identity = PeerIdentity::default();
    for text in certificate.valid_uri_names() {
        let Ok(uri) = Uri::parse(ByteString::from(text)) else {
            continue;
        };
        let Some(host) = uri.host() else {
            continue;
        };
        if uri.user().is_some() {
            identity.users.push(text.into());
        } else if uri.scheme() == Scheme::Sip {
            identity.domains.push(lower_case(&host.to_string()));
        }
    }
    if identity.domains.is_empty() {
        identity.domains = certificate.valid_dns_names().map(lower_case).collect();
    }
    Ok(identity)
}

fn lower_case(name: &str) -> ByteString {
    name.to_ascii_lowercase().into()
}
