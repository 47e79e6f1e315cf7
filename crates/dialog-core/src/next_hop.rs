//! Where a URI leads, and how we name the way back in a Contact.
//!
//! This is the part of RFC 3263 that needs no more than host addresses: a transport from the URI's parameter, else
//! UDP; a port from the URI, else the transport's own; an address from the URI, else the first that the name has and
//! that a listener can reach.

use rvoip_transaction_core::sip_core::{ByteString, Contact, Header, Host, Scheme, Uri};
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
/// unless it is the one that is meant without words.
pub(crate) fn contact_for(route: &Route, user: Option<&str>) -> ByteString {
    let uri = Uri::sip(
        user,
        route.sent_by.host.clone(),
        route.sent_by.port.or(Some(route.kind.default_port())),
    );
    let uri = match route.kind {
        TransportKind::Udp => uri,
        kind => uri.with_param("transport", Some(kind.as_str())),
    };
    let mut text = String::new();
    Contact::new(uri).write(&mut text);
    text.into()
}
