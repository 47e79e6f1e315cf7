//! PRACK: sent for each reliable provisional response in its order (RFC 3262 section 4).

mod received;

use std::time::Instant;

use rvoip_transaction_core::sip_core::header::{RAck, RSeq};
use rvoip_transaction_core::sip_core::{CSeq, HeaderName, Method, Require, Response};

use super::DialogManager;
use super::call::Exchange;
use super::client::ClientUse;
use super::errand::Errand;
use crate::extensions::{RELIABLE, ReliableProvisionals};
use crate::offer_answer::{Carrier, Meaning, Party};
use crate::prack::Arrival;
use crate::{Body, CallKey, DialogError, Leg, SessionCoordinationEvent, TerminateCause};

/// What a reliable provisional response means for the session.
pub(super) enum Reliability {
    /// It is not reliable, or not for us to acknowledge.
    None,
    /// It came before, or one before it is missing.
    Dropped,
    /// It has its PRACK; the body is its answer.
    Acknowledged(Option<Body>),
    /// It offers; its PRACK waits for our answer.
    Offered(Body),
}

impl DialogManager {
    /// Whether a provisional response is reliable, and what it brings then.
    pub(super) fn take_reliable(
        &mut self,
        now: Instant,
        leg: Leg,
        response: &Response,
    ) -> Reliability {
        let (Some(fork), Some(rseq)) = (leg.fork, self.reliable_number(response)) else {
            return Reliability::None;
        };
        let Some(early) = self.early_dialog(leg, fork, response) else {
            return Reliability::None;
        };
        if early.arrivals.arrive(rseq) != Arrival::InOrder {
            return Reliability::Dropped;
        }
        let body = Body::of_response(response);
        let meaning = early
            .ledger
            .pass(Party::Remote, Carrier::Reliable, body.is_some());
        match (meaning, body) {
            (Ok(Meaning::Offer), Some(body)) => {
                early.unanswered = Some(rseq);
                Reliability::Offered(body)
            }
            (Ok(Meaning::Answer), Some(body)) => {
                early.answer = Some(body.clone());
                self.send_prack(now, leg, rseq, None);
                Reliability::Acknowledged(Some(body))
            }
            _ => {
                self.send_prack(now, leg, rseq, None);
                Reliability::Acknowledged(None)
            }
        }
    }

    /// The number of a provisional response that wants a PRACK of ours.
    fn reliable_number(&self, response: &Response) -> Option<u32> {
        let headers = response.headers();
        if !headers.contains(&HeaderName::RSeq) {
            return None;
        }
        let policy = self.config.extensions(true).reliable_provisionals;
        let required = headers.first::<Require>().ok()??;
        let RSeq(rseq) = headers.first::<RSeq>().ok()??;
        let wanted = policy != ReliableProvisionals::Off && required.contains(RELIABLE);
        wanted.then_some(rseq)
    }

    /// A provisional response to a re-INVITE of ours: a reliable one has its PRACK, and may bring the answer.
    pub(super) fn take_later_reliable(&mut self, now: Instant, key: CallKey, response: &Response) {
        let Some(rseq) = self.reliable_number(response) else {
            return;
        };
        let Some(mut part) = self.calls.get_mut(key).and_then(|call| call.leg_mut(None)) else {
            return;
        };
        let arrivals = part.change().arrivals.get_or_insert_default();
        if arrivals.arrive(rseq) != Arrival::InOrder {
            return;
        }
        let body = Body::of_response(response);
        let meaning = part
            .ledger
            .pass(Party::Remote, Carrier::Reliable, body.is_some());
        self.send_prack(now, Leg::from(key), rseq, None);
        if meaning == Ok(Meaning::Answer) {
            let fork = None;
            self.emit(SessionCoordinationEvent::Answer { key, fork, body });
        }
    }

    /// Sends the PRACK of a reliable provisional response.
    pub(super) fn send_prack(&mut self, now: Instant, leg: Leg, rseq: u32, body: Option<Body>) {
        let Some(call) = self.calls.get_mut(leg.call) else {
            return;
        };
        let (Exchange::Ours { number, .. }, path) = (&call.exchange, call.path.clone()) else {
            return;
        };
        let rack = RAck {
            response: rseq,
            cseq: CSeq {
                number: *number,
                method: Method::Invite,
            },
        };
        let Some(dialog) = call.leg_mut(leg.fork).map(|leg| leg.dialog) else {
            return;
        };
        let number = dialog.sequence.advance();
        let built = number.map(|number| (number, dialog.request(Method::Prack, number)));
        let Some((number, Ok((request, next_hop)))) = built else {
            return;
        };
        self.count_early(leg, number);
        let request = self.capabilities.sign_request(request).header(&rack);
        let request = Body::attach(body.as_ref(), request);
        let errand = Errand::inside(request, next_hop, path.as_deref());
        let purpose = ClientUse::Prack { leg, rseq };
        // A PRACK that cannot be sent shows by the response that comes again, and at last by the refusal of the INVITE.
        if let Err(error) = self.dispatch(now, purpose, errand) {
            tracing::debug!(call = %leg.call, %error, "a PRACK could not be sent");
        } else if let Some(early) = self
            .calls
            .get_mut(leg.call)
            .and_then(|call| call.early_mut(leg.fork))
        {
            early.pracking = early.pracking.saturating_add(1);
        }
    }

    /// A PRACK of ours is over. After one that failed the response may have another when it comes again; an offer that has
    /// waited goes out.
    pub(super) fn prack_answered(&mut self, now: Instant, leg: Leg, rseq: u32, success: bool) {
        let Some(call) = self.calls.get_mut(leg.call) else {
            return;
        };
        let Some(early) = call.early_mut(leg.fork) else {
            return;
        };
        early.pracking = early.pracking.saturating_sub(1);
        if !success {
            early.arrivals.retract(rseq);
        }
        if early.pracking == 0
            && let Some(change) = &mut early.change
            && let Some(retry) = &mut change.retry
            && retry.proposal.rounds == 0
        {
            retry.at = now;
        }
        self.calls.schedule(leg.call);
    }

    /// Answers the offer of a reliable provisional response in its PRACK, if one waits.
    pub(super) fn answer_reliable(
        &mut self,
        now: Instant,
        leg: Leg,
        body: Option<&Body>,
    ) -> Option<Result<(), DialogError>> {
        let key = leg.call;
        let early = self.calls.get_mut(key)?.early_mut(leg.fork)?;
        early.unanswered?;
        let passed = early
            .ledger
            .pass(Party::Local, Carrier::Prack, body.is_some());
        if let Err(violation) = passed {
            return Some(Err(DialogError::OfferAnswer { key, violation }));
        }
        let rseq = early.unanswered.take()?;
        early.local = body.cloned();
        self.send_prack(now, leg, rseq, body.cloned());
        Some(Ok(()))
    }

    /// Gives up a call whose reliable provisional response offers what cannot be taken, if one does.
    pub(super) fn refuse_reliable(&mut self, now: Instant, leg: Leg) -> bool {
        let call = self.calls.get_mut(leg.call);
        let Some(early) = call.and_then(|call| call.early_mut(leg.fork)) else {
            return false;
        };
        let Some(rseq) = early.unanswered.take() else {
            return false;
        };
        early.ledger.fail(Carrier::Invite);
        self.send_prack(now, leg, rseq, None);
        // There is such a call.
        let _ = self.terminate(now, leg.call, TerminateCause::MediaFailed);
        true
    }
}
