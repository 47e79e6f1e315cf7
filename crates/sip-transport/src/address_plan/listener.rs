//! A bound address and what is told of it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rvoip_sip_core::{ByteString, Host, HostPort};

use crate::{ListenerId, TransportKind};

/// A bound address and what peers are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerInfo {
    /// The listener's number.
    pub id: ListenerId,
    /// The transport protocol.
    pub kind: TransportKind,
    /// The bound address; its IP may be unspecified, its port is the real one.
    pub local_addr: SocketAddr,
    advertised: HostPort,
    contact: ByteString,
}

impl ListenerInfo {
    /// A listener that advertises its own address. For an unspecified address `interface` is
    /// advertised in its place, or loopback when there is none.
    pub fn new(
        id: ListenerId,
        kind: TransportKind,
        local_addr: SocketAddr,
        interface: Option<IpAddr>,
    ) -> Self {
        let ip = local_addr.ip();
        let advertised = match interface {
            _ if !ip.is_unspecified() => ip,
            Some(interface)
                if !interface.is_unspecified() && interface.is_ipv4() == ip.is_ipv4() =>
            {
                interface
            }
            _ if ip.is_ipv4() => Ipv4Addr::LOCALHOST.into(),
            _ => Ipv6Addr::LOCALHOST.into(),
        };
        let advertised = sent_by(advertised, local_addr.port());
        Self {
            id,
            kind,
            local_addr,
            contact: contact(kind, &advertised),
            advertised,
        }
    }

    /// Listeners numbered in the order given, each advertising its own address. For simulated
    /// hosts; real ones come from [`Sockets::listeners`](crate::driver::Sockets::listeners).
    pub fn plan(addresses: &[(TransportKind, SocketAddr)]) -> Vec<Self> {
        (0..)
            .zip(addresses)
            .map(|(id, &(kind, addr))| Self::new(ListenerId(id), kind, addr, None))
            .collect()
    }

    /// The same listener behind a public address, such as that of a port forwarding.
    pub fn with_advertised(mut self, advertised: HostPort) -> Self {
        self.tell(advertised);
        self
    }

    /// What Via and Contact carry; never an unspecified address.
    pub fn advertised(&self) -> &HostPort {
        &self.advertised
    }

    /// The advertised address as it stands in a SIP URI: `192.0.2.1:5060`, and for other transports
    /// than UDP `192.0.2.1:5060;transport=tcp`. Shared: a clone costs no allocation.
    pub fn contact(&self) -> &ByteString {
        &self.contact
    }

    /// Tells another address from now on; returns the one before.
    pub(super) fn tell(&mut self, told: HostPort) -> HostPort {
        self.contact = contact(self.kind, &told);
        std::mem::replace(&mut self.advertised, told)
    }

    /// Whether datagrams or connections of this listener can reach `remote`.
    pub(super) fn reaches(&self, remote: SocketAddr) -> bool {
        self.local_addr.is_ipv4() == remote.is_ipv4()
    }

    /// How badly this listener suits `remote`, after RFC 6724 section 5: a wildcard suits
    /// everything; of other addresses those do whose scope is just wide enough (rule 2), and among
    /// them those that begin alike (rule 8).
    pub(super) fn distance(&self, remote: IpAddr) -> (u8, u32) {
        let ip = self.local_addr.ip();
        if ip.is_unspecified() {
            let told = self.advertised.host.to_ip().unwrap_or(ip);
            return (0, differing_bits(told, remote));
        }
        let (own, wanted) = (scope(ip) as u8, scope(remote) as u8);
        let misfit = match own.checked_sub(wanted) {
            Some(wider) => wider,
            None => Scope::Internet as u8 + (wanted - own),
        };
        (misfit, differing_bits(ip, remote))
    }
}

/// How far an address reaches.
#[derive(Clone, Copy)]
enum Scope {
    Host,
    Link,
    Site,
    Internet,
}

