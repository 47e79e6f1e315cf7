//! The top Via on the server side: what a received packet tells, and where the response goes
//! (RFC 3261 sections 18.2.1 and 18.2.2, RFC 3581 section 4).

use std::net::{IpAddr, SocketAddr};

use rvoip_sip_core::{HostPort, Request, Via};

use crate::TransportKind;

/// Notes in the top Via where the request really came from.
///
/// What the sender itself claims in `received` or `rport` is overwritten: else anybody could have
/// responses sent to a third party.
pub(crate) fn stamp(request: Request, source: SocketAddr) -> Request {
    let Ok(via) = request.top_via() else {
        return request;
    };
    let wants_port = via.rport().is_some();
    let claims_address = via.params.contains("received");
    if !wants_port && !claims_address && via.sent_by.host.to_ip() == Some(source.ip()) {
        return request;
    }
    let via = via.with_received(source.ip());
    let via = if wants_port {
        via.with_rport(source.port())
    } else {
        via
    };
    request.edit().replace_first(&via).finish()
}

/// Where a response with this top Via goes when the connection of its request cannot be used.
///
/// `source` is where the request came from; it stands in where the Via names a host that only DNS
/// could tell.
pub(crate) fn response_destination(
    via: &Via,
    kind: TransportKind,
    source: SocketAddr,
) -> SocketAddr {
    let sent_by_port = via.sent_by.port.unwrap_or(kind.default_port());
    if kind.is_reliable() {
        let ip = via.received().or_else(|| via.sent_by.host.to_ip());
        return SocketAddr::new(ip.unwrap_or(source.ip()), sent_by_port);
    }
    if let Some(group) = via.maddr().and_then(|maddr| maddr.to_ip()) {
        return SocketAddr::new(group, sent_by_port);
    }
    let ip: Option<IpAddr> = via.received().or_else(|| via.sent_by.host.to_ip());
    let port = via.rport().flatten().unwrap_or(sent_by_port);
    SocketAddr::new(ip.unwrap_or(source.ip()), port)
}

/// Whether two sent-by values mean the same place (RFC 3261 section 18.1.2).
pub(crate) fn is_same_sent_by(a: &HostPort, b: &HostPort, kind: TransportKind) -> bool {
    let port = |sent_by: &HostPort| sent_by.port.unwrap_or(kind.default_port());
    a.host == b.host && port(a) == port(b)
}
