//! The top Via on the server side: what a received packet tells, and where the response goes
//! (RFC 3261 sections 18.2.1 and 18.2.2, RFC 3581 section 4).

use std::net::SocketAddr;

use rvoip_sip_core::{HostPort, Request, Via};

use crate::TransportKind;

/// Which of the parameters that lead a response are there; most often none is.
#[derive(Default)]
struct Leads {
    received: bool,
    rport: bool,
    maddr: bool,
}

impl Leads {
    fn of(via: &Via) -> Self {
        let mut leads = Self::default();
        for (name, _) in via.params.iter() {
            leads.received |= name.eq_ignore_ascii_case("received");
            leads.rport |= name.eq_ignore_ascii_case("rport");
            leads.maddr |= name.eq_ignore_ascii_case("maddr");
        }
        leads
    }
}

/// Notes in the top Via where the request really came from.
///
/// What the sender itself claims in `received` or `rport` is overwritten: else anybody could have
/// responses sent to a third party.
pub(crate) fn stamp(request: Request, source: SocketAddr) -> Request {
    let Ok(via) = request.top_via() else {
        return request;
    };
    let leads = Leads::of(&via);
    if !leads.rport && !leads.received && via.sent_by.host.to_ip() == Some(source.ip()) {
        return request;
    }
    let via = via.with_received(source.ip());
    let via = match leads.rport {
        true => via.with_rport(source.port()),
        false => via,
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
    let leads = Leads::of(via);
    // Peers without a socket of their own write port 0.
    let sent_by_port = via.sent_by.port.filter(|port| *port != 0);
    let sent_by_port = sent_by_port.unwrap_or(kind.default_port());
    if leads.maddr
        && !kind.is_reliable()
        && let Some(ip) = via.maddr().and_then(|maddr| maddr.to_ip())
    {
        return SocketAddr::new(ip, sent_by_port);
    }
    let received = leads.received.then(|| via.received()).flatten();
    let ip = received
        .or_else(|| via.sent_by.host.to_ip())
        .unwrap_or(source.ip());
    let port = match leads.rport && !kind.is_reliable() {
        true => via.rport().flatten().unwrap_or(sent_by_port),
        false => sent_by_port,
    };
    // The source knows more of its own address than a Via can carry: the zone of a link-local one.
    let mut destination = match ip == source.ip() {
        true => source,
        false => SocketAddr::new(ip, port),
    };
    destination.set_port(port);
    destination
}

/// Whether two sent-by values mean the same place (RFC 3261 section 18.1.2).
pub(crate) fn is_same_sent_by(a: &HostPort, b: &HostPort, kind: TransportKind) -> bool {
    let port = |sent_by: &HostPort| sent_by.port.unwrap_or(kind.default_port());
    a.host == b.host && port(a) == port(b)
}
