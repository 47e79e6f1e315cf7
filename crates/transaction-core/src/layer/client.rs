//! The client side: requests out, responses in (RFC 3261 section 17.1).

use std::time::Instant;

use rvoip_sip_transport::sip_core::{
    ByteString, HeaderName, Method, RequestBuilder, Response, Via,
};
use rvoip_sip_transport::{Flow, Route, Target};

use super::TransactionLayer;
use super::step::Carried;
use crate::branch;
use crate::error::TransactionError;
use crate::event::TransactionEvent;
use crate::fingerprint::Fingerprint;
use crate::key::{ClientKey, Key};
use crate::machine::{Machine, Stimulus, client_invite, client_non_invite};
use crate::next_hop::OwnContact;
use crate::transaction::Transaction;

impl TransactionLayer {
    /// Sends a request to one target and begins its transaction; nothing is left behind when the network cannot take it.
    pub(super) fn begin_client(
        &mut self,
        now: Instant,
        request: RequestBuilder,
        contact: Option<OwnContact>,
        target: Target,
    ) -> Result<Key, TransactionError> {
        let (key, contact) = self.open_client(now, request, contact.as_ref(), &target)?;
        if contact.is_some() {
            let key = ClientKey(key);
            self.events.push_back(TransactionEvent::Sent {
                key,
                target,
                contact,
            });
        }
        Ok(key)
    }

    /// Sends a request with the Via, and the Contact, of the way to its target, and begins its transaction.
    pub(super) fn open_client(
        &mut self,
        now: Instant,
        mut request: RequestBuilder,
        contact: Option<&OwnContact>,
        target: &Target,
    ) -> Result<(Key, Option<ByteString>), TransactionError> {
        let route = self.transport.route(target)?;
        let contact = contact.map(|contact| contact.over(&route));
        if let Some(contact) = &contact {
            request = request.raw(&HeaderName::Contact, contact);
        }
        let (via, fingerprint) = self.mint_via(route, request.method());
        let is_invite = *request.method() == Method::Invite;
        let octets = request.via(&via).build().to_bytes();
        let flow = self.transport.send_request(now, octets.clone(), target)?;
        let reliable = flow.kind.is_reliable();
        let (machine, actions) = if is_invite {
            let (state, actions) = client_invite::start(reliable);
            (Machine::ClientInvite(state), actions)
        } else {
            let (state, actions) = client_non_invite::start(reliable);
            (Machine::ClientNonInvite(state), actions)
        };
        let mut transaction = Transaction::new(machine, fingerprint, octets);
        transaction.sent = true;
        let key = self.store.insert(flow, transaction);
        self.store.set_name(key, target);
        self.counters.client_transactions += 1;
        self.perform(now, key, &actions, Carried::Nothing)?;
        Ok((key, contact))
    }

    /// The Via of this side for a message that travels over this route, with a fresh branch.
    pub(super) fn mint_via(&mut self, route: Route, method: &Method) -> (Via, Fingerprint) {
        let branch = branch::mint(&mut self.rng, self.config.shard);
        let fingerprint = self.matcher.client(&branch, method);
        let via = Via::new(route.via_transport, route.sent_by, &branch);
        (via, fingerprint)
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