fn scope(ip: IpAddr) -> Scope {
    match ip {
        _ if ip.is_loopback() => Scope::Host,
        IpAddr::V4(ip) if ip.is_link_local() => Scope::Link,
        IpAddr::V6(ip) if ip.is_unicast_link_local() => Scope::Link,
        IpAddr::V4(ip) if ip.is_private() => Scope::Site,
        IpAddr::V6(ip) if ip.is_unique_local() => Scope::Site,
        _ => Scope::Internet,
    }
}

/// The number of bits from the first one that differs to the end.
fn differing_bits(a: IpAddr, b: IpAddr) -> u32 {
    match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => 32 - (a.to_bits() ^ b.to_bits()).leading_zeros(),
        (IpAddr::V6(a), IpAddr::V6(b)) => 128 - (a.to_bits() ^ b.to_bits()).leading_zeros(),
        _ => 128,
    }
}

/// The address as it stands in a SIP URI. The word for secure WebSockets is that of plain ones
/// (RFC 7118 section 5.2.4).
fn contact(kind: TransportKind, told: &HostPort) -> ByteString {
    match kind {
        TransportKind::Udp => told.to_string(),
        TransportKind::Wss => format!("{told};transport={}", TransportKind::Ws),
        kind => format!("{told};transport={kind}"),
    }
    .into()
}

/// An address as it stands in a Via or Contact.
pub(super) fn sent_by(ip: IpAddr, port: u16) -> HostPort {
    let host = match ip {
        IpAddr::V4(ip) => Host::V4(ip),
        IpAddr::V6(ip) => Host::V6(ip),
    };
    HostPort {
        host,
        port: Some(port),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advertised(local: &str, interface: Option<&str>) -> String {
        let interface = interface.map(|ip| ip.parse().unwrap());
        let info = ListenerInfo::new(
            ListenerId(0),
            TransportKind::Udp,
            local.parse().unwrap(),
            interface,
        );
        info.advertised().to_string()
    }

    #[test]
    fn an_unspecified_address_is_never_advertised() {
        assert_eq!(
            advertised("192.0.2.7:5070", Some("10.0.0.1")),
            "192.0.2.7:5070"
        );
        assert_eq!(
            advertised("0.0.0.0:5060", Some("10.0.0.1")),
            "10.0.0.1:5060"
        );
        assert_eq!(advertised("0.0.0.0:5060", None), "127.0.0.1:5060");
        assert_eq!(
            advertised("0.0.0.0:5060", Some("0.0.0.0")),
            "127.0.0.1:5060"
        );
        assert_eq!(
            advertised("0.0.0.0:5060", Some("2001:db8::1")),
            "127.0.0.1:5060"
        );
        assert_eq!(
            advertised("[::]:5060", Some("2001:db8::1")),
            "[2001:db8::1]:5060"
        );
        assert_eq!(advertised("[::]:5060", None), "[::1]:5060");
    }

    #[test]
    fn a_plan_numbers_in_order() {
        let plan = ListenerInfo::plan(&[
            (TransportKind::Udp, "10.0.0.1:5060".parse().unwrap()),
            (TransportKind::Tcp, "10.0.0.1:5060".parse().unwrap()),
        ]);
        assert_eq!(plan[0].id, ListenerId(0));
        assert_eq!(plan[1].id, ListenerId(1));
        assert_eq!(plan[1].kind, TransportKind::Tcp);
    }

    #[test]
    fn the_text_for_a_contact_names_the_transport_unless_it_is_udp_and_follows_the_address() {
        let info =
            |kind| ListenerInfo::new(ListenerId(0), kind, "10.0.0.1:70".parse().unwrap(), None);
        assert_eq!(info(TransportKind::Udp).contact(), "10.0.0.1:70");
        assert_eq!(
            info(TransportKind::Tcp).contact(),
            "10.0.0.1:70;transport=tcp"
        );
        let public = info(TransportKind::Tcp).with_advertised("sip.example.com".parse().unwrap());
        assert_eq!(public.contact(), "sip.example.com;transport=tcp");
        assert_eq!(
            info(TransportKind::Wss).contact(),
            "10.0.0.1:70;transport=ws"
        );
    }
}
