//! Which address is bound, which is told to peers in Via and Contact, and which peers have told us.
//!
//! Each listener tells one address to all peers: its own, the one set for it, or the one learned
//! behind a NAT. What it tells is written once and shared. A wildcard listener tells the address of
//! one interface, whichever interface a message leaves by: a host in several networks that cannot
//! reach each other needs a listener in each. A host with peers on both sides of a NAT needs one for
//! each side.

mod listener;

use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr};

use rand::RngExt;
use rand::rngs::StdRng;
use rvoip_sip_core::{Host, HostPort};

pub use self::listener::ListenerInfo;
use self::listener::sent_by;
use crate::{ListenerId, TransportError, TransportKind};

/// Addresses that a listener told earlier and under which responses may still come.
const MAX_FORMER: usize = 16;

/// What to do with an address that peers see us under and that is not the one we tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LearnedAddresses {
    /// Keep to the advertised address.
    #[default]
    Ignore,
    /// Tell the learned address from then on in Via and Contact. The last peer that saw us has the
    /// say, so this is for hosts whose requests all go to peers that they trust, such as one
    /// registrar or proxy.
    Use,
}

/// Transport protocols whose connections a peer must not be sent to another listener for: its port
/// answers in another protocol, or without security.
const OF_THEIR_OWN: [TransportKind; 3] =
    [TransportKind::Tls, TransportKind::Ws, TransportKind::Wss];

/// The listeners of a layer and what is told of them at present.
#[derive(Debug)]
pub(crate) struct AddressPlan {
    listeners: Vec<ListenerInfo>,
    /// What stands for this side on connections of protocols that nothing listens for: a name that
    /// leads nowhere (RFC 7118 section 5).
    unreachable: Vec<ListenerInfo>,
    /// What was told before an address was learned.
    former: VecDeque<(TransportKind, HostPort)>,
}

impl AddressPlan {
    pub(crate) fn new(listeners: Vec<ListenerInfo>, rng: &mut StdRng) -> Self {
        let mut plan = Self {
            listeners,
            unreachable: Vec::new(),
            former: VecDeque::new(),
        };
        plan.name(rng);
        plan
    }

    /// Draws the name that leads nowhere anew.
    pub(crate) fn name(&mut self, rng: &mut StdRng) {
        let name = format!("{:016x}.invalid", rng.random::<u64>());
        let listened = |kind| self.listeners.iter().any(|it| it.kind == kind);
        let kinds = OF_THEIR_OWN.into_iter().filter(|kind| !listened(*kind));
        self.unreachable = kinds
            .map(|kind| {
                let nowhere = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0));
                let advertised = HostPort {
                    host: Host::Name(name.as_str().into()),
                    port: None,
                };
                ListenerInfo::new(ListenerId(u16::MAX), kind, nowhere, None)
                    .with_advertised(advertised)
            })
            .collect();
    }

    pub(crate) fn listeners(&self) -> &[ListenerInfo] {
        &self.listeners
    }

    pub(crate) fn listener(&self, id: ListenerId) -> Option<&ListenerInfo> {
        self.listeners.iter().find(|listener| listener.id == id)
    }

    /// The listener that stands for this side towards `remote`.
    pub(crate) fn listener_for(
        &self,
        kind: TransportKind,
        remote: SocketAddr,
    ) -> Result<&ListenerInfo, TransportError> {
        let is_own = OF_THEIR_OWN.contains(&kind);
        self.listeners
            .iter()
            .filter(|listener| listener.reaches(remote))
            .filter(|listener| listener.kind == kind || kind.is_reliable() && !is_own)
            .min_by_key(|listener| (listener.kind != kind, listener.distance(remote.ip())))
            .or_else(|| self.unreachable.iter().find(|it| it.kind == kind))
            .ok_or(TransportError::NoListener { kind })
    }

    /// Whether this side wrote a Via with this sent-by (RFC 3261 section 18.1.2).
    pub(crate) fn is_ours(&self, sent_by: &HostPort) -> bool {
        let told = self.listeners.iter().chain(&self.unreachable);
        let told = told.map(|it| (it.kind, it.advertised()));
        let former = self.former.iter().map(|(kind, told)| (*kind, told));
        told.chain(former)
            .any(|(kind, told)| is_same_place(told, sent_by, kind))
    }

    /// Tells the address that a peer sees this listener under from now on. Returns whether it is
    /// another one than before.
    pub(crate) fn learn(&mut self, id: ListenerId, seen: SocketAddr) -> bool {
        let told = sent_by(seen.ip(), seen.port());
        let mut listeners = self.listeners.iter_mut();
        let Some(listener) = listeners.find(|it| it.id == id && *it.advertised() != told) else {
            return false;
        };
        if self.former.len() == MAX_FORMER {
            self.former.pop_front();
        }
        let former = listener.tell(told);
        self.former.push_back((listener.kind, former));
        true
    }
}

