//! Which address is bound and which is told to peers in Via and Contact.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use rvoip_sip_core::{Host, HostPort};

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
    /// What Via and Contact carry; never an unspecified address.
    pub advertised: HostPort,
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
        Self {
            id,
            kind,
            local_addr,
            advertised: sent_by(advertised, local_addr.port()),
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
    pub fn with_advertised(self, advertised: HostPort) -> Self {
        Self { advertised, ..self }
    }

    /// Whether datagrams or connections of this listener can reach `remote`.
    pub(crate) fn reaches(&self, remote: SocketAddr) -> bool {
        self.local_addr.is_ipv4() == remote.is_ipv4()
    }

    /// How well this listener suits `remote`: a wildcard suits everything, a loopback address only
    /// loopback.
    pub(crate) fn suits(&self, remote: SocketAddr) -> bool {
        let ip = self.local_addr.ip();
        ip.is_unspecified() || ip.is_loopback() == remote.ip().is_loopback()
    }
}

/// An address as it stands in a Via or Contact.
pub(crate) fn sent_by(ip: IpAddr, port: u16) -> HostPort {
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
        info.advertised.to_string()
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
}
