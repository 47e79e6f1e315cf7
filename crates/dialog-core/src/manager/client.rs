//! What the client transactions below report, and whom it concerns.

mod response;

use std::time::Instant;

use rvoip_transaction_core::sip_core::{ByteString, StatusCode};
use rvoip_transaction_core::sip_transport::Target;
use rvoip_transaction_core::{ClientKey, TransactionEvent};

use super::DialogManager;
use super::step::{Common, Work};
use super::subscription::Asked;
use crate::fork::Forks;
use crate::invite::draft::Draft;
use crate::invite::uac;
use crate::offer_answer::Proposal;
use crate::soft_state::SoftStateKey;
use crate::{CallKey, EndCause, Leg, RequestKey, SubscriptionKey};

/// What a client transaction is for.
#[derive(Debug)]
pub(super) enum ClientUse {
    /// An INVITE, the first of its call or a later one. Lives as long as the transaction, to answer every 2xx.
    Invite {
        call: CallKey,
        initial: bool,
        forks: Box<Forks>,
    },
    /// The PRACK of the reliable provisional response with this RSeq.
    Prack { leg: Leg, rseq: u32 },
    /// An UPDATE.
    Update { leg: Leg, proposal: Box<Proposal> },
    /// A BYE, of no call when it is for a fork that lost.
    Bye { call: Option<CallKey> },
    /// SUBSCRIBE, REFER or NOTIFY.
    Subscription { key: SubscriptionKey, asked: Asked },
    /// A REGISTER or PUBLISH of ours.
    SoftState(SoftStateKey),
    /// A request of the application, perhaps inside a call.
    Request {
        key: RequestKey,
        call: Option<CallKey>,
    },
}

impl ClientUse {
    /// The INVITE that begins a call.
    pub(super) fn first_invite(call: CallKey, proposal: Proposal, draft: Draft) -> ClientUse {
        let mut forks = Forks::of(Some(proposal));
        forks.draft = Some(draft);
        ClientUse::Invite {
            call,
            initial: true,
            forks: Box::new(forks),
        }
    }

    /// An INVITE, the first of its call or a later one, and what it offers.
    pub(super) fn invite(call: CallKey, initial: bool, proposal: Option<Proposal>) -> ClientUse {
        ClientUse::Invite {
            call,
            initial,
            forks: Box::new(Forks::of(proposal)),
        }
    }
}

impl DialogManager {
    /// Handles all that the layer below has to tell.
    pub(super) fn pump(&mut self, now: Instant) {
        while let Some(event) = self.transactions.poll_event() {
            let keeps_requests = self.keeps_requests();
            if keeps_requests {
                self.forget_kept(&event);
            }
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
                    self.forget_served(key);
                }
                TransactionEvent::Response { key, response }
                    if keeps_requests && self.is_sent_again(now, key, &response) => {}
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
                TransactionEvent::ClientTransportFailed { key, .. }
                    if keeps_requests && self.moves(now, key) => {}
                TransactionEvent::ClientTransportFailed { key, error } => {
                    self.authentication.kept.remove(&key);
                    let cause = EndCause::TransportFailed { error };
                    self.handle_client_failed(now, key, StatusCode::SERVICE_UNAVAILABLE, cause);
                }
                TransactionEvent::ClientTerminated { key } => {
                    self.handle_client_terminated(now, key)
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
                } => self.handle_sent(key, target, contact.as_ref()),
                TransactionEvent::LateSuccess { response } => {
                    if !self.acknowledge_late(now, &response) {
                        self.disown(now, None, &response, true);
                    }
                }
                // Without a call, its sender has given up by itself: it comes later than 64*T1 after the first.
                TransactionEvent::StrayResponse { response, .. } => {
                    self.acknowledge_late(now, &response);
                }
                TransactionEvent::HostFound { search, targets } => {
                    self.handle_host_found(search, &targets)
                }
                TransactionEvent::FlowFailed { flow, .. } => self.handle_flow_lost(now, &flow),
                TransactionEvent::MappedAddress { flow, previous, .. } => {
                    if previous.is_some() {
                        self.handle_flow_lost(now, &flow);
                    }
                }
            }
        }
    }

    /// A request goes to a server, the first or another than before.
    fn handle_sent(&mut self, client: ClientKey, target: Target, contact: Option<&ByteString>) {
        self.note_target(client, &target);
        let Some(contact) = contact else {
            return;
        };
        if let Some(ClientUse::Invite { call, .. }) = self.clients.get(&client)
            && let Some(call) = self.calls.get_mut(*call)
        {
            call.dialog.set_contact(contact);
            let key = call.key;
            self.calls.set_path(key, target);
        } else if let Some(ClientUse::Subscription { key, .. }) = self.clients.get(&client) {
            self.handle_subscription_sent(*key, target, contact);
        } else if let Some(ClientUse::SoftState(key)) = self.clients.get(&client) {
            self.registration_sent(*key, target, contact);
        }
    }

    /// A transaction is over; what waits for an answer still gets none.
    fn handle_client_terminated(&mut self, now: Instant, client: ClientKey) {
        match self.clients.remove(&client) {
            Some(ClientUse::Bye { call: Some(call) }) => {
                self.step(now, call, Common::ByeDone, Work::default());
            }
            Some(ClientUse::Request { key, call }) => {
                self.handle_unanswered(now, key, call, EndCause::TimedOut);
            }
            Some(ClientUse::SoftState(key)) => {
                self.soft_state_failed(now, key, EndCause::TimedOut);
            }
            Some(ClientUse::Prack { leg, rseq }) => self.prack_answered(now, leg, rseq, false),
            Some(ClientUse::Update { leg, proposal }) => {
                let status = StatusCode::REQUEST_TIMEOUT;
                self.handle_update_answered(now, leg, *proposal, status, None);
            }
            Some(ClientUse::Subscription { key, asked }) => {
                self.handle_subscription_unanswered(now, key, asked, &EndCause::TimedOut);
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
            Some(ClientUse::Invite { call, forks, .. }) => {
                self.reoffer_failed(now, call, forks.proposal, status, None)
            }
            Some(ClientUse::Prack { leg, rseq }) => self.prack_answered(now, leg, rseq, false),
            Some(ClientUse::Update { leg, proposal }) => {
                self.handle_update_answered(now, leg, *proposal, status, None);
            }
            Some(ClientUse::Bye { call: Some(call) }) => {
                self.step(now, call, Common::ByeDone, Work::default());
            }
            Some(ClientUse::Request { key, call }) => {
                self.handle_unanswered(now, key, call, cause);
            }
            Some(ClientUse::SoftState(key)) => self.soft_state_failed(now, key, cause),
            Some(ClientUse::Subscription { key, asked }) => {
                self.handle_subscription_unanswered(now, key, asked, &cause);
            }
            _ => {}
        }
    }
}
