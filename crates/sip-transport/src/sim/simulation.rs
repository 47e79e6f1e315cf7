//! Hosts on a simulated network, each running a core, and the clock they share.

use std::collections::{HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::streams::{Answerer, Streams};
use super::{Datagrams, Ladder, Nat, SimFaults, WireLog, Zone};
use crate::{Core, Input, ListenerInfo, TransportKind};

/// The first port of outgoing connections (RFC 6335 section 6).
pub(super) const FIRST_EPHEMERAL_PORT: u16 = 49_152;

/// A host of a simulation; means nothing to another simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(super) usize);

pub(super) struct Node<C: Core> {
    pub(super) core: C,
    pub(super) listeners: Vec<ListenerInfo>,
    pub(super) events: Vec<(Instant, C::Event)>,
    pub(super) ephemeral_port: u16,
}

/// Hosts, each running a core, on one simulated network.
pub struct Simulation<C: Core> {
    pub(super) now: Instant,
    pub(super) nodes: Vec<Node<C>>,
    pub(super) datagrams: Datagrams,
    pub(super) streams: Streams,
    pub(super) segments: Option<RangeInclusive<usize>>,
    pub(super) nats: Vec<Nat>,
    pub(super) bound: HashMap<(TransportKind, SocketAddr), Answerer>,
    pub(super) endpoints: HashMap<SocketAddr, VecDeque<(Instant, SocketAddr, Bytes)>>,
    pub(super) zone: Zone,
    log: WireLog,
}

impl<C: Core> Simulation<C> {
    /// An empty network without faults. The virtual clock starts at the present time; nothing
    /// depends on when that is.
    pub fn new(seed: u64) -> Self {
        let now = Instant::now();
        Self {
            now,
            nodes: Vec::new(),
            datagrams: Datagrams::new(seed),
            streams: Streams::default(),
            segments: None,
            nats: Vec::new(),
            bound: HashMap::new(),
            endpoints: HashMap::new(),
            zone: Zone::new(seed),
            log: WireLog::new(now),
        }
    }

    /// The virtual time.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// Adds a host with these listeners, which must have concrete addresses.
    pub fn add(&mut self, core: C, listeners: Vec<ListenerInfo>) -> NodeId {
        let node = NodeId(self.nodes.len());
        for info in &listeners {
            let answerer = Answerer {
                node,
                listener: info.id,
            };
            self.bound.insert((info.kind, info.local_addr), answerer);
        }
        let ephemeral_port = FIRST_EPHEMERAL_PORT;
        self.nodes.push(Node {
            core,
            listeners,
            events: Vec::new(),
            ephemeral_port,
        });
        self.flush(node);
        node
    }

    /// Lets `f` work on a core, then does what the core wants done.
    pub fn with<R>(&mut self, node: NodeId, f: impl FnOnce(&mut C, Instant) -> R) -> R {
        let result = f(&mut self.nodes[node.0].core, self.now);
        self.flush(node);
        result
    }

    /// A host's core, to look at.
    pub fn core(&self, node: NodeId) -> &C {
        &self.nodes[node.0].core
    }

    /// The events of a host since the last call, with their times.
    pub fn events(&mut self, node: NodeId) -> Vec<(Instant, C::Event)> {
        std::mem::take(&mut self.nodes[node.0].events)
    }

    /// What happens on every path for which nothing more particular is set. Streams heed the delay.
    pub fn set_faults(&mut self, faults: SimFaults) {
        self.datagrams.set_faults(faults);
    }

    /// What happens from one host to another, in this direction.
    pub fn set_faults_between(&mut self, source: IpAddr, destination: IpAddr, faults: SimFaults) {
        self.datagrams
            .set_faults_between(source, destination, faults);
    }

    /// Cuts what is written to byte streams into segments of a random number of octets within this
    /// range, and joins those that arrive together. Without it every write arrives as it was written,
    /// which no program may rely on.
    pub fn set_segments(&mut self, octets: RangeInclusive<usize>) {
        self.segments = Some(octets);
    }

    /// Puts hosts behind a translator. Connections through it are established from inside only, or to
    /// forwarded ports.
    pub fn add_nat(&mut self, nat: Nat) {
        self.nats.push(nat);
    }

    /// Lets every translator [forget](Nat::forget).
    pub fn forget_mappings(&mut self) {
        self.nats.iter_mut().for_each(Nat::forget);
    }

    /// Where the messages of those cores are entered whose tap this is.
    pub fn wire_log(&self) -> &WireLog {
        &self.log
    }

    /// The names that hosts find each other by.
    pub fn zone(&mut self) -> &mut Zone {
        &mut self.zone
    }

    /// Breaks every connection of a host, as a crash of it would.
    pub fn reset_connections(&mut self, node: NodeId) {
        self.streams.reset(self.now, node);
    }

    /// Opens a plain datagram endpoint that no core owns.
    pub fn open_endpoint(&mut self, addr: SocketAddr) {
        self.endpoints.entry(addr).or_default();
        self.log.add_endpoint(addr);
    }

    /// Closes a plain endpoint; what arrives there vanishes from now on.
    pub fn close_endpoint(&mut self, addr: SocketAddr) {
        self.endpoints.remove(&addr);
    }

    /// Sends a datagram from anywhere to anywhere.
    pub fn send_datagram(&mut self, source: SocketAddr, destination: SocketAddr, payload: Bytes) {
        let source = self.translated(source, destination);
        self.datagrams.send(self.now, source, destination, payload);
    }

    /// What arrived at a plain endpoint since the last call: when, from where, what.
    pub fn take_datagrams(&mut self, addr: SocketAddr) -> Vec<(Instant, SocketAddr, Bytes)> {
        self.endpoints
            .get_mut(&addr)
            .map(|queue| queue.drain(..).collect())
            .unwrap_or_default()
    }

    /// When the next thing is due; `None` when nothing ever is.
    pub fn next_at(&self) -> Option<Instant> {
        let timeouts = self
            .nodes
            .iter()
            .filter_map(|node| node.core.poll_timeout());
        let network = [self.datagrams.next_at(), self.streams.next_at()];
        timeouts.chain(network.into_iter().flatten()).min()
    }

    /// Does the next thing that is due, moving the clock to it; `false` when nothing ever is.
    pub fn step(&mut self) -> bool {
        let Some(due) = self.next_at() else {
            return false;
        };
        self.now = self.now.max(due);
        if let Some(datagram) = self.datagrams.poll(self.now) {
            self.deliver_datagram(datagram);
        } else if let Some((node, mut input)) = self.streams.poll(self.now) {
            if let Input::Stream {
                connection,
                payload,
            } = &mut input
                && self.segments.is_some()
                && self.streams.is_byte_stream((node, *connection))
            {
                *payload = self
                    .streams
                    .join(self.now, (node, *connection), payload.clone());
            }
            self.deliver(node, input);
        } else {
            let is_due = |node: &Node<C>| node.core.poll_timeout().is_some_and(|at| at <= self.now);
            if let Some(place) = self.nodes.iter().position(is_due) {
                self.nodes[place].core.handle_timeout(self.now);
                self.flush(NodeId(place));
            }
        }
        true
    }

    /// Runs until `deadline`, and moves the clock to it.
    pub fn run_until(&mut self, deadline: Instant) {
        while self.next_at().is_some_and(|due| due <= deadline) {
            self.step();
        }
        self.now = self.now.max(deadline);
    }

    /// Runs for a time.
    pub fn run_for(&mut self, time: Duration) {
        self.run_until(self.now + time);
    }
}

impl<C: Core> Ladder for Simulation<C> {
    fn ladder(&self) -> String {
        self.log.ladder()
    }
}
