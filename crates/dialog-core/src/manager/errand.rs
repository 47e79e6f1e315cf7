//! Getting a request on its way: from a URI to an address, over a name if need be, and into the layer below.
//!
//! This is the part of RFC 3263 that needs no more than host addresses: a transport from the URI's parameter, else
//! UDP; a port from the URI, else the transport's own; an address from the URI, else the first that the name has and
//! that a listener can reach.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use rvoip_transaction_core::sip_core::{ByteString, Contact, Header, Host, HeaderName, RequestBuilder, Scheme, Uri};
use rvoip_transaction_core::sip_transport::{ResolveId, Route, Target, TransportKind};
use rvoip_transaction_core::ClientKey;

use super::call::Exchange;
use super::client::ClientUse;
use super::step::{Common, Work};
use super::DialogManager;
use crate::fork::{Acknowledgement, Forks};
use crate::invite::uac;
use crate::{CallKey, DialogError, EndCause};

/// A request to send and what it is for.
#[derive(Debug)]
pub(super) struct Errand {
    pub(super) purpose: Purpose,
    pub(super) request: RequestBuilder,
}

/// What a request is for.
#[derive(Debug)]
pub(super) enum Purpose {
    /// The INVITE that begins a call; the user of its Contact.
    Invite { call: CallKey, user: Option<ByteString> },
    Reinvite(CallKey),
    /// The ACK of a 2xx with this To tag.
    Ack { invite: ClientKey, tag: Option<ByteString> },
    /// BYE, of no call when a fork lost.
    Bye(Option<CallKey>),
}

/// An errand that waits for a name.
#[derive(Debug)]
pub(super) struct Waiting {
    errand: Errand,
    kind: TransportKind,
    port: u16,
    path: Option<Target>,
}

/// The host, port and transport that a URI names; `None` when it names none that is spoken.
fn locate(uri: &Uri, path: Option<&Target>) -> Option<(Host, u16, TransportKind)> {
    if uri.scheme() != Scheme::Sip {
        return None;
    }
    let host = match uri.param("maddr") {
        Some(maddr) => maddr.parse().ok()?,
        None => uri.host()?.clone(),
    };
    let kind = match uri.param("transport") {
        Some(word) => word.parse().ok()?,
        // A peer that names no transport is reached over the one it already uses.
        None => path.filter(|path| host.to_ip() == Some(path.remote().ip())).map_or(TransportKind::Udp, Target::kind),
    };
    Some((host, uri.port().unwrap_or(kind.default_port()), kind))
}

/// The Contact of a request or response that travels over this route: the real address and port, and the transport
/// unless it is the one that is meant without words.
pub(super) fn contact_for(route: &Route, user: Option<&str>) -> ByteString {
    let uri = Uri::sip(user, route.sent_by.host.clone(), route.sent_by.port.or(Some(route.kind.default_port())));
    let uri = match route.kind {
        TransportKind::Udp => uri,
        kind => uri.with_param("transport", Some(kind.as_str())),
    };
    let mut text = String::new();
    Contact::new(uri).write(&mut text);
    text.into()
}

impl DialogManager {
    /// Sends a request to where a URI points. `path` is for URIs that lead nowhere.
    pub(super) fn dispatch(
        &mut self,
        now: Instant,
        errand: Errand,
        next_hop: &Uri,
        path: Option<Target>,
    ) -> Result<(), DialogError> {
        let Some((host, port, kind)) = locate(next_hop, path.as_ref()) else {
            let target = path.ok_or_else(|| DialogError::Unreachable(next_hop.clone()))?;
            return self.deliver(now, errand, target);
        };
        if let Some(ip) = host.to_ip() {
            return self.deliver(now, errand, Target::Address { kind, addr: SocketAddr::new(ip, port) });
        }
        let query = self.transactions.transport_mut().resolve(now, &host).map_err(|error| {
            DialogError::Transaction(rvoip_transaction_core::TransactionError::Transport(error))
        })?;
        self.waiting.insert(query, Waiting { errand, kind, port, path });
        Ok(())
    }

    /// Sends the request that waited for this name.
    pub(super) fn handle_resolved(&mut self, now: Instant, query: ResolveId, addresses: &[IpAddr]) {
        let Some(Waiting { errand, kind, port, path }) = self.waiting.remove(&query) else { return };
        let transport = self.transactions.transport();
        let reachable = addresses
            .iter()
            .map(|ip| SocketAddr::new(*ip, port))
            .find(|addr| transport.listener_for(kind, *addr).is_ok())
            .map(|addr| Target::Address { kind, addr });
        let (call, bye) = match &errand.purpose {
            Purpose::Invite { call, .. } | Purpose::Reinvite(call) => (Some(*call), false),
            Purpose::Bye(call) => (*call, true),
            Purpose::Ack { .. } => (None, false),
        };
        let cause = match reachable.or(path) {
            None => EndCause::Unresolved,
            Some(target) => match self.deliver(now, errand, target) {
                Ok(()) => return,
                Err(_) => EndCause::TransportFailed { error: io::ErrorKind::HostUnreachable },
            },
        };
        let Some(key) = call else { return };
        if bye {
            self.step(now, key, Common::ByeDone, Work::default());
        } else if let Some(call) = self.calls.get_mut(key) {
            call.note(cause);
            if !self.step_caller(now, key, uac::Input::SendFailed, Work::default()) {
                self.reoffer_failed(now, key, None);
            }
        }
    }

    /// Sends a request to an address.
    pub(super) fn deliver(&mut self, now: Instant, errand: Errand, target: Target) -> Result<(), DialogError> {
        let Errand { purpose, mut request } = errand;
        match purpose {
            Purpose::Invite { call: key, user } => {
                let route = self.transactions.transport().route(&target);
                let route = route.map_err(rvoip_transaction_core::TransactionError::Transport)?;
                let Some(call) = self.calls.get_mut(key) else { return Ok(()) };
                call.dialog.set_contact(contact_for(&route, user.as_deref()));
                call.path = Some(target);
                request = request.raw(&HeaderName::Contact, call.dialog.contact());
                self.begin_invite(now, key, request, &target, true)?;
                self.step_caller(now, key, uac::Input::Sent, Work::default());
            }
            Purpose::Reinvite(key) => self.begin_invite(now, key, request, &target, false)?,
            Purpose::Ack { invite, tag } => {
                let octets = self.transactions.send_ack(now, request, &target)?;
                if let Some(ClientUse::Invite { forks, .. }) = self.clients.get_mut(&invite) {
                    forks.acknowledged(tag.as_deref(), Acknowledgement { octets, target });
                }
            }
            Purpose::Bye(call) => {
                let client = self.transactions.send_request(now, request, &target)?;
                self.clients.insert(client, ClientUse::Bye { call });
            }
        }
        Ok(())
    }

    fn begin_invite(
        &mut self,
        now: Instant,
        key: CallKey,
        request: RequestBuilder,
        target: &Target,
        initial: bool,
    ) -> Result<(), DialogError> {
        let Some(call) = self.calls.get_mut(key) else { return Ok(()) };
        let Exchange::Ours { client, .. } = &mut call.exchange else { return Ok(()) };
        let sent = self.transactions.send_request(now, request, target)?;
        *client = Some(sent);
        self.clients.insert(sent, ClientUse::Invite { call: key, initial, forks: Box::new(Forks::default()) });
        Ok(())
    }
}
