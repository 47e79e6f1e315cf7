//! What this side can send over: which transports, and to which family of addresses.

use std::net::IpAddr;

use crate::{ListenerInfo, TransportKind};

/// The transports and address families that a side has a way for; copied freely.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// For each transport, IPv4 and IPv6.
    ways: [[bool; 2]; TransportKind::ALL.len()],
    /// For each transport, whether it is taken without being asked for.
    habitual: [bool; TransportKind::ALL.len()],
    /// IPv6 addresses are tried before IPv4 ones.
    prefers_ipv6: bool,
}

/// The order in which transports are tried when nothing speaks for one of them: the common ground of
/// RFC 3261 section 18 first.
const BY_HABIT: [TransportKind; 5] = [
    TransportKind::Udp,
    TransportKind::Tcp,
    TransportKind::Tls,
    TransportKind::Wss,
    TransportKind::Ws,
];

impl Reach {
    /// The ways of a side with these listeners: what it listens on, TCP beside UDP (RFC 3261 section 18.1.1), and
    /// whatever else is asked for, since a connection needs no listener.
    pub fn of(listeners: &[ListenerInfo]) -> Self {
        let mut reach = Self::default();
        for listener in listeners {
            let is_ipv4 = listener.local_addr.is_ipv4();
            reach = reach.with(listener.kind, is_ipv4);
            if listener.kind == TransportKind::Udp {
                reach = reach.with(TransportKind::Tcp, is_ipv4);
            }
            for kind in TransportKind::ALL
                .into_iter()
                .filter(|kind| kind.is_reliable())
            {
                reach = reach.with_on_demand(kind, is_ipv4);
            }
        }
        reach
    }

    /// Adds a way. The family of the first one is preferred.
    pub fn with(mut self, kind: TransportKind, is_ipv4: bool) -> Self {
        self.habitual[kind as usize] = true;
        self.with_on_demand(kind, is_ipv4)
    }

    /// Adds a way that is taken where a URI asks for it, and not otherwise.
    pub fn with_on_demand(mut self, kind: TransportKind, is_ipv4: bool) -> Self {
        if self.ways == Self::default().ways {
            self.prefers_ipv6 = !is_ipv4;
        }
        self.ways[kind as usize][usize::from(!is_ipv4)] = true;
        self
    }

    /// Whether a transport that a domain offers is taken; what is secure always is where security is asked for.
    pub(super) fn accepts(self, kind: TransportKind, secure: bool) -> bool {
        match secure {
            true => kind.is_secure() && self.carries(kind),
            false => self.habitual[kind as usize],
        }
    }

    /// Whether messages can be sent over this transport at all.
    pub fn carries(self, kind: TransportKind) -> bool {
        self.ways[kind as usize] != [false; 2]
    }

    /// Whether messages can be sent over this transport to an address.
    pub fn reaches(self, kind: TransportKind, ip: IpAddr) -> bool {
        self.reaches_family(kind, ip.is_ipv4())
    }

    pub(super) fn reaches_family(self, kind: TransportKind, is_ipv4: bool) -> bool {
        self.ways[kind as usize][usize::from(!is_ipv4)]
    }

    /// Whether each family is IPv4, the preferred one first.
    pub(super) fn families(self) -> [bool; 2] {
        [!self.prefers_ipv6, self.prefers_ipv6]
    }

    /// The transport to take where nothing else is said.
    pub(super) fn usual_kind(self, secure: bool) -> Option<TransportKind> {
        let mut kinds = BY_HABIT.into_iter();
        kinds.find(|kind| self.accepts(*kind, secure))
    }

    /// The transports that are asked for by SRV when NAPTR records say nothing (RFC 3263 section 4.1): a `sip` URI
    /// leads to `_sip` services alone.
    pub(super) fn kinds_with_srv(self, secure: bool) -> impl Iterator<Item = TransportKind> {
        let kinds = match secure {
            true => &[TransportKind::Tls][..],
            false => &[TransportKind::Udp, TransportKind::Tcp],
        };
        kinds
            .iter()
            .copied()
            .filter(move |kind| self.accepts(*kind, secure))
    }
}
