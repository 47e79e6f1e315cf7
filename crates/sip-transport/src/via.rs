//! The top Via on the server side: what a received packet tells, and where the response goes
//! (RFC 3261 sections 18.2.1 and 18.2.2, RFC 3581 section 4).

use std::net::SocketAddr;

use rvoip_sip_core::{ByteString, HostPort, Request, Via, ViaRef};

use crate::{Sought, TransportKind};

/// Notes in the top Via where the request really came from.
///
/// What the sender itself claims in `received` or `rport` is overwritten: else anybody could have
/// responses sent to a third party.
pub(crate) fn stamp(request: Request, source: SocketAddr) -> Request {
    let Ok(via) = request.top_via_ref() else {
        return request;
    };
    let leads = via.leads();
    let asks_for_port = leads.rport().is_some();
    if !asks_for_port && !leads.has_received() && via.ip() == Some(source.ip()) {
        return request;
    }
    let Ok(via) = request.top_via() else {
        return request;
    };
    let via = match asks_for_port {
        true => via.with_source(source),
        false => via.with_received(source.ip()),
    };
    request.edit().replace_first(&via).finish()
}

/// Where a response with this top Via goes when the connection of its request cannot be used; `None` when its
/// `maddr` is a name, which only the domain name system can tell.
///
/// `source` is where the request came from; it stands in where the Via is silent.
pub(crate) fn response_destination(
    via: &ViaRef<'_>,
    kind: TransportKind,
    source: SocketAddr,
) -> Option<SocketAddr> {
    let leads = via.leads();
    // Peers without a socket of their own write port 0.
    let sent_by_port = via.port().filter(|port| *port != 0);
    let sent_by_port = sent_by_port.unwrap_or(kind.default_port());
    if !kind.is_reliable()
        && let Some(maddr) = leads.maddr()
    {
        return maddr.to_ip().map(|ip| SocketAddr::new(ip, sent_by_port));
    }
    let ip = leads.received().or_else(|| via.ip()).unwrap_or(source.ip());
    let port = match leads.rport() {
        Some(port) if !kind.is_reliable() => port.unwrap_or(sent_by_port),
        _ => sent_by_port,
    };
    // The source knows more of its own address than a Via can carry: the zone of a link-local one.
    let mut destination = match ip == source.ip() {
        true => source,
        false => SocketAddr::new(ip, port),
    };
    destination.set_port(port);
    Some(destination)
}

/// The place that the domain name system has to be asked for where no address brings a response home (RFC 3263
/// section 5): a `maddr` of datagrams, or the host of sent-by.
pub(crate) fn named_place(via: &Via, kind: TransportKind) -> Option<Sought> {
    let maddr = via.maddr().filter(|_| !kind.is_reliable());
    let host = maddr.unwrap_or_else(|| via.sent_by.host.clone());
    let port = via.sent_by.port;
    let sought = Sought::of_sent_by(&HostPort { host, port }, kind);
    sought.host().to_ip().is_none().then_some(sought)
}

/// The name that a new connection for a response leads to (RFC 5923 section 6): the host of sent-by, where it
/// is a name.
pub(crate) fn response_name(via: &ViaRef<'_>) -> Option<ByteString> {
    via.name().map(ByteString::from)
}
