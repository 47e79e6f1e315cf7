//! Getting a request on its way: from a URI to an address, over a name if need be, and into the layer below.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use rvoip_transaction_core::sip_core::{ByteString, HeaderName, RequestBuilder, StatusCode, Uri};
use rvoip_transaction_core::sip_transport::{ResolveId, Target, TransportKind};
use rvoip_transaction_core::{ClientKey, TransactionError};

use super::DialogManager;
use super::call::Exchange;
use super::client::ClientUse;
use super::step::{Common, Work};
use crate::fork::{Acknowledgement, Forks};
use crate::invite::uac;
use crate::next_hop::{contact_for, locate};
use crate::{CallKey, DialogError, EndCause};

/// A request to send and what it is for.
#[derive(Debug)]
pub(super) struct Errand {
    pub(super) purpose: Purpose,
    pub(super) request: RequestBuilder,
}

impl Errand {
    pub(super) fn new(purpose: Purpose, request: RequestBuilder) -> Errand {
        Errand { purpose, request }
    }
}

/// What a request is for.
#[derive(Clone, Debug)]
pub(super) enum Purpose {
    /// The INVITE that begins a call; the user of its Contact.
    Invite {
        call: CallKey,
        user: Option<ByteString>,
    },
    Reinvite(CallKey),
    /// The ACK of a 2xx with this To tag.
    Ack {
        invite: ClientKey,
        tag: Option<ByteString>,
    },
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
            let target = path.ok_or_else(|| DialogError::Unreachable(next_hop.as_str().into()))?;
            return self.deliver(now, errand, target);
        };
        if let Some(ip) = host.to_ip() {
            let direct = Target::Address {
                kind,
                addr: SocketAddr::new(ip, port),
            };
            let target = self.reachable(kind, port, &[ip]).or(path).unwrap_or(direct);
            return self.deliver(now, errand, target);
        }
        let query = self
            .transactions
            .transport_mut()
            .resolve(now, &host)
            .map_err(TransactionError::Transport)?;
        self.waiting.insert(
            query,
            Waiting {
                errand,
                kind,
                port,
                path,
            },
        );
        Ok(())
    }

    /// The first of the addresses that a listener can reach.
    fn reachable(&self, kind: TransportKind, port: u16, addresses: &[IpAddr]) -> Option<Target> {
        let transport = self.transactions.transport();
        addresses
            .iter()
            .map(|ip| SocketAddr::new(*ip, port))
            .find(|addr| transport.listener_for(kind, *addr).is_ok())
            .map(|addr| Target::Address { kind, addr })
    }

    /// Sends the request that waited for this name.
    pub(super) fn handle_resolved(&mut self, now: Instant, query: ResolveId, addresses: &[IpAddr]) {
        let Some(Waiting {
            errand,
            kind,
            port,
            path,
        }) = self.waiting.remove(&query)
        else {
            return;
        };
        let reachable = self.reachable(kind, port, addresses);
        let purpose = errand.purpose.clone();
        let cause = match reachable.or(path) {
            None => EndCause::Unresolved,
            Some(target) => match self.deliver(now, errand, target) {
                Ok(()) => return,
                Err(_) => EndCause::TransportFailed {
                    error: io::ErrorKind::HostUnreachable,
                },
            },
        };
        match purpose {
            Purpose::Invite { call, .. } => {
                self.handle_invite_failed(now, call, uac::Input::SendFailed, cause);
            }
            Purpose::Reinvite(call) => {
                self.reoffer_failed(now, call, StatusCode::SERVICE_UNAVAILABLE)
            }
            Purpose::Bye(Some(call)) => {
                self.step(now, call, Common::ByeDone, Work::default());
            }
            Purpose::Ack { .. } | Purpose::Bye(None) => {}
        }
    }

    /// Sends a request to an address.
    pub(super) fn deliver(
        &mut self,
        now: Instant,
        errand: Errand,
        target: Target,
    ) -> Result<(), DialogError> {
        let Errand {
            purpose,
            mut request,
        } = errand;
        match purpose {
            Purpose::Invite { call: key, user } => {
                let route = self.transactions.transport().route(&target);
                let route = route.map_err(TransactionError::Transport)?;
                let Some(call) = self.calls.get_mut(key) else {
                    return Ok(());
                };
                call.dialog
                    .set_contact(contact_for(&route, user.as_deref()));
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
        let Some(call) = self.calls.get_mut(key) else {
            return Ok(());
        };
        let Exchange::Ours { client, .. } = &mut call.exchange else {
            return Ok(());
        };
        let sent = self.transactions.send_request(now, request, target)?;
        *client = Some(sent);
        self.clients.insert(
            sent,
            ClientUse::Invite {
                call: key,
                initial,
                forks: Box::new(Forks::default()),
            },
        );
        Ok(())
    }
}
