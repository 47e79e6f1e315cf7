//! The client side: requests out, responses in (RFC 3261 section 17.1), and CANCEL (section 9.1).

use std::io;
use std::time::Instant;

use rvoip_sip_transport::sip_core::{Method, Request, RequestBuilder, Response, Via};
use rvoip_sip_transport::{Flow, Target};

use super::TransactionLayer;
use super::step::{Carried, error_kind, reread_request};
use crate::branch;
use crate::cancel;
use crate::error::TransactionError;
use crate::event::TransactionEvent;
use crate::key::Key;
use crate::machine::{Machine, Stimulus, client_invite, client_non_invite};
use crate::matching::Fingerprint;
use crate::transaction::{Link, Transaction};

impl TransactionLayer {
    pub(super) fn begin_client(
        &mut self,
        now: Instant,
        request: RequestBuilder,
        target: &Target,
    ) -> Result<Key, TransactionError> {
        let method = request.method().clone();
        if matches!(method, Method::Ack | Method::Cancel) {
            return Err(TransactionError::NotARequestOfItsOwn);
        }
        if !self.has_room(&method) {
            return Err(TransactionError::TableFull);
        }
        let (request, fingerprint) = self.put_via(request, target)?;
        let octets = request.to_bytes();
        let flow = self.transport.send_request(now, octets.clone(), target)?;
        let reliable = flow.kind.is_reliable();
        let (machine, actions) = if method == Method::Invite {
            let (state, actions) = client_invite::start(reliable);
            (Machine::ClientInvite(state), actions)
        } else {
            let (state, actions) = client_non_invite::start(reliable);
            (Machine::ClientNonInvite(state), actions)
        };
        let mut transaction = Transaction::new(machine, fingerprint, flow, octets);
        transaction.sent = true;
        let key = self.store.insert(transaction);
        self.counters.client_transactions += 1;
        self.perform(now, key, &actions, Carried::Nothing)?;
        Ok(key)
    }

    /// Puts the Via of this side with a fresh branch on top.
    pub(super) fn put_via(
        &mut self,
        request: RequestBuilder,
        target: &Target,
    ) -> Result<(Request, Fingerprint), TransactionError> {
        let route = self.transport.route(target)?;
        let branch = branch::mint(&mut self.rng, self.config.shard);
        let fingerprint = self.matcher.client(&branch, request.method());
        let via = Via::new(route.via_transport, route.sent_by, &branch);
        Ok((request.via(&via).build(), fingerprint))
    }

    pub(super) fn on_response(&mut self, now: Instant, response: Response, flow: Flow) {
        let Some(key) = self.client_of(&response) else {
            self.counters.stray_responses += 1;
            self.events
                .push_back(TransactionEvent::StrayResponse { response, flow });
            return;
        };
        let status = response.status();
        // A failure of the network has become the transaction's terminal event by now.
        if let Ok(false) = self.step(
            now,
            key,
            Stimulus::Response(status),
            Carried::Response(response),
        ) {
            self.counters.retransmissions_absorbed += 1;
        }
        self.release_cancel(now, key);
    }

    /// The transaction of a response; never by the socket it came in on (RFC 3261 section 18.1.2).
    fn client_of(&self, response: &Response) -> Option<Key> {
        let (via, cseq) = (response.top_via().ok()?, response.cseq().ok()?);
        let key = self
            .store
            .find(self.matcher.client(via.branch()?, &cseq.method))?;
        self.store
            .get(key)
            .filter(|transaction| transaction.machine != Machine::HeldCancel)?;
        Some(key)
    }

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
        if transaction.link != Link::None {
            return Err(TransactionError::WrongState);
        }
        let flow = transaction.flow;
        let request = reread_request(&transaction.kept).ok_or(TransactionError::WrongState)?;
        let request = cancel::of(&request)?;
        let via = request.top_via()?;
        let fingerprint = self
            .matcher
            .client(via.branch().unwrap_or_default(), &Method::Cancel);
        let held = Transaction::new(Machine::HeldCancel, fingerprint, flow, request.to_bytes());
        let key = self.store.insert(held);
        self.counters.client_transactions += 1;
        if let Some(transaction) = self.store.get_mut(invite) {
            transaction.link = Link::CancelledBy(key);
        }
        self.release_cancel(now, invite);
        Ok(key)
    }

    /// Lets the CANCEL of an INVITE go when a provisional response is there, and drops it when the final one is.
    fn release_cancel(&mut self, now: Instant, invite: Key) {
        let Some(transaction) = self.store.get(invite) else {
            return;
        };
        let (Link::CancelledBy(cancel), machine) = (transaction.link, transaction.machine) else {
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

    fn send_cancel(&mut self, now: Instant, invite: Key, cancel: Key) {
        let Some(transaction) = self.store.get_mut(cancel) else {
            return;
        };
        if transaction.machine != Machine::HeldCancel {
            return;
        }
        let (state, actions) = client_non_invite::start(transaction.is_reliable());
        transaction.machine = Machine::ClientNonInvite(state);
        transaction.sent = true;
        let (octets, flow) = (transaction.kept.clone(), transaction.flow);
        // Failures of the network become terminal events: at once that of the CANCEL, later that of the INVITE.
        match self.send_octets(now, cancel, octets, &flow) {
            Ok(()) => {
                let _ = self.perform(now, cancel, &actions, Carried::Nothing);
            }
            Err(error) => self.fail(cancel, error_kind(error)),
        }
        let _ = self.step(now, invite, Stimulus::CancelSent, Carried::Nothing);
    }

    /// A flow is gone. What waits for a response on it has failed; a response may still be brought home over a connection
    /// opened for it (RFC 3261 section 18.2.2), unless this was one.
    pub(super) fn on_flow_failed(&mut self, flow: &Flow, error: io::ErrorKind) {
        for key in self.store.on_flow(flow) {
            let survives = self.store.get(key).is_some_and(|transaction| {
                let held = transaction.machine == Machine::HeldCancel;
                held || !transaction.machine.is_client()
                    && transaction.is_reliable()
                    && !transaction.reopened
            });
            if !survives {
                self.fail(key, error);
            }
        }
    }
}
