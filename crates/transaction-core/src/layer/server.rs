//! The server side: requests in, responses out (RFC 3261 section 17.2).

use std::time::Instant;

use rvoip_sip_transport::Flow;
use rvoip_sip_transport::sip_core::{Message, Method, Request, Response};

use super::TransactionLayer;
use super::send::reread;
use super::step::Carried;
use crate::branch;
use crate::error::TransactionError;
use crate::event::TransactionEvent;
use crate::fingerprint::Fingerprint;
use crate::key::Key;
use crate::machine::{Machine, Stimulus, server_invite, server_non_invite};
use crate::transaction::{Relation, Transaction};

impl TransactionLayer {
    /// Hands a request to its transaction, or begins one.
    pub(super) fn on_request(&mut self, now: Instant, request: Request, flow: Flow) {
        if *request.method() == Method::Ack {
            return self.on_ack(now, request, flow);
        }
        let Some(fingerprint) = self.matcher.server(&request, request.method()) else {
            self.counters.defective_dropped += 1;
            return;
        };
        if let Some(key) = self.store.find(fingerprint) {
            return self.on_repeated(now, key, flow);
        }
        if *request.method() == Method::Cancel {
            return self.on_cancel(now, request, flow, fingerprint);
        }
        if !self.admits(now, &request, &flow, fingerprint) {
            return;
        }
        let invite = match *request.method() {
            Method::Invite => self.matcher.invite(&request),
            _ => None,
        };
        if invite.is_some_and(|invite| self.is_merged(invite)) && request.to_tag().is_none() {
            return self.refuse_merged(now, &request, &flow);
        }
        self.begin_server(now, request, flow, fingerprint, Relation::None, invite);
    }

    /// Whether an INVITE of the same call is being decided or was accepted. One that was refused may be tried again.
    fn is_merged(&self, invite: Fingerprint) -> bool {
        let first = self.store.find_invite(invite);
        let first = first.and_then(|key| self.store.get(key));
        first.is_some_and(|transaction| {
            use server_invite::State::{Accepted, Proceeding};
            matches!(
                transaction.machine,
                Machine::ServerInvite(Proceeding | Accepted)
            )
        })
    }

    /// Begins the transaction of a request and tells the transaction user, unless the layer answers it by itself.
    pub(super) fn begin_server(
        &mut self,
        now: Instant,
        request: Request,
        flow: Flow,
        fingerprint: Fingerprint,
        relation: Relation,
        invite: Option<Fingerprint>,
    ) -> Key {
        let (machine, actions) = if *request.method() == Method::Invite {
            let (state, actions) = server_invite::start();
            (Machine::ServerInvite(state), actions)
        } else {
            let (state, actions) = server_non_invite::start();
            (Machine::ServerNonInvite(state), actions)
        };
        let mut transaction = Transaction::new(machine, fingerprint, request.to_bytes());
        transaction.relation = relation;
        let transaction = transaction.found_as_invite(invite);
        let key = self.store.insert(flow, transaction);
        self.counters.server_transactions += 1;
        let message = if relation == Relation::Hidden {
            Carried::Nothing
        } else {
            Carried::Request(request, flow)
        };
        // Nothing goes out yet, so that the network has nothing to refuse.
        let _ = self.perform(now, key, &actions, message);
        key
    }

    /// The request came again, perhaps over a new connection.
    fn on_repeated(&mut self, now: Instant, key: Key, flow: Flow) {
        self.counters.retransmissions_absorbed += 1;
        if flow.kind.is_reliable() {
            self.store.set_flow(key, flow);
            if let Some(transaction) = self.store.get_mut(key) {
                transaction.reopened = false;
            }
        }
        // A failure of the network has become the transaction's terminal event by now.
        let _ = self.step(now, key, Stimulus::Request, Carried::Nothing);
    }

    /// An ACK ends a refused INVITE here; any other is the transaction user's.
    fn on_ack(&mut self, now: Instant, request: Request, flow: Flow) {
        let invite = self.matcher.server(&request, &Method::Invite);
        let key = invite.and_then(|fingerprint| self.store.find(fingerprint));
        match key.filter(|key| self.acknowledges(*key, &request)) {
            // An ACK makes nothing go out, so that the network has nothing to refuse.
            Some(key) => {
                if let Ok(false) =
                    self.step(now, key, Stimulus::Ack, Carried::Request(request, flow))
                {
                    self.counters.retransmissions_absorbed += 1;
                }
            }
            None if self.answered_stateless(&request, invite) => {
                self.counters.stateless_acknowledged += 1;
            }
            None => self
                .events
                .push_back(TransactionEvent::Ack { request, flow }),
        }
    }

    /// Whether an ACK that names this INVITE is for the response that went out: without a unique branch the To tag has
    /// to tell (RFC 3261 section 17.2.3).
    fn acknowledges(&self, key: Key, ack: &Request) -> bool {
        if ack.branch().is_some_and(branch::is_unique) {
            return true;
        }
        let kept = self
            .store
            .get(key)
            .filter(|transaction| transaction.sent)
            .map(|transaction| &transaction.kept);
        match kept.and_then(reread) {
            Some(Message::Response(response)) => response.to_tag() == ack.to_tag(),
            _ => true,
        }
    }

    /// Sends an answer of the transaction user.
    pub(super) fn answer(
        &mut self,
        now: Instant,
        key: Key,
        response: Response,
    ) -> Result<(), TransactionError> {
        let transaction = self.store.get(key).ok_or(TransactionError::Unknown)?;
        if transaction.machine.is_client() || transaction.relation == Relation::Hidden {
            return Err(TransactionError::Unknown);
        }
        let status = response.status();
        match self.step(
            now,
            key,
            Stimulus::Answer(status),
            Carried::Response(response),
        )? {
            true => Ok(()),
            false => Err(TransactionError::WrongState),
        }
    }
}
