//! Where a URI leads, and how we name the way back in a Contact.
//!
//! This is the part of RFC 3263 that needs no more than host addresses: a transport from the URI's parameter, else
//! UDP; a port from the URI, else the transport's own; an address from the URI, else the first that the name has and
//! that a listener can reach.

use rvoip_transaction_core::sip_core::{ByteString, Host, Scheme, Uri};
use rvoip_transaction_core::sip_transport::{Route, Target, TransportKind};

/// The host, port and transport that a URI names; `None` when it names none that is spoken.
pub(crate) fn locate(uri: &Uri, path: Option<&Target>) -> Option<(Host, u16, TransportKind)> {
    if uri.scheme() != Scheme::Sip {
        return None;
    }
    let host = match uri.param("maddr") {
        Some(maddr) => maddr.parse().ok()?,
        None => uri.host()?.clone(),
    };
    let kind = match uri.param("transport") {
        Some(word) => word.parse().ok()?,
        // A peer that names no transport is reached over the one it already uses.
        None => path
            .filter(|path| host.to_ip() == Some(path.remote().ip()))
            .map_or(TransportKind::Udp, Target::kind),
    };
    Some((host, uri.port().unwrap_or(kind.default_port()), kind))
}

/// The Contact of a request or response that travels over this route: the real address and port, and the transport
/// unless it is the one that is meant without words. `user` is escaped as in the URI it was taken from.
pub(crate) fn contact_for(route: &Route, user: Option<&str>) -> ByteString {
    let (user, at) = user.map_or(("", ""), |user| (user, "@"));
    let host = &route.sent_by.host;
    let port = route.sent_by.port.unwrap_or(route.kind.default_port());
    match route.kind {
        TransportKind::Udp => format!("<sip:{user}{at}{host}:{port}>"),
        kind => format!("<sip:{user}{at}{host}:{port};transport={kind}>"),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn located(uri: &str, path: Option<Target>) -> Option<String> {
        let (host, port, kind) = locate(&uri.parse().unwrap(), path.as_ref())?;
        Some(format!("{kind}:{host}:{port}"))
    }

    #[test]
    fn a_uri_names_host_port_and_transport() {
        for (uri, expected) in [
            ("sip:bob@192.0.2.4", Some("udp:192.0.2.4:5060")),
            (
                "sip:bob@example.com:5070;transport=TCP",
                Some("tcp:example.com:5070"),
            ),
            (
                "sip:bob@example.com;maddr=192.0.2.9",
                Some("udp:192.0.2.9:5060"),
            ),
            ("sip:bob@[2001:db8::1]:5062", Some("udp:[2001:db8::1]:5062")),
            ("sip:bob@192.0.2.4;transport=sctp", None),
            ("sips:bob@192.0.2.4", None),
            ("tel:+15551234", None),
        ] {
            assert_eq!(located(uri, None).as_deref(), expected, "{uri}");
        }
    }

    #[test]
    fn without_a_word_the_transport_in_use_with_that_host_is_meant() {
        let path = Some(Target::Address {
            kind: TransportKind::Tcp,
            addr: "192.0.2.4:40000".parse().unwrap(),
        });
        assert_eq!(
            located("sip:bob@192.0.2.4", path).as_deref(),
            Some("tcp:192.0.2.4:5060")
        );
        assert_eq!(
            located("sip:bob@192.0.2.5", path).as_deref(),
            Some("udp:192.0.2.5:5060")
        );
        assert_eq!(
            located("sip:bob@192.0.2.4;transport=udp", path).as_deref(),
            Some("udp:192.0.2.4:5060")
        );
    }

    #[test]
    fn a_contact_names_the_port_always_and_the_transport_unless_it_is_udp() {
        let contact = |kind: TransportKind, sent_by: &str, user| {
            let sent_by = sent_by.parse().unwrap();
            contact_for(
                &Route {
                    kind,
                    via_transport: kind.via_transport(),
                    sent_by,
                    flow: None,
                },
                user,
            )
            .to_string()
        };
        assert_eq!(
            contact(TransportKind::Udp, "192.0.2.1:5066", Some("alice")),
            "<sip:alice@192.0.2.1:5066>"
        );
        assert_eq!(
            contact(TransportKind::Tcp, "[2001:db8::1]", None),
            "<sip:[2001:db8::1]:5060;transport=tcp>"
        );
    }
}
