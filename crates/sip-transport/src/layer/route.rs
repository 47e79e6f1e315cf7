//! Which of our addresses stands for this side towards a peer, in Via and Contact.

use std::net::SocketAddr;

use rvoip_sip_core::{HostPort, ViaTransport};

use super::TransportLayer;
use crate::{Carrier, Flow, ListenerId, ListenerInfo, Target, TransportError, TransportKind};

/// What a request to a target carries in its Via, known before it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The transport protocol.
    pub kind: TransportKind,
    /// The transport token of the Via.
    pub via_transport: ViaTransport,
    /// The sent-by of the Via, and the address for a Contact.
    pub sent_by: HostPort,
    /// The flow that will be used, when it exists already.
    pub flow: Option<Flow>,
}

impl TransportLayer {
    /// The bound addresses.
    pub fn listeners(&self) -> &[ListenerInfo] {
        &self.config.listeners
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
        self.config
            .listeners
            .iter()
            .filter(|listener| listener.reaches(remote))
            .filter(|listener| listener.kind == kind || kind.is_reliable())
            .min_by_key(|listener| (listener.kind != kind, !listener.suits(remote)))
            .ok_or(TransportError::NoListener { kind })
    }

    /// What a request to `target` carries in its Via.
    ///
    /// # Errors
    /// When no listener carries the transport, or the flow has ended.
    pub fn route(&self, target: &Target) -> Result<Route, TransportError> {
        let kind = target.kind();
        let (listener, flow) = match *target {
            Target::Flow(flow) => (self.listener_of(&flow)?, Some(flow)),
            Target::Address { addr, .. } => {
                let listener = self.listener_for(kind, addr)?;
                let flow = match kind.is_reliable() {
                    true => self
                        .pool
                        .with_peer(kind, addr)
                        .map(|connection| connection.flow),
                    false => Some(datagram_flow(listener, addr)),
                };
                (listener, flow)
            }
        };
        Ok(Route {
            kind,
            via_transport: kind.via_transport(),
            sent_by: listener.advertised.clone(),
            flow,
        })
    }

    pub(super) fn listener(&self, id: ListenerId) -> Option<&ListenerInfo> {
        self.config
            .listeners
            .iter()
            .find(|listener| listener.id == id)
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
