//! The caller's side: placing a call and what its INVITE brings back (RFC 3261 section 13.2).

use std::time::Instant;

use rvoip_transaction_core::sip_core::{ByteString, HeaderName, Method, RequestBuilder};
use rvoip_transaction_core::{ClientKey, NextHop, OwnContact};

use super::DialogManager;
use super::call::{Exchange, Role};
use super::client::ClientUse;
use super::errand::Errand;
use super::step::Work;
use crate::config::DialogManagerConfig;
use crate::dialog::Dialog;
use crate::extensions::{RELIABLE, ReliableProvisionals};
use crate::id::{LocalTag, mint_call_id};
use crate::invite::draft::Draft;
use crate::invite::uac;
use crate::offer_answer::{Carrier, Party, Proposal};
use crate::{Body, CallKey, DialogError, OutgoingCall};

/// How often an INVITE asks for a longer session interval.
const MAX_ROUNDS: u8 = 5;

impl DialogManager {
    /// Places a call. What becomes of it is told by events, the last of them
    /// [`Ended`](crate::SessionCoordinationEvent::Ended).
    ///
    /// # Errors
    /// When this manager is a server, drains, is full, or when the INVITE cannot be sent; there is then no call.
    pub fn invite(&mut self, now: Instant, call: OutgoingCall) -> Result<CallKey, DialogError> {
        if matches!(self.config, DialogManagerConfig::Server(_)) {
            return Err(DialogError::NotAClient);
        }
        if self.draining {
            return Err(DialogError::Draining);
        }
        let (max_calls, _) = self.limits();
        if self.calls.len() >= max_calls {
            return Err(DialogError::TooManyCalls(max_calls));
        }
        let (call_id, tag) = (mint_call_id(&mut self.rng), LocalTag::mint(&mut self.rng));
        let mut dialog = Dialog::outgoing(&call_id, tag, &call.local, &call.remote, &call.route);
        if let Some(request_uri) = &call.request_uri {
            dialog.set_target(request_uri);
        }
        let unreachable = || DialogError::Unreachable(call.remote.as_str().into());
        let (request, place) = dialog
            .request(Method::Invite, 1)
            .map_err(|_| unreachable())?;
        let draft = Draft {
            headers: call.headers,
            contact: OwnContact {
                user: call.local.uri().user().map(ByteString::from),
                secure: call.remote.is_sips() || place.is_sips(),
                ..OwnContact::default()
            },
            next_hop: match call.target {
                Some(target) => NextHop::Target(target),
                None => place.into(),
            },
            min_se: 0,
            rounds: 0,
        };
        let proposal = Proposal::new(call.body, false);
        let errand = self.first_invite(request, &draft, &proposal);
        let key = self.calls.insert(Role::Caller(uac::State::Calling), dialog);
        let offers = proposal.body.is_some();
        let purpose = ClientUse::first_invite(key, proposal, draft);
        let client = match self.dispatch(now, purpose, errand) {
            Ok(client) => client,
            Err(error) => {
                self.calls.remove(key);
                return Err(error);
            }
        };
        if let Some(record) = self.calls.get_mut(key) {
            record.exchange = Exchange::Ours { client, number: 1 };
            // A new ledger forbids nothing.
            let _ = record.ledger.pass(Party::Local, Carrier::Invite, offers);
        }
        self.counters.outgoing_calls += 1;
        self.pump(now);
        Ok(key)
    }

    /// The INVITE that begins a call.
    fn first_invite(&self, request: RequestBuilder, draft: &Draft, proposal: &Proposal) -> Errand {
        let request = self.capabilities.describe_request(request);
        let mut request = self.ask_interval(request, draft.min_se);
        let policy = self.config.extensions(true).reliable_provisionals;
        if policy == ReliableProvisionals::Required {
            request = request.raw(&HeaderName::Require, RELIABLE);
        }
        for (name, value) in &draft.headers {
            request = request.raw(name, value);
        }
        let request = Body::attach(proposal.body.as_ref(), request);
        let errand = Errand::new(request, draft.next_hop.clone());
        errand.with_contact(draft.contact.clone())
    }

    /// Sends the INVITE of a call again, with at least this session interval in seconds. False when that is not to be.
    pub(super) fn invite_again(
        &mut self,
        now: Instant,
        key: CallKey,
        client: ClientKey,
        min_se: u32,
    ) -> bool {
        let Some(ClientUse::Invite { forks, .. }) = self.clients.get_mut(&client) else {
            return false;
        };
        let (Some(proposal), Some(mut draft)) = (forks.proposal.take(), forks.draft.take()) else {
            return false;
        };
        draft.rounds += 1;
        let Some(call) = self.calls.get_mut(key) else {
            return false;
        };
        let calling = matches!(
            call.role,
            Role::Caller(uac::State::Calling | uac::State::Proceeding)
        );
        if !calling || min_se <= draft.min_se || draft.rounds > MAX_ROUNDS {
            return false;
        }
        draft.min_se = min_se;
        call.early = None;
        let Some(number) = call.dialog.sequence.advance() else {
            return false;
        };
        let Ok((request, _)) = call.dialog.request(Method::Invite, number) else {
            return false;
        };
        let errand = self.first_invite(request, &draft, &proposal);
        let purpose = ClientUse::first_invite(key, proposal, draft);
        let Ok(again) = self.dispatch(now, purpose, errand) else {
            return false;
        };
        self.clients.remove(&client);
        if let Some(call) = self.calls.get_mut(key) {
            call.exchange = Exchange::Ours {
                client: again,
                number,
            };
        }
        true
    }

    /// Sends the answer to an offer that came in the 2xx of our INVITE, in its ACK.
    ///
    /// # Errors
    /// When no such offer waits.
    pub fn ack_answer(
        &mut self,
        now: Instant,
        key: CallKey,
        body: Body,
    ) -> Result<(), DialogError> {
        let call = self.calls.known_mut(key)?;
        if call.role != Role::Caller(uac::State::AwaitingAnswer) {
            return Err(DialogError::InvalidState {
                key,
                state: call.role.name(),
                command: "answer in the ACK",
            });
        }
        call.ledger
            .pass(Party::Local, Carrier::Ack, true)
            .map_err(|violation| DialogError::OfferAnswer { key, violation })?;
        call.described(&body);
        self.step_caller(
            now,
            key,
            uac::Input::Answer,
            Work {
                answer: Some(body),
                ..Work::default()
            },
        );
        self.pump(now);
        Ok(())
    }
}
