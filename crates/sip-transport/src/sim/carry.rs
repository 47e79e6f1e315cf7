//! Between the cores of a simulation and its network: what they want done, and what reaches them.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use rvoip_sip_core::ByteString;

use super::SimDatagram;
use super::simulation::{FIRST_EPHEMERAL_PORT, NodeId, Simulation};
use super::streams::Answerer;
use crate::{ConnectionId, Core, Input, ListenerId, Output, ResolveId, TransportKind};

impl<C: Core> Simulation<C> {
    pub(super) fn deliver_datagram(&mut self, datagram: SimDatagram) {
        let SimDatagram {
            source,
            destination,
            payload,
        } = datagram;
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
                        self.datagrams.send(self.now, source, destination, payload);
                    }
                }
                Output::Connect {
                    connection,
                    kind,
                    destination,
                } => {
                    self.connect(node, connection, kind, destination);
                }
                Output::Stream {
                    connection,
                    payload,
                } => {
                    let from = (node, connection);
                    if let Some(path) = self.streams.path(from) {
                        let delay = self.datagrams.delay(path);
                        self.streams.write(self.now, from, payload, delay);
                    }
                }
                Output::Close { connection } => {
                    let from = (node, connection);
                    if let Some(path) = self.streams.path(from) {
                        let delay = self.datagrams.delay(path);
                        self.streams.close(self.now, from, delay);
                    }
                }
                Output::Resolve { query, host } => self.resolve(node, query, &host),
                Output::Event(event) => self.nodes[node.0].events.push((self.now, event)),
            }
        }
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
        let answerer = self.bound.get(&(kind, remote)).copied();
        let caller = (node, connection);
        self.streams
            .connect(self.now, caller, (local, remote), answerer, [there, back]);
    }

    fn resolve(&mut self, node: NodeId, query: ResolveId, host: &ByteString) {
        let addresses = self
            .names
            .get(&host.to_ascii_lowercase())
            .cloned()
            .unwrap_or_default();
        self.streams
            .schedule(self.now, node, Input::Resolved { query, addresses });
    }
}
