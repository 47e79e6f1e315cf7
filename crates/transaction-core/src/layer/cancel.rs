//! CANCEL in both directions (RFC 3261 sections 9.1 and 9.2).

use std::time::Instant;

use rvoip_sip_transport::Flow;
use rvoip_sip_transport::sip_core::{HeaderName, Message, Method, Request, Response, StatusCode};

use super::TransactionLayer;
use super::send::{error_kind, reread, reread_request};
use super::step::Carried;
use crate::ack;
use crate::error::TransactionError;
use crate::event::TransactionEvent;
use crate::fingerprint::Fingerprint;
use crate::key::{Key, ServerKey};
use crate::machine::{Ending, Machine, Stimulus, client_invite, client_non_invite, server_invite};
use crate::transaction::{Relation, Transaction};

impl TransactionLayer {
    /// Makes the CANCEL of an INVITE of ours, and sends it if a provisional response is there.
    pub(super) fn begin_cancel(
        &mut self,
        now: Instant,
        invite: Key,
    ) -> Result<Key, TransactionError> {
        let transaction = self.store.get(invite).ok_or(TransactionError::Unknown)?;
        match transaction.machine {
            Machine::ClientInvite(
                client_invite::State::Calling | client_invite::State::Proceeding,
            ) => {}
            Machine::ClientInvite(_) => return Err(TransactionError::WrongState),
            _ => return Err(TransactionError::NotCancellable),
        }
        if transaction.relation != Relation::None {
            return Err(TransactionError::WrongState);
        }
        let flow = self.store.flow(invite).ok_or(TransactionError::Unknown)?;
        let request = reread_request(&transaction.kept).ok_or(TransactionError::WrongState)?;
        let to = request.headers().raw(&HeaderName::To).unwrap_or_default();
        let request = ack::same_hop(&request, Method::Cancel, to)?;
        let branch = request.branch().unwrap_or_default();
        let fingerprint = self.matcher.client(branch, &Method::Cancel);
        let cancel = Transaction::new(Machine::HeldCancel, fingerprint, request.to_bytes());
        let key = self.store.insert(flow, cancel);
        self.counters.client_transactions += 1;
        if let Some(transaction) = self.store.get_mut(invite) {
            transaction.relation = Relation::CancelledBy(key);
        }
        self.release_cancel(now, invite);
        Ok(key)
    }

    /// Lets the CANCEL of an INVITE go when a provisional response is there, and drops it when the final one is.
    pub(super) fn release_cancel(&mut self, now: Instant, invite: Key) {
        let Some(transaction) = self.store.get(invite) else {
            return;
        };
        let (Relation::CancelledBy(cancel), machine) = (transaction.relation, transaction.machine)
        else {
            return;
        };
        match machine {
            Machine::ClientInvite(client_invite::State::Calling) => {}
            Machine::ClientInvite(client_invite::State::Proceeding) => {
                self.send_cancel(now, invite, cancel)
            }
            _ => self.drop_held_cancel(cancel),
        }
    }

    /// Begins the transaction of a CANCEL held back, and the INVITE's last wait.
    fn send_cancel(&mut self, now: Instant, invite: Key, cancel: Key) {
        let Some(transaction) = self.store.get_mut(cancel) else {
            return;
        };
        if transaction.machine != Machine::HeldCancel {
            return;
        }
        let (state, actions) = client_non_invite::start(transaction.reliable);
        transaction.machine = Machine::ClientNonInvite(state);
        transaction.sent = true;
        let octets = transaction.kept.clone();
        // Failures of the network become terminal events: at once that of the CANCEL, later that of the INVITE.
        match self.send_octets(now, cancel, octets) {
            Ok(()) => {
                let _ = self.perform(now, cancel, &actions, Carried::Nothing);
            }
            Err(error) => self.fail(cancel, error_kind(error)),
        }
        let _ = self.step(now, invite, Stimulus::CancelSent, Carried::Nothing);
    }

    /// Ends a CANCEL that has not gone out.
    pub(super) fn drop_held_cancel(&mut self, cancel: Key) {
        if self
            .store
            .get(cancel)
            .is_some_and(|transaction| transaction.machine == Machine::HeldCancel)
        {
            self.end(cancel, Ending::Done, None);
        }
    }

    /// Answers a CANCEL and tells the transaction user, once, if there is something to cancel. The INVITE is found by
    /// branch, or else by its dialog: some clients give the CANCEL a branch of its own.
    pub(super) fn on_cancel(
        &mut self,
        now: Instant,
        request: Request,
        flow: Flow,
        fingerprint: Fingerprint,
    ) {
        let by_branch = self.matcher.server(&request, &Method::Invite);
        let invite = by_branch
            .and_then(|fingerprint| self.store.find(fingerprint))
            .or_else(|| self.store.find_invite(self.matcher.invite(&request)?));
        let status = if invite.is_some() {
            StatusCode::OK
        } else {
            StatusCode::CALL_OR_TRANSACTION_DOES_NOT_EXIST
        };
        if invite.is_none() {
            self.counters.cancels_unmatched += 1;
        }
        let given = invite.and_then(|key| self.tag_given(key));
        let stateless = self.stateless_tag(&request);
        let tag = given.as_deref().unwrap_or(stateless.as_str());
        let response = Response::builder_for(&request, status).to_tag(tag).build();
        // An answer that hangs on nothing leaves nothing, so that CANCELs out of the blue fill no table.
        if invite.is_some() && self.has_room(&Method::Cancel) {
            let key = self.begin_server(now, request, flow, fingerprint, Relation::Hidden, None);
            // The transaction user knows nothing of this transaction, nor of its failure.
            let _ = self.step(
                now,
                key,
                Stimulus::Answer(status),
                Carried::Response(response),
            );
        } else {
            let _ = self.transport.send_response(now, &response, &flow);
        }
        if let Some(key) = invite {
            self.tell_cancelled(key);
        }
    }

    /// Tells the transaction user of a CANCEL, once, while the INVITE has no final answer.
    fn tell_cancelled(&mut self, key: Key) {
        let Some(transaction) = self.store.get_mut(key) else {
            return;
        };
        let undecided =
            transaction.machine == Machine::ServerInvite(server_invite::State::Proceeding);
        if undecided && transaction.relation == Relation::None {
            transaction.relation = Relation::Cancelled;
            self.events.push_back(TransactionEvent::Cancelled {
                key: ServerKey(key),
            });
        }
    }

    /// The To tag of the answers to an INVITE so far, which its CANCEL is answered with too (RFC 3261 section 9.2).
    fn tag_given(&self, key: Key) -> Option<String> {
        let transaction = self.store.get(key).filter(|transaction| transaction.sent)?;
        match reread(&transaction.kept)? {
            Message::Response(response) => response.to_tag().map(str::to_owned),
            Message::Request(_) => None,
        }
    }
}
