//! Steps the state machines of `invite` and does what they ask for.

use std::time::Instant;

use rvoip_transaction_core::sip_core::{Reason, Response};

use super::DialogManager;
use super::call::Role;
use crate::invite::{Actions, uac, uas};
use crate::{Body, CallKey, SessionCoordinationEvent};

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

impl Work {
    pub(super) fn respond(response: Option<Response>) -> Work {
        Work {
            response,
            ..Work::default()
        }
    }

    pub(super) fn report(event: Option<SessionCoordinationEvent>) -> Work {
        Work {
            event,
            ..Work::default()
        }
    }
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
    /// Steps a caller's machine. An input that has no meaning for the call changes nothing.
    pub(super) fn step_caller(
        &mut self,
        now: Instant,
        key: CallKey,
        input: uac::Input,
        work: Work,
    ) {
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        let Role::Caller(state) = call.role else {
            return;
        };
        let Some((next, actions)) = uac::step(state, input) else {
            return;
        };
        tracing::debug!(call_id = %call.dialog.call_id(), ?input, from = state.name(), to = next.name(), "caller");
        call.role = Role::Caller(next);
        self.carry_out(now, key, actions, work);
    }

    /// Steps a called party's machine. An input that has no meaning for the call changes nothing.
    pub(super) fn step_called(
        &mut self,
        now: Instant,
        key: CallKey,
        input: uas::Input,
        work: Work,
    ) {
        let Some(call) = self.calls.get_mut(key) else {
            return;
        };
        let Role::Called(state) = call.role else {
            return;
        };
        let Some((next, actions)) = uas::step(state, input) else {
            return;
        };
        tracing::debug!(call_id = %call.dialog.call_id(), ?input, from = state.name(), to = next.name(), "called");
        call.role = Role::Called(next);
        self.carry_out(now, key, actions, work);
    }

    /// Steps whichever machine the call has.
    pub(super) fn step(&mut self, now: Instant, key: CallKey, input: Common, work: Work) {
        let Some(call) = self.calls.get(key) else {
            return;
        };
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
}
