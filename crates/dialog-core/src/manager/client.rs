//! What the client transactions below report, and whom it concerns.

use std::time::Instant;

use rvoip_transaction_core::sip_core::{Response, StatusCode};
use rvoip_transaction_core::sip_transport::Target;
use rvoip_transaction_core::{ClientKey, TransactionEvent};

use super::DialogManager;
use super::step::{Common, Work};
use crate::fork::{Forks, Verdict};
use crate::invite::uac;
use crate::{CallKey, EndCause};

/// What a client transaction is for.
#[derive(Debug)]
pub(super) enum ClientUse {
    /// An INVITE, the first of its call or a later one. Lives as long as the transaction, to answer every 2xx.
    Invite {
        call: CallKey,
        initial: bool,
        forks: Box<Forks>,
    },
    /// A BYE, of no call when it is for a fork that lost.
    Bye { call: Option<CallKey> },
}

impl DialogManager {
    /// Handles all that the layer below has to tell.
    pub(super) fn pump(&mut self, now: Instant) {
        while let Some(event) = self.transactions.poll_event() {
            match event {
                TransactionEvent::Request { key, request, flow } => {
                    self.handle_request(now, key, request, flow)
                }
                TransactionEvent::Ack { request, .. } => self.handle_ack(now, &request),
                TransactionEvent::Cancelled { key } => self.handle_cancelled(now, key),
                TransactionEvent::ServerFailed { key, cause } => {
                    self.handle_server_failed(now, key, cause)
                }
                TransactionEvent::ServerTerminated { key } => {
                    self.servers.remove(&key);
                }
                TransactionEvent::Response { key, response } => {
                    self.handle_response(now, key, &response)
                }
                TransactionEvent::ClientTimedOut { key } => {
                    self.handle_client_failed(
                        now,
                        key,
                        StatusCode::REQUEST_TIMEOUT,
                        EndCause::TimedOut,
                    );
                }
                TransactionEvent::ClientTransportFailed { key, error } => {
                    let cause = EndCause::TransportFailed { error };
                    self.handle_client_failed(now, key, StatusCode::SERVICE_UNAVAILABLE, cause);
                }
                TransactionEvent::ClientTerminated { key } => {
                    if let Some(ClientUse::Bye { call: Some(call) }) = self.clients.remove(&key) {
                        self.step(now, call, Common::ByeDone, Work::default());
                    }
                }
                TransactionEvent::ClientUnlocated { key, error } => {
                    let cause = EndCause::Unlocated { error };
                    self.handle_client_failed(now, key, StatusCode::SERVICE_UNAVAILABLE, cause);
                }
                TransactionEvent::ClientCancelled { key } => {
                    let status = StatusCode::REQUEST_TERMINATED;
                    self.handle_client_failed(now, key, status, EndCause::Cancelled);
                }
                TransactionEvent::Sent {
                    key,
                    target,
                    contact,
                } => self.handle_sent(key, target, &contact),
                TransactionEvent::LateSuccess { response } => {
                    self.disown(now, None, &response, true)
                }
                // A 2xx later than 64*T1 after the first: its sender has given up by itself.
                TransactionEvent::StrayResponse { .. } => {}
            }
        }
    }

    /// The INVITE of a call goes to a server, the first or another than before.
    fn handle_sent(&mut self, client: ClientKey, target: Target, contact: &str) {
        if let Some(ClientUse::Invite { call, .. }) = self.clients.get(&client)
            && let Some(call) = self.calls.get_mut(*call)
        {
            call.dialog.set_contact(contact);
            let key = call.key;
            self.calls.set_path(key, target);
        }
    }

    fn handle_response(&mut self, now: Instant, client: ClientKey, response: &Response) {
        let status = response.status();
        match self.clients.get_mut(&client) {
            Some(ClientUse::Bye { call }) if status.is_final() => {
                let call = *call;
                self.clients.remove(&client);
                if let Some(call) = call {
                    self.step(now, call, Common::ByeDone, Work::default());
                }
            }
            Some(ClientUse::Invite {
                call,
                initial,
                forks,
            }) => {
                let (call, initial) = (*call, *initial);
                if !status.is_final() {
                    if initial {
                        self.handle_progress(now, call, response);
                    }
                } else if status.is_success() {
                    let tag = response.to_tag();
                    match forks.success(tag) {
                        Verdict::Winner if initial => {
                            self.handle_success(now, call, client, response)
                        }
                        Verdict::Winner => {
                            self.handle_reoffer_answered(now, call, client, response)
                        }
                        Verdict::Repeat => self.repeat_ack(now, client, tag),
                        Verdict::Loser => self.disown(now, Some(client), response, true),
                        Verdict::Ignored => {}
                    }
                } else {
                    self.clients.remove(&client);
                    if initial {
                        let cause = EndCause::Rejected {
                            status,
                            reason: response.reason_phrase().into(),
                        };
                        self.handle_invite_failed(now, call, uac::Input::Failure, cause);
                    } else {
                        self.reoffer_failed(now, call, status);
                    }
                }
            }
            _ => {}
        }
    }

    fn handle_client_failed(
        &mut self,
        now: Instant,
        client: ClientKey,
        status: StatusCode,
        cause: EndCause,
    ) {
        match self.clients.remove(&client) {
            Some(ClientUse::Invite {
                call,
                initial: true,
                ..
            }) => {
                self.handle_invite_failed(now, call, uac::Input::TransactionFailed, cause);
            }
            Some(ClientUse::Invite { call, .. }) => self.reoffer_failed(now, call, status),
            Some(ClientUse::Bye { call: Some(call) }) => {
                self.step(now, call, Common::ByeDone, Work::default());
            }
            _ => {}
        }
    }
}
