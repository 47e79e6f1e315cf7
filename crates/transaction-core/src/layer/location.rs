//! From a next hop to the targets it stands for (RFC 3263), for requests and for the ACKs of 2xx.

use std::time::Instant;

use rvoip_sip_transport::sip_core::{Host, HostPort, RequestBuilder, Uri};
use rvoip_sip_transport::{LocateError, LocateId, Location, Sought, Target, TransportKind};

use super::TransactionLayer;
use crate::error::TransactionError;
use crate::next_hop::NextHop;
use crate::success_ack::{Ack, AckState, NamedAck};

/// Where a next hop leads, and whether the transport is said and not to be changed for the size of the request.
pub(super) enum Way {
    One(Target, bool),
    Several(Vec<Target>, bool),
    /// The servers are looked for; when there are none, the target is what is left.
    Search(LocateId, Option<Target>, bool),
}

impl TransactionLayer {
    /// Where a next hop leads.
    pub(super) fn way_to(
        &mut self,
        now: Instant,
        next_hop: NextHop,
    ) -> Result<Way, TransactionError> {
        let (uri, path) = match next_hop {
            NextHop::Target(target) => return Ok(Way::One(target, true)),
            NextHop::Uri { uri, path } => (uri, path),
        };
        // What asks for a secure way is not sent on another.
        let path = path.filter(|path| path.kind().is_secure() || !uri.is_sips());
        let located = sought(&uri, path.as_ref()).and_then(|sought| {
            let is_said = sought.is_explicit();
            Ok((self.transport.locate(now, sought)?, is_said))
        });
        match (located, path) {
            (Ok((Location::Direct(target), is_said)), Some(path)) => {
                let (kind, addr) = (target.kind(), target.remote());
                let is_reached = self.transport.listener_for(kind, addr).is_ok();
                Ok(match is_reached {
                    true if self.is_behind(&path, &target) => {
                        match path.remote().ip() == addr.ip() {
                            true => Way::One(path, true),
                            false => Way::Several(vec![target, path], is_said),
                        }
                    }
                    true => Way::One(target, is_said),
                    false => Way::One(path, true),
                })
            }
            (Ok((Location::Direct(target), is_said)), None) => Ok(Way::One(target, is_said)),
            (Ok((Location::Found(targets), is_said)), _) => Ok(Way::Several(targets, is_said)),
            (Ok((Location::Pending(search), is_said)), path) => {
                Ok(Way::Search(search, path, is_said))
            }
            (Err(_), Some(path)) => Ok(Way::One(path, true)),
            (Err(error), None) => Err(error.into()),
        }
    }

    /// Looks for a host that something else than a request is for, as media. What the domain name system has to be asked for
    /// comes later as [`TransactionEvent::HostFound`](crate::TransactionEvent::HostFound), exactly once.
    ///
    /// # Errors
    /// When too many searches are open, or no transport reaches a host.
    pub fn look_up(&mut self, now: Instant, host: &HostPort) -> Result<Location, LocateError> {
        let kinds = [TransportKind::Udp, TransportKind::Tcp, TransportKind::Tls];
        let mut located = Err(LocateError::UnsupportedTransport);
        for kind in kinds {
            located = self.transport.locate(now, Sought::of_sent_by(host, kind));
            if located.is_ok() {
                break;
            }
        }
        self.drain_transport(now);
        located
    }

    /// Whether the peer at `target` holds a secure connection to us open. A new one to its Contact would often meet NAT,
    /// or a certificate that names no address; the open one leads to whoever made the dialog. It comes first where
    /// both ends agree on the host (RFC 5923 section 5 in spirit), else last.
    fn is_behind(&self, path: &Target, target: &Target) -> bool {
        target.kind().is_secure()
            && path.kind() == target.kind()
            && matches!(path, Target::Flow(flow) if flow.connection().is_some())
            && self.transport.route(path).is_ok()
    }

