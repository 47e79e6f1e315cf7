//! Which of our addresses stands for this side towards a peer, in Via and Contact.

use std::net::SocketAddr;

use rvoip_sip_core::{ByteString, HostPort, ViaTransport};

use super::TransportLayer;
use crate::{Carrier, Flow, ListenerId, ListenerInfo, Target, TransportError, TransportKind};

/// What a request to a target carries in its Via, known before it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The transport protocol.
    pub kind: TransportKind,
    /// The transport token of the Via.
    pub via_transport: ViaTransport,
    /// The sent-by of the Via.
    pub sent_by: HostPort,
    /// The address for a Contact, as it stands in a SIP URI behind the user: host, port, and the
    /// transport unless it is UDP.
    pub contact: ByteString,
    /// The flow that will be used, when it exists already.
    pub flow: Option<Flow>,
}

impl TransportLayer {
    /// The bound addresses.
    pub fn listeners(&self) -> &[ListenerInfo] {
        self.plan.listeners()
    }

    /// The listener whose advertised address stands for this side towards `remote`, in Via and
    /// Contact. Prefers one of the same kind, bound where `remote` can be reached from.
    ///
    /// # Errors
    /// [`TransportError::NoListener`] when none is of the address family, or none carries datagrams.
    pub fn listener_for(
        &self,
        kind: TransportKind,
        remote: SocketAddr,
    ) -> Result<&ListenerInfo, TransportError> {
        self.plan.listener_for(kind, remote)
    }

    /// What a request to `target` carries in its Via.
    ///
    /// # Errors
    /// When no listener carries the transport, or the flow has ended.
    pub fn route(&self, target: &Target) -> Result<Route, TransportError> {
        let kind = target.kind();
        let (listener, flow) = match target {
            Target::Flow(flow) => (self.listener_of(flow)?, Some(*flow)),
            &Target::Address { addr, ref name, .. } => {
                let listener = self.listener_for(kind, addr)?;
                let flow = match kind.is_reliable() {
                    true => self
                        .pool
                        .with_peer(kind, addr, name.as_ref())
                        .map(|connection| connection.flow),
                    false => Some(datagram_flow(listener, addr)),
                };
                (listener, flow)
            }
        };
        Ok(Route {
            kind,
            via_transport: kind.via_transport(),
            sent_by: listener.advertised().clone(),
            contact: listener.contact().clone(),
            flow,
        })
    }

    /// The stream target that a request of so many octets should try before `target`, unless its
    /// user or URI says that datagrams are wanted (RFC 3261 section 18.1.1): the same address over
    /// TCP. `None` where the request is small enough, or `target` is a stream or a flow.
    pub fn stream_instead(&self, target: &Target, octets: usize) -> Option<Target> {
        match target {
            Target::Address {
                kind: TransportKind::Udp,
                addr,
                name,
            } if octets > self.config.udp_max_octets => Some(Target::Address {
                kind: TransportKind::Tcp,
                addr: *addr,
                name: name.clone(),
            }),
            _ => None,
        }
    }

    pub(super) fn listener(&self, id: ListenerId) -> Option<&ListenerInfo> {
        self.plan.listener(id)
    }

    /// The listener that stands for this side in messages on a flow.
    fn listener_of(&self, flow: &Flow) -> Result<&ListenerInfo, TransportError> {
        match flow.carrier {
            Carrier::Listener(id) => self.datagram_listener(id, flow.kind),
            Carrier::Connection(id) => {
                self.pool.get(id).ok_or(TransportError::FlowEnded)?;
                self.listener_for(flow.kind, flow.remote)
            }
        }
    }

    pub(super) fn datagram_listener(
        &self,
        id: ListenerId,
        kind: TransportKind,
    ) -> Result<&ListenerInfo, TransportError> {
        let listener = self
            .listener(id)
            .filter(|listener| !listener.kind.is_reliable());
        listener.ok_or(TransportError::NoListener { kind })
    }
}

pub(super) fn datagram_flow(listener: &ListenerInfo, remote: SocketAddr) -> Flow {
    Flow {
        kind: listener.kind,
        local: listener.local_addr,
        remote,
        carrier: Carrier::Listener(listener.id),
    }
}
