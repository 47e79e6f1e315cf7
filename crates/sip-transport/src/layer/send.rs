//! What leaves: by address, by flow, or along the Via of a request.

use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use rvoip_sip_core::{ByteString, Response};

use super::TransportLayer;
use super::route::datagram_flow;
use crate::pool::Stage;
use crate::{
    Carrier, ConnectionId, Direction, Flow, Output, Target, TransportError, TransportKind, via,
};

/// The largest UDP payload: 65,535 octets less the IPv4 and UDP headers.
const MAX_DATAGRAM_OCTETS: usize = 65_507;

impl TransportLayer {
    /// Sends a request (RFC 3261 section 18.1.1). Opens a connection when there is none to the
    /// address; the octets wait until it is established.
    ///
    /// # Errors
    /// When the target cannot be reached or a limit is exceeded; nothing was sent then.
    pub fn send_request(
        &mut self,
        now: Instant,
        octets: Bytes,
        target: &Target,
    ) -> Result<Flow, TransportError> {
        match *target {
            Target::Flow(ref flow) => self.resend(now, octets, flow).map(|()| *flow),
            Target::Address {
                kind,
                addr,
                ref name,
            } if kind.is_reliable() => self.send_to_peer(now, octets, kind, addr, name.clone()),
            Target::Address { kind, addr, .. } => {
                let flow = datagram_flow(self.listener_for(kind, addr)?, addr);
                self.send_datagram(now, octets, flow)
            }
        }
    }

    /// Sends a response: a stream carries it back on the connection of its request, or on a new one
    /// when that has ended; a datagram goes where the top Via says, from where the request came to
    /// (RFC 3261 section 18.2.2, RFC 3581 section 4).
    ///
    /// # Errors
    /// When the place cannot be reached or a limit is exceeded; nothing was sent then.
    pub fn send_response(
        &mut self,
        now: Instant,
        response: &Response,
        request_flow: &Flow,
    ) -> Result<Flow, TransportError> {
        let octets = response.to_bytes();
        let Flow {
            kind,
            remote,
            carrier,
            ..
        } = *request_flow;
        if let Carrier::Connection(connection) = carrier
            && self.pool.get(connection).is_some()
        {
            return self.send_stream(now, octets, connection);
        }
        let via = response.top_via_ref().ok();
        let destination = match &via {
            Some(via) => via::response_destination(via, kind, remote)
                .ok_or(TransportError::NamedDestination)?,
            None => remote,
        };
        match carrier {
            Carrier::Connection(_) => {
                let name = via.as_ref().and_then(via::response_name);
                self.send_to_peer(now, octets, kind, destination, name)
            }
            Carrier::Listener(_) => {
                let flow = Flow {
                    remote: destination,
                    ..*request_flow
                };
                self.send_datagram(now, octets, flow)
            }
        }
    }

    /// Sends octets, such as those of a retransmission, on the flow that an earlier send returned.
    ///
    /// # Errors
    /// When the flow has ended or a limit is exceeded; nothing was sent then.
    pub fn resend(
        &mut self,
        now: Instant,
        octets: Bytes,
        flow: &Flow,
    ) -> Result<(), TransportError> {
        match flow.carrier {
            Carrier::Listener(_) => self.send_datagram(now, octets, *flow)?,
            Carrier::Connection(connection) => self.send_stream(now, octets, connection)?,
        };
        Ok(())
    }

    fn send_datagram(
        &mut self,
        now: Instant,
        octets: Bytes,
        flow: Flow,
    ) -> Result<Flow, TransportError> {
        let Carrier::Listener(listener) = flow.carrier else {
            return Err(TransportError::FlowEnded);
        };
        self.datagram_listener(listener, flow.kind)?;
        check_destination(flow.remote)?;
        if octets.len() > MAX_DATAGRAM_OCTETS {
            return Err(TransportError::TooLong {
                octets: octets.len(),
            });
        }
        self.note(now, Direction::Out, &flow, &octets);
        let destination = flow.remote;
        self.wire.push_back(Output::Datagram {
            listener,
            destination,
            payload: octets,
        });
        Ok(flow)
    }

    fn send_to_peer(
        &mut self,
        now: Instant,
        octets: Bytes,
        kind: TransportKind,
        peer: SocketAddr,
        name: Option<ByteString>,
    ) -> Result<Flow, TransportError> {
        let known = self
            .pool
            .with_peer(kind, peer, name.as_ref())
            .and_then(|it| it.flow.connection());
        match known {
            Some(connection) => self.send_stream(now, octets, connection),
            None => {
                check_destination(peer)?;
                let connection = self.open(now, kind, peer, name)?;
                self.send_stream(now, octets, connection)
            }
        }
    }

    fn send_stream(
        &mut self,
        now: Instant,
        octets: Bytes,
        id: ConnectionId,
    ) -> Result<Flow, TransportError> {
        let connection = self.pool.get_mut(id).ok_or(TransportError::FlowEnded)?;
        let flow = connection.flow;
        if let Stage::Open(_) = connection.stage {
            connection.last_used = now;
            let payload = octets.clone();
            self.wire.push_back(Output::Stream {
                connection: id,
                payload,
            });
        } else {
            let limit = self.config.max_queued_octets;
            if !self.pool.enqueue(id, &octets, limit) {
                return Err(TransportError::QueueFull { limit });
            }
        }
        self.note(now, Direction::Out, &flow, &octets);
        Ok(flow)
    }
}

fn check_destination(addr: SocketAddr) -> Result<(), TransportError> {
    match addr.ip().is_unspecified() || addr.port() == 0 {
        true => Err(TransportError::BadDestination),
        false => Ok(()),
    }
}
