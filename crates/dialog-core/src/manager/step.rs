//! Steps the state machines of `invite` and does what they ask for.

use std::time::Instant;

use rvoip_transaction_core::sip_core::{HeaderName, Method, Reason, Response};

use super::call::{Exchange, Role, Unacknowledged};
use super::errand::{Errand, Purpose};
use super::DialogManager;
use crate::invite::{Actions, uac, uas};
use crate::{Body, CallKey, EndCause, SessionCoordinationEvent};

/// What the actions of a step need to be carried out.
#[derive(Debug, Default)]
pub(super) struct Work {
    /// What `respond` sends.
    pub(super) response: Option<Response>,
    /// What `report` tells.
    pub(super) event: Option<SessionCoordinationEvent>,
    /// The body of `ack`.
    pub(super) answer: Option<Body>,
    /// The Reason of `bye`.
    pub(super) reason: Option<Reason>,
}

/// Inputs that mean the same to caller and called.
#[derive(Clone, Copy, Debug)]
pub(super) enum Common {
    Terminate,
    Limit,
    RemoteBye,
    ByeDone,
    AckTimeout,
    Lost,
}

impl DialogManager {
    /// Steps a caller's machine; false when the input has no meaning for the call.
    pub(super) fn step_caller(&mut self, now: Instant, key: CallKey, input: uac::Input, work: Work) -> bool {
        let Some(call) = self.calls.get_mut(key) else { return false };
        let Role::Caller(state) = call.role else { return false };
        let Some((next, actions)) = uac::step(state, input) else { return false };
        tracing::debug!(call_id = %call.dialog.call_id(), ?input, from = state.name(), to = next.name(), "caller");
        call.role = Role::Caller(next);
        self.carry_out(now, key, actions, work);
        true
    }

    /// Steps a called party's machine; false when the input has no meaning for the call.
    pub(super) fn step_called(&mut self, now: Instant, key: CallKey, input: uas::Input, work: Work) -> bool {
        let Some(call) = self.calls.get_mut(key) else { return false };
        let Role::Called(state) = call.role else { return false };
        let Some((next, actions)) = uas::step(state, input) else { return false };
        tracing::debug!(call_id = %call.dialog.call_id(), ?input, from = state.name(), to = next.name(), "called");
        call.role = Role::Called(next);
        self.carry_out(now, key, actions, work);
        true
    }

    /// Steps whichever machine the call has.
    pub(super) fn step(&mut self, now: Instant, key: CallKey, input: Common, work: Work) -> bool {
        let Some(call) = self.calls.get(key) else { return false };
        match call.role {
            Role::Caller(_) => {
                let input = match input {
                    Common::Terminate => uac::Input::Terminate,
                    Common::Limit => uac::Input::Limit,
                    Common::RemoteBye => uac::Input::RemoteBye,
                    Common::ByeDone => uac::Input::ByeDone,
                    Common::AckTimeout => uac::Input::AckTimeout,
                    Common::Lost => uac::Input::Lost,
                };
                self.step_caller(now, key, input, work)
            }
            Role::Called(_) => {
                let input = match input {
                    Common::Terminate => uas::Input::Terminate,
                    Common::Limit => uas::Input::Limit,
                    Common::RemoteBye => uas::Input::RemoteBye,
                    Common::ByeDone => uas::Input::ByeDone,
                    Common::AckTimeout => uas::Input::AckTimeout,
                    Common::Lost => uas::Input::Lost,
                };
                self.step_called(now, key, input, work)
            }
        }
    }

    fn carry_out(&mut self, now: Instant, key: CallKey, actions: Actions, work: Work) {
        if let (true, Some(response)) = (actions.respond, work.response) {
            self.answer_invite(now, key, response);
        }
        if actions.cancel {
            self.cancel_invite(now, key);
        }
        if actions.ack {
            self.acknowledge(now, key, work.answer);
        }
        if actions.settle
            && let Some(call) = self.calls.get_mut(key)
        {
            call.unacknowledged = None;
        }
        if let (true, Some(event)) = (actions.report, work.event) {
            self.emit(event);
        }
        if actions.bye {
            self.send_bye(now, key, work.reason);
        }
        if actions.end {
            self.end(now, key);
        }
        self.calls.schedule(key);
    }

