//! Offers of the peer in UPDATE and PRACK: each waits for the user's answer, but not for ever (RFC 3311 section 5.2).

use std::sync::Arc;
use std::time::Instant;

use rvoip_transaction_core::ServerKey;
use rvoip_transaction_core::sip_core::{ByteString, HeaderName, Request, StatusCode};

use super::DialogManager;
use super::leg::Asked;
use super::step::Work;
use crate::invite::uas;
use crate::offer_answer::{Carrier, Glare, Party, retry_after};
use crate::out_of_dialog::Refusal;
use crate::{Body, CallKey, DialogError, EndCause, Leg, SessionCoordinationEvent};

impl DialogManager {
    /// An UPDATE of the peer (section 5.2).
    pub(super) fn handle_update(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: &Request,
        leg: Leg,
    ) {
        if let Err(refusal) = self.admit_update(now, server, request, leg) {
            self.refuse(now, server, request, &refusal);
        }
        self.calls.schedule(leg.call);
    }

    fn admit_update(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: &Request,
        leg: Leg,
    ) -> Result<(), Refusal> {
        let Leg { call: key, fork } = leg;
        let body = self.capabilities.body(request)?;
        self.check_interval(key, request)?;
        let (until, wait) = (now + self.patience() / 2, retry_after(&mut self.rng));
        let call = self.calls.get_mut(key).ok_or(Refusal::NoDialog)?;
        if call.role.is_leaving() {
            return Err(Refusal::NoDialog);
        }
        let mut part = call.leg_mut(fork).ok_or(Refusal::NoDialog)?;
        if part.asked().is_some() {
            return Err(Refusal::Glare(Glare::RetryLater, wait));
        }
        if body.is_none() {
            part.dialog.refresh_target(request.contact().ok().flatten());
            self.answer_update(now, server, request, leg, None);
            return Ok(());
        }
        let glare = part.ledger.glare();
        if part
            .ledger
            .pass(Party::Remote, Carrier::Update, true)
            .is_err()
        {
            let glare = glare.unwrap_or(Glare::RequestPending);
            return Err(Refusal::Glare(glare, wait));
        }
        part.overtake();
        part.change().asked = Some(Asked {
            server,
            request: Arc::new(request.clone()),
            carrier: Carrier::Update,
            until,
        });
        self.servers.insert(server, key);
        self.emit(SessionCoordinationEvent::Offer { key, fork, body });
        Ok(())
    }

    /// 200 to an UPDATE.
    fn answer_update(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: &Request,
        leg: Leg,
        body: Option<&Body>,
    ) {
        self.grant_interval(now, leg.call, request, body);
        let response = self.response(request, StatusCode::OK);
        let Some(call) = self.calls.get(leg.call) else {
            return;
        };
        let response = response.raw(&HeaderName::Contact, call.dialog.contact());
        let response = self.tell_interval(call, request, response);
        let response = self.capabilities.describe_response(response);
        self.send(now, server, Body::attach_response(body, response).build());
    }

    /// Answers the offer of a PRACK or an UPDATE, if one waits.
    pub(super) fn answer_asked(
        &mut self,
        now: Instant,
        leg: Leg,
        body: Option<&Body>,
    ) -> Option<Result<(), DialogError>> {
        let key = leg.call;
        let mut part = self.calls.get_mut(key)?.leg_mut(leg.fork)?;
        let carrier = match part.asked()?.carrier {
            Carrier::Prack => Carrier::PrackSuccess,
            _ => Carrier::UpdateSuccess,
        };
        if let Err(violation) = part.ledger.pass(Party::Local, carrier, body.is_some()) {
            return Some(Err(DialogError::OfferAnswer { key, violation }));
        }
        let asked = part.take_asked()?;
        self.servers.remove(&asked.server);
        if carrier == Carrier::UpdateSuccess {
            let part = self.calls.get_mut(key)?.leg_mut(leg.fork)?;
            let contact = asked.request.contact().ok().flatten();
            part.dialog.refresh_target(contact);
            self.answer_update(now, asked.server, &asked.request, leg, body);
        } else {
            let response = self.signed(&asked.request, StatusCode::OK, body, &[]);
            self.send(now, asked.server, response);
        }
        if let Some(body) = body {
            self.calls.get_mut(key)?.described_early(leg.fork, body);
        }
        self.release(now, key);
        self.calls.schedule(key);
        Some(Ok(()))
    }

    /// Refuses the offer of a PRACK or an UPDATE, if one waits. A PRACK is not refused: the call is (RFC 6337 section 2.3).
    pub(super) fn refuse_asked(
        &mut self,
        now: Instant,
        leg: Leg,
        (status, headers): (StatusCode, &[(HeaderName, ByteString)]),
    ) -> bool {
        let Some(call) = self.calls.get_mut(leg.call) else {
            return false;
        };
        let Some(mut part) = call.leg_mut(leg.fork) else {
            return false;
        };
        let Some(asked) = part.take_asked() else {
            return false;
        };
        part.ledger.fail(asked.carrier);
        self.servers.remove(&asked.server);
        let prack = asked.carrier == Carrier::Prack;
        let response = match prack {
            true => self.signed(&asked.request, StatusCode::OK, None, &[]),
            false => self.signed(&asked.request, status, None, headers),
        };
        self.send(now, asked.server, response);
        let undecided = self.calls.get_mut(leg.call);
        let undecided = undecided.filter(|call| prack && call.role.is_undecided());
        if let Some(call) = undecided {
            call.note(EndCause::Refused { status });
            let response = self.dialog_response(leg.call, status, None, headers);
            self.step_called(now, leg.call, uas::Input::Reject, Work::respond(response));
        } else {
            self.release(now, leg.call);
        }
        self.calls.schedule(leg.call);
        true
    }

    /// The transaction of an offer of the peer that waits has failed. True when it was one.
    pub(super) fn lose_asked(&mut self, now: Instant, key: CallKey, server: ServerKey) -> bool {
        let Some(call) = self.calls.get_mut(key) else {
            return false;
        };
        for fork in call.changing() {
            let Some(mut part) = call.leg_mut(fork) else {
                continue;
            };
            let lost = part.asked().is_some_and(|asked| asked.server == server);
            if lost && let Some(asked) = part.take_asked() {
                part.ledger.fail(asked.carrier);
                self.emit(SessionCoordinationEvent::OfferWithdrawn { key, fork });
                self.release(now, key);
                self.calls.schedule(key);
                return true;
            }
        }
        false
    }

    /// What is due of the changes of a call: an offer of the peer that nobody answers, one of ours that goes out again.
    pub(super) fn handle_change_due(&mut self, now: Instant, key: CallKey) {
        let legs = match self.calls.get(key) {
            Some(call) if call.change_due().is_some_and(|at| at <= now) => call.changing(),
            _ => return,
        };
        for fork in legs {
            let leg = Leg { call: key, fork };
            let part = self.calls.get_mut(key).and_then(|call| call.leg_mut(fork));
            let Some(change) = part.and_then(|part| part.change.as_deref()) else {
                continue;
            };
            let is_due = |at: Instant| at <= now;
            let late = change
                .asked
                .as_ref()
                .is_some_and(|asked| is_due(asked.until));
            let again = change.retry.as_ref().is_some_and(|retry| is_due(retry.at));
            if late && self.refuse_asked(now, leg, (StatusCode::SERVER_TIMEOUT, &[])) {
                self.emit(SessionCoordinationEvent::OfferWithdrawn { key, fork });
            }
            if again {
                self.offer_again(now, leg);
            }
        }
        self.repeat_reliable(now, key);
    }
}
