//! The client side: requests out, responses in (RFC 3261 section 17.1).

use std::time::Instant;

use rvoip_sip_transport::sip_core::{Method, Request, RequestBuilder, Response, Via};
use rvoip_sip_transport::{Flow, Target};

use super::TransactionLayer;
use super::step::Carried;
use crate::branch;
use crate::error::TransactionError;
use crate::event::TransactionEvent;
use crate::key::Key;
use crate::machine::{Machine, Stimulus, client_invite, client_non_invite};
use crate::matching::Fingerprint;
use crate::transaction::Transaction;

impl TransactionLayer {
    /// Sends a request and begins its transaction; nothing is left behind when the network cannot take it.
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
        let key = self.store.insert(flow, |flow| {
            let mut transaction = Transaction::new(machine, fingerprint, flow, octets);
            transaction.sent = true;
            transaction
        });
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

    /// Hands a response to its transaction, or up when it has none.
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
        let (branch, cseq) = (response.branch()?, response.cseq().ok()?);
        let key = self.store.find(self.matcher.client(branch, &cseq.method))?;
        self.store
            .get(key)
            .filter(|transaction| transaction.machine != Machine::HeldCancel)?;
        Some(key)
    }
}
