//! The PRACK of a caller: what it acknowledges, answers or offers (RFC 3262 sections 3 and 5).

use std::sync::Arc;
use std::time::Instant;

use rvoip_transaction_core::ServerKey;
use rvoip_transaction_core::sip_core::header::RAck;
use rvoip_transaction_core::sip_core::{Method, Request, StatusCode};

use crate::manager::DialogManager;
use crate::manager::call::Exchange;
use crate::manager::leg::Asked;
use crate::offer_answer::{Carrier, Glare, Meaning, Party, Violation, retry_after};
use crate::out_of_dialog::Refusal;
use crate::prack::{self, Input};
use crate::{Leg, SessionCoordinationEvent};

impl DialogManager {
    /// A PRACK of the caller.
    pub(in crate::manager) fn handle_prack(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: &Request,
        leg: Leg,
    ) {
        match self.admit_prack(now, server, request, leg) {
            Err(refusal) => self.refuse(now, server, request, &refusal),
            Ok(()) => self.release(now, leg.call),
        }
        self.calls.schedule(leg.call);
    }

    fn admit_prack(
        &mut self,
        now: Instant,
        server: ServerKey,
        request: &Request,
        leg: Leg,
    ) -> Result<(), Refusal> {
        let rack = request.headers().first::<RAck>();
        let rack = rack.ok().flatten().ok_or(Refusal::BadRequest)?;
        let body = self.capabilities.body(request)?;
        let until = now + self.patience() / 2;
        let call = self.calls.get_mut(leg.call).ok_or(Refusal::NoDialog)?;
        let invite = match (&call.exchange, &call.unacknowledged) {
            (Exchange::Theirs(theirs), _) => Some(theirs.number),
            (_, Some(success)) => Some(success.number),
            _ => None,
        };
        let reliable = call
            .early
            .as_mut()
            .and_then(|early| early.reliable.as_mut());
        let reliable = reliable.ok_or(Refusal::NoDialog)?;
        if reliable.sent.as_ref().map(|sent| sent.rseq) != Some(rack.response)
            || Some(rack.cseq.number) != invite
            || rack.cseq.method != Method::Invite
        {
            return Err(Refusal::NoDialog);
        }
        let glare = call.ledger.glare();
        let meaning = match call
            .ledger
            .pass(Party::Remote, Carrier::Prack, body.is_some())
        {
            Ok(meaning) => meaning,
            // What the peer leaves out is not waited for.
            Err(Violation::AnswerMissing) => {
                call.ledger.fail(Carrier::Invite);
                Meaning::Answer
            }
            Err(_) => {
                let glare = glare.unwrap_or(Glare::RequestPending);
                let wait = retry_after(&mut self.rng);
                return Err(Refusal::Glare(glare, wait));
            }
        };
        if let Some((state, _)) = prack::step(reliable.state, Input::Prack) {
            reliable.state = state;
        }
        reliable.sent = None;
        let (key, fork) = (leg.call, leg.fork);
        if meaning == Meaning::Offer {
            if let Some(mut part) = call.leg_mut(fork) {
                part.change().asked = Some(Asked {
                    server,
                    request: Arc::new(request.clone()),
                    carrier: Carrier::Prack,
                    until,
                });
            }
            self.servers.insert(server, key);
            self.emit(SessionCoordinationEvent::Offer { key, fork, body });
            return Ok(());
        }
        let response = self.response(request, StatusCode::OK);
        let response = self.capabilities.sign_response(response).build();
        self.send(now, server, response);
        if meaning == Meaning::Answer {
            self.emit(SessionCoordinationEvent::Answer { key, fork, body });
        }
        Ok(())
    }
}
