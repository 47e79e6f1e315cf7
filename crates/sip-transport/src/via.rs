//! The top Via on the server side: what a received packet tells, and where the response goes
//! (RFC 3261 sections 18.2.1 and 18.2.2, RFC 3581 section 4).

use std::net::SocketAddr;

use rvoip_sip_core::{ByteString, Host, HostPort, Request, Via};

use crate::{Sought, TransportKind};

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

/// Where a response with this top Via goes when the connection of its request cannot be used; `None` when its
/// `maddr` is a name, which only the domain name system can tell.
///
/// `source` is where the request came from; it stands in where the Via is silent.
pub(crate) fn response_destination(
    via: &Via,
    kind: TransportKind,
    source: SocketAddr,
) -> Option<SocketAddr> {
    let leads = Leads::of(via);
    // Peers without a socket of their own write port 0.
    let sent_by_port = via.sent_by.port.filter(|port| *port != 0);
    let sent_by_port = sent_by_port.unwrap_or(kind.default_port());
    if leads.maddr
        && !kind.is_reliable()
        && let Some(maddr) = via.maddr()
    {
        return maddr.to_ip().map(|ip| SocketAddr::new(ip, sent_by_port));
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
    Some(destination)
}

/// Whether a response with this Via line surely goes to where its request came from: address and port were
/// noted there, and nothing can overrule them. What is less plain is for [`response_destination`].
pub(crate) fn leads_to_source(line: &str) -> bool {
    let is_plain = |octet| !matches!(octet, b',' | b'"');
    let mut leads = Leads::default();
    for param in line.split(';').skip(1) {
        let name = param.split('=').next().unwrap_or_default().trim();
        leads.received |= name.eq_ignore_ascii_case("received");
        leads.rport |= name.eq_ignore_ascii_case("rport");
        leads.maddr |= name.eq_ignore_ascii_case("maddr");
    }
    leads.received && leads.rport && !leads.maddr && line.bytes().all(is_plain)
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
pub(crate) fn response_name(via: &Via) -> Option<ByteString> {
    match &via.sent_by.host {
        Host::Name(name) => Some(name.clone()),
        Host::V4(_) | Host::V6(_) => None,
    }
}
