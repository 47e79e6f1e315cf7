//! Between the cores of a simulation and its network: what they want done, and what reaches them.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use bytes::Bytes;

use super::SimDatagram;
use super::simulation::{FIRST_EPHEMERAL_PORT, NodeId, Simulation};
use super::streams::Answerer;
use crate::{ConnectionId, Core, Input, ListenerId, LookupId, Output, Question, TransportKind};

impl<C: Core> Simulation<C> {
    pub(super) fn deliver_datagram(&mut self, datagram: SimDatagram) {
        let SimDatagram {
            source,
            destination,
            payload,
        } = datagram;
        let Some(destination) = self.place_of(source, destination) else {
            return;
        };
        if let Some(queue) = self.endpoints.get_mut(&destination) {
            queue.push_back((self.now, source, payload));
        } else if let Some(&Answerer { node, listener }) =
            self.bound.get(&(TransportKind::Udp, destination))
        {
            self.deliver(
                node,
                Input::Datagram {
                    listener,
                    source,
                    payload,
                },
            );
        }
    }

    pub(super) fn deliver(&mut self, node: NodeId, input: Input) {
        self.nodes[node.0].core.handle_input(self.now, input);
        self.flush(node);
    }

    /// Does what a core wants done.
    pub(super) fn flush(&mut self, node: NodeId) {
        while let Some(output) = self.nodes[node.0].core.poll_output() {
            match output {
                Output::Datagram {
                    listener,
                    destination,
                    payload,
                } => {
                    if let Some(source) = self.address_of(node, listener) {
                        self.send_datagram(source, destination, payload);
                    }
                }
                Output::Connect {
                    connection,
                    kind,
                    destination,
                    ..
                } => {
                    self.connect(node, connection, kind, destination);
                }
                Output::Stream {
                    connection,
                    payload,
                } => {
                    self.write(node, connection, payload);
                }
                Output::Close { connection } => {
                    let from = (node, connection);
                    if let Some(path) = self.streams.path(from) {
                        let delay = self.datagrams.delay(path);
                        self.streams.close(self.now, from, delay);
                    }
                }
                Output::Lookup { query, question } => self.answer(node, query, &question),
                Output::Event(event) => self.nodes[node.0].events.push((self.now, event)),
            }
        }
    }

    /// The source of a packet behind all translators.
    pub(super) fn translated(&mut self, source: SocketAddr, destination: SocketAddr) -> SocketAddr {
        self.nats
            .iter_mut()
            .fold(source, |source, nat| nat.outwards(source, destination))
    }

    /// Where a packet goes behind all translators, if anywhere.
    fn place_of(&self, source: SocketAddr, destination: SocketAddr) -> Option<SocketAddr> {
        let mut nats = self.nats.iter();
        nats.try_fold(destination, |destination, nat| {
            nat.inwards(source, destination)
        })
    }

    fn address_of(&self, node: NodeId, listener: ListenerId) -> Option<SocketAddr> {
        let mut listeners = self.nodes[node.0].listeners.iter();
        listeners
            .find(|info| info.id == listener)
            .map(|info| info.local_addr)
    }

    fn connect(
        &mut self,
        node: NodeId,
        connection: ConnectionId,
        kind: TransportKind,
        remote: SocketAddr,
    ) {
        let host = &mut self.nodes[node.0];
        let mut ips = host.listeners.iter().map(|info| info.local_addr.ip());
        let ip = ips
            .find(|ip| ip.is_ipv4() == remote.is_ipv4())
            .unwrap_or(match remote {
                SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        let local = SocketAddr::new(ip, host.ephemeral_port);
        host.ephemeral_port = host
            .ephemeral_port
            .checked_add(1)
            .unwrap_or(FIRST_EPHEMERAL_PORT);
        let there = self.datagrams.delay((local.ip(), remote.ip()));
        let back = self.datagrams.delay((remote.ip(), local.ip()));
        let seen = self.translated(local, remote);
        let place = self.place_of(seen, remote);
        let answerer = place.and_then(|place| self.bound.get(&(kind, place)));
        let answerer = answerer.map(|answerer| (*answerer, seen));
        let caller = (node, connection);
        self.streams.connect(
            self.now,
            caller,
            kind,
            (local, remote),
            answerer,
            [there, back],
        );
    }

    /// Writes to a stream, cut into segments where that is asked for.
    fn write(&mut self, node: NodeId, connection: ConnectionId, mut payload: Bytes) {
        let from = (node, connection);
        let Some(path) = self.streams.path(from) else {
            return;
        };
        let segments = self.segments.clone();
        let segments = segments.filter(|_| self.streams.is_byte_stream(from));
        while !payload.is_empty() {
            let octets = match &segments {
                Some(octets) => self.datagrams.draw(octets).clamp(1, payload.len()),
                None => payload.len(),
            };
            let delay = self.datagrams.delay(path);
            let segment = payload.split_to(octets);
            self.streams.write(self.now, from, segment, delay);
        }
    }

    fn answer(&mut self, node: NodeId, query: LookupId, question: &Question) {
        if let Some((delay, answer)) = self.zone.answer(question) {
            let input = Input::Answer { query, answer };
            self.streams.schedule(self.now + delay, node, input);
        }
    }
}