    /// Answers the INVITE of the peer that is open. A final answer closes the exchange; a 2xx is kept for its repeats.
    pub(super) fn answer_invite(&mut self, now: Instant, key: CallKey, response: Response) {
        let (t1, patience) = (self.timers.t1, self.patience());
        let Some(call) = self.calls.get_mut(key) else { return };
        let Exchange::Theirs(theirs) = &mut call.exchange else { return };
        let server = theirs.server;
        if !response.status().is_final() {
            theirs.provisional = Some((response.clone(), now + super::deadline::PROVISIONAL_REFRESH));
        } else {
            if response.status().is_success() {
                let number = theirs.request.cseq().map_or(0, |cseq| cseq.number);
                call.unacknowledged = Some(Box::new(Unacknowledged {
                    server,
                    response: response.clone(),
                    number,
                    interval: t1,
                    next: now + t1,
                    until: now + patience,
                }));
            }
            call.exchange = Exchange::None;
            call.limit = None;
            self.servers.remove(&server);
        }
        // What cannot be sent shows: a 2xx by the ACK that stays away, anything else by the end of its transaction.
        if let Err(error) = self.transactions.respond(now, server, response) {
            tracing::debug!(call = %key, %error, "an INVITE could not be answered");
        }
        self.calls.schedule(key);
    }

    fn cancel_invite(&mut self, now: Instant, key: CallKey) {
        let patience = self.patience();
        let Some(call) = self.calls.get_mut(key) else { return };
        let Exchange::Ours { client: Some(client), .. } = call.exchange else { return };
        // The transaction layer ends the INVITE 64*T1 after a CANCEL; without one that is for the limit here to do.
        call.limit = self.transactions.cancel(now, client).is_err().then(|| now + patience);
    }

    /// Sends the ACK of the 2xx that won the call.
    fn acknowledge(&mut self, now: Instant, key: CallKey, answer: Option<Body>) {
        let Some(call) = self.calls.get_mut(key) else { return };
        let Exchange::Ours { client: Some(client), number } = call.exchange else { return };
        call.exchange = Exchange::None;
        call.limit = None;
        self.send_ack(now, key, client, number, answer);
    }

    pub(super) fn send_bye(&mut self, now: Instant, key: CallKey, reason: Option<Reason>) {
        let Some(call) = self.calls.get_mut(key) else { return };
        let number = call.dialog.sequence.advance();
        let bye = number.and_then(|number| call.dialog.request(Method::Bye, number).ok());
        let path = call.path;
        let sent = bye.is_some_and(|(mut request, next_hop)| {
            if let Some(reason) = reason {
                request = request.raw(&HeaderName::Reason, &reason.to_string());
            }
            let request = self.capabilities.sign_request(request);
            self.dispatch(now, Errand { purpose: Purpose::Bye(Some(key)), request }, &next_hop, path).is_ok()
        });
        if !sent {
            self.step(now, key, Common::ByeDone, Work::default());
        }
    }

    fn end(&mut self, now: Instant, key: CallKey) {
        let Some(mut call) = self.calls.remove(key) else { return };
        if let Exchange::Theirs(theirs) = call.exchange {
            self.servers.remove(&theirs.server);
            self.terminate_request(now, theirs.server, &theirs.request, call.dialog.local_tag());
        }
        let cause = call.cause.take().unwrap_or(EndCause::LocalBye);
        tracing::info!(call_id = %call.dialog.call_id(), ?cause, "call ended");
        self.counters.ended_calls += 1;
        self.emit(SessionCoordinationEvent::Ended { key, cause });
    }
}