fn is_same_place(a: &HostPort, b: &HostPort, kind: TransportKind) -> bool {
    let port = |place: &HostPort| place.port.unwrap_or(kind.default_port());
    port(a) == port(b) && a.host == b.host
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn plan(addresses: &[&str]) -> AddressPlan {
        let addresses: Vec<_> = addresses
            .iter()
            .map(|addr| (TransportKind::Udp, addr.parse().unwrap()))
            .collect();
        AddressPlan::new(
            ListenerInfo::plan(&addresses),
            &mut StdRng::seed_from_u64(1),
        )
    }

    #[test]
    fn a_host_in_several_networks_tells_the_address_of_the_network_of_its_peer() {
        let plan = plan(&[
            "127.0.0.1:5060",
            "10.0.0.1:5060",
            "192.168.7.1:5060",
            "203.0.113.1:5060",
            "[2001:db8::1]:5060",
            "[fd00::1]:5060",
        ]);
        for (remote, expected) in [
            ("127.0.0.9:5060", "127.0.0.1:5060"),
            ("10.9.9.9:5060", "10.0.0.1:5060"),
            ("192.168.7.20:5060", "192.168.7.1:5060"),
            ("8.8.8.8:5060", "203.0.113.1:5060"),
            ("[2001:4860::8]:5060", "[2001:db8::1]:5060"),
            ("[fd00::99]:5060", "[fd00::1]:5060"),
        ] {
            let listener = plan.listener_for(TransportKind::Udp, remote.parse().unwrap());
            assert_eq!(
                listener.unwrap().advertised().to_string(),
                expected,
                "{remote}"
            );
        }
    }

    #[test]
    fn a_protocol_that_nothing_listens_for_is_not_told_the_port_of_another() {
        let plan = plan(&["10.0.0.1:5060"]);
        let remote = "10.0.0.9:5060".parse().unwrap();
        let told = |kind| plan.listener_for(kind, remote).unwrap().advertised();
        assert_eq!(told(TransportKind::Tcp).to_string(), "10.0.0.1:5060");
        for kind in OF_THEIR_OWN {
            let told = told(kind);
            assert!(told.to_string().ends_with(".invalid"), "{told}");
            assert!(plan.is_ours(told));
        }
        let other = AddressPlan::new(Vec::new(), &mut StdRng::seed_from_u64(2));
        assert!(!other.is_ours(told(TransportKind::Ws)));
    }

    #[test]
    fn a_learned_address_is_told_and_what_was_told_before_is_still_ours() {
        let mut plan = plan(&["10.0.0.1:5060"]);
        let seen = "203.0.113.7:40000".parse().unwrap();
        assert!(plan.learn(ListenerId(0), seen));
        assert!(!plan.learn(ListenerId(0), seen), "known already");
        let told = &plan.listeners()[0];
        assert_eq!(told.advertised().to_string(), "203.0.113.7:40000");
        assert_eq!(told.contact(), "203.0.113.7:40000");
        for (sent_by, is_ours) in [
            ("10.0.0.1:5060", true),
            ("10.0.0.1", true),
            ("203.0.113.7:40000", true),
            ("203.0.113.7", false),
        ] {
            assert_eq!(
                plan.is_ours(&sent_by.parse().unwrap()),
                is_ours,
                "{sent_by}"
            );
        }
        for port in 1..1000 {
            plan.learn(ListenerId(0), SocketAddr::new(seen.ip(), port));
        }
        assert_eq!(plan.former.len(), MAX_FORMER);
    }
}
