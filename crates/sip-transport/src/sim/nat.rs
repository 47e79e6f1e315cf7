//! A network address translator between some hosts and the rest of a simulated network.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

/// The first port that a translator gives away.
const FIRST_PORT: u16 = 20_000;

/// Hosts with private addresses behind one public address (RFC 4787).
///
/// A private address and port has one public port, whoever is spoken to, and keeps it until the
/// translator [forgets](Self::forget). From outside only those come in who were spoken to, by address and
/// port, except to ports that are [forwarded](Self::forward).
#[derive(Clone, Debug)]
pub struct Nat {
    public: IpAddr,
    inside: Vec<IpAddr>,
    ports: BTreeMap<SocketAddr, u16>,
    places: BTreeMap<u16, SocketAddr>,
    spoken_to: BTreeSet<(u16, SocketAddr)>,
    forwarded: BTreeMap<u16, SocketAddr>,
    next_port: u16,
}

impl Nat {
    /// A translator with this public address for these private ones.
    pub fn new(public: IpAddr, inside: Vec<IpAddr>) -> Self {
        Self {
            public,
            inside,
            ports: BTreeMap::new(),
            places: BTreeMap::new(),
            spoken_to: BTreeSet::new(),
            forwarded: BTreeMap::new(),
            next_port: FIRST_PORT,
        }
    }

    /// Lets everybody reach this private address at a public port of its own.
    pub fn forward(mut self, port: u16, place: SocketAddr) -> Self {
        self.forwarded.insert(port, place);
        self
    }

    /// Forgets which port stands for whom, as a restart or a long silence makes it: the next packet
    /// out gets another port.
    pub fn forget(&mut self) {
        self.ports.clear();
        self.places.clear();
        self.spoken_to.clear();
    }

    /// The source of a packet as the rest of the network sees it.
    pub(super) fn outwards(&mut self, source: SocketAddr, destination: SocketAddr) -> SocketAddr {
        if !self.inside.contains(&source.ip()) || self.inside.contains(&destination.ip()) {
            return source;
        }
        let mut forwarded = self.forwarded.iter();
        let port = match forwarded.find(|(_, place)| **place == source) {
            Some((port, _)) => *port,
            None => *self.ports.entry(source).or_insert_with(|| {
                self.next_port = self.next_port.checked_add(1).unwrap_or(FIRST_PORT);
                self.next_port
            }),
        };
        self.places.insert(port, source);
        self.spoken_to.insert((port, destination));
        SocketAddr::new(self.public, port)
    }

    /// Where a packet from outside goes: on as it is, or to a private address, or nowhere.
    pub(super) fn inwards(
        &self,
        source: SocketAddr,
        destination: SocketAddr,
    ) -> Option<SocketAddr> {
        let is_inside = |addr: SocketAddr| self.inside.contains(&addr.ip());
        if destination.ip() != self.public {
            let reaches = !is_inside(destination) || is_inside(source);
            return reaches.then_some(destination);
        }
        let port = destination.port();
        let answered = self.places.get(&port);
        let answered = answered.filter(|_| self.spoken_to.contains(&(port, source)));
        self.forwarded.get(&port).or(answered).copied()
    }
}
