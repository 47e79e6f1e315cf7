//! Who a verified certificate says that its holder is (RFC 5922 section 7.1).

use rvoip_sip_core::ByteString;

/// The names in a certificate that was verified against the roots.
///
/// For an outgoing connection the name that was asked for is among them; for an accepted one they
/// tell who connected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeerIdentity {
    /// The SIP domains: those of the `sip:` URIs without a user part, else the DNS names
    /// (RFC 5922 section 7.1). In lower case.
    pub domains: Vec<ByteString>,
    /// The SIP users: the `sip:` and `sips:` URIs with a user part, as they stand.
    pub users: Vec<ByteString>,
}

impl PeerIdentity {
    /// Whether the peer may speak for this domain. Labels are compared whole: a wildcard in a
    /// certificate is a name like any other (RFC 5922 section 7.2).
    pub fn is_domain(&self, domain: &str) -> bool {
        let domain = domain.strip_suffix('.').unwrap_or(domain);
        self.domains
            .iter()
            .any(|own| own.eq_ignore_ascii_case(domain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_compared_whole_and_in_any_case() {
        let peer = PeerIdentity {
            domains: vec!["example.com".into(), "*.example.net".into()],
            ..PeerIdentity::default()
        };
        assert!(peer.is_domain("Example.COM"));
        assert!(peer.is_domain("example.com."));
        assert!(!peer.is_domain("sip.example.com"));
        assert!(!peer.is_domain("sip.example.net"));
    }
}
