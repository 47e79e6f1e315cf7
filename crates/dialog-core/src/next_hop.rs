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