    /// Sends the ACK of a 2xx, or lets it wait until its host is found.
    pub(super) fn begin_ack(
        &mut self,
        now: Instant,
        request: RequestBuilder,
        next_hop: NextHop,
    ) -> Result<Ack, TransactionError> {
        match self.way_to(now, next_hop)? {
            Way::One(target, _) => {
                let octets = self.send_ack_to(now, &request, &target)?;
                Ok(Ack(AckState::Sent { octets, target }))
            }
            Way::Several(mut targets, _) => {
                let (octets, target) = self.send_ack_to_one(now, &request, &mut targets)?;
                Ok(Ack(AckState::Sent { octets, target }))
            }
            Way::Search(search, path, _) => {
                if self.acks.len() >= self.config.max_transactions {
                    self.transport.stop_locating(search);
                    return Err(TransactionError::TableFull);
                }
                let until = now + self.config.timers.lifetime();
                let ack = NamedAck::Locating { request, path };
                let number = self.acks.insert(until, search, ack);
                // The search may have ended already.
                self.drain_transport(now);
                Ok(Ack(AckState::Named(number)))
            }
        }
    }

    /// The targets of a pursuit or of an ACK are known, or that there are none.
    pub(super) fn on_located(
        &mut self,
        now: Instant,
        search: LocateId,
        targets: Result<Vec<Target>, LocateError>,
    ) {
        if let Some(pursuit) = self.pursuits.located(search) {
            return self.begin_pursuit(now, pursuit, targets);
        }
        let Some((number, ack)) = self.acks.located(search) else {
            return self.on_response_located(now, search, targets.unwrap_or_default());
        };
        let NamedAck::Locating { request, path } = ack else {
            return;
        };
        let request = request.clone();
        let mut targets = match (targets, path.take()) {
            (Ok(targets), _) => targets,
            (Err(_), path) => path.into_iter().collect(),
        };
        match self.send_ack_to_one(now, &request, &mut targets) {
            Ok((octets, target)) => self.acks.set_sent(number, octets, target),
            Err(error) => {
                // The 2xx that comes again finds no ACK; at last its sender gives the call up.
                tracing::debug!(%error, "an ACK could not be sent");
                self.acks.remove(number);
            }
        }
    }

    /// Sends an ACK to the first of these targets that the network takes it for.
    fn send_ack_to_one(
        &mut self,
        now: Instant,
        request: &RequestBuilder,
        targets: &mut Vec<Target>,
    ) -> Result<(bytes::Bytes, Target), TransactionError> {
        let mut error = TransactionError::Locate(LocateError::NoAddress);
        while let Some(target) = self.transport.take_target(now, targets) {
            match self.send_ack_to(now, request, &target) {
                Ok(octets) => return Ok((octets, target)),
                Err(refused) => error = refused,
            }
        }
        Err(error)
    }

    fn send_ack_to(
        &mut self,
        now: Instant,
        request: &RequestBuilder,
        target: &Target,
    ) -> Result<bytes::Bytes, TransactionError> {
        let route = self.transport.route(target)?;
        let (via, _) = self.mint_via(route, request.method());
        let octets = request.clone().via(&via).build().to_bytes();
        self.transport.send_request(now, octets.clone(), target)?;
        Ok(octets)
    }
}

/// What has to be found for a URI. A URI that leads to the host of `path` and names no transport means the one in use; a
/// name that is none, or a WebSocket client, is where the path leads (RFC 7118 section 5).
fn sought(uri: &Uri, path: Option<&Target>) -> Result<Sought, LocateError> {
    let sought = Sought::of_uri(uri)?;
    let Some(path) = path else {
        return Ok(sought);
    };
    let is_web = |kind| matches!(kind, TransportKind::Ws | TransportKind::Wss);
    match sought.host() {
        Host::Name(name) if is_invalid(name) => Err(LocateError::NoSuchName),
        _ if sought.kind().is_some_and(is_web) && is_web(path.kind()) => {
            Err(LocateError::NoSuchName)
        }
        host if host.to_ip() == Some(path.remote().ip()) => Ok(sought.over(path.kind())),
        _ => Ok(sought),
    }
}

/// Whether a name is reserved for never being one (RFC 2606 section 2).
fn is_invalid(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let last = name.rsplit('.').next().unwrap_or(name);
    last.eq_ignore_ascii_case("invalid")
}
