//! What the four machines have in common: the actions they ask for.
//!
//! A machine is a pure function from a state and an input to the next state and the actions to be done, in order. It sees
//! no octets, no keys and no clock; the layer does the actions.

use rvoip_sip_transport::sip_core::StatusCode;
use smallvec::SmallVec;

use crate::timer::Timer;

pub(crate) mod client_invite;
pub(crate) mod client_non_invite;
pub(crate) mod server_invite;
pub(crate) mod server_non_invite;

#[cfg(test)]
mod grid;

/// Something that a machine wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Send the message that came with the input, and keep its octets.
    Send,
    /// Send the octets kept, once more.
    Repeat,
    /// Build the ACK for the response that came with the input, send it, and keep its octets.
    Acknowledge,
    /// Hand the message that came with the input to the transaction user.
    Deliver,
    /// Set a timer to its first interval.
    Start(Timer),
    /// Set a timer that has fired to its next interval.
    Again(Timer),
    /// Set a timer that has fired to T2.
    AgainAtT2(Timer),
    /// Stop a timer.
    Stop(Timer),
    /// The transaction is over: free it and say so.
    End(Ending),
}

/// How a transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It has done its work.
    Done,
    /// The peer kept silent.
    TimedOut,
    /// The network failed.
    TransportFailed,
    /// The transaction user kept silent.
    Unanswered,
}

/// What a step asks for, in order. Nothing at all means that the input is not for this state.
pub(crate) type Actions = SmallVec<[Action; 5]>;

/// The machine of a transaction, in its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Machine {
    ClientInvite(client_invite::State),
    ClientNonInvite(client_non_invite::State),
    ServerInvite(server_invite::State),
    ServerNonInvite(server_non_invite::State),
    /// A CANCEL of ours that waits for the first provisional response to its INVITE (RFC 3261 section 9.1); no machine
    /// runs yet.
    HeldCancel,
}

/// What happens to a transaction, whichever machine it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stimulus {
    /// A response came.
    Response(StatusCode),
    /// The request came again.
    Request,
    /// An ACK came.
    Ack,
    /// The transaction user answers.
    Answer(StatusCode),
    /// Our CANCEL of this INVITE went out.
    CancelSent,
    /// The network refused what was sent.
    TransportFailed,
    /// A timer fired.
    Fired(Timer),
}

impl Machine {
    /// Takes the step; nothing happens when the machine has no such input.
    pub(crate) fn step(&mut self, stimulus: Stimulus, reliable: bool) -> Actions {
        match self {
            Machine::ClientInvite(state) => client_invite::Input::from_stimulus(stimulus)
                .map(|input| advance(state, client_invite::step(*state, input, reliable))),
            Machine::ClientNonInvite(state) => client_non_invite::Input::from_stimulus(stimulus)
                .map(|input| advance(state, client_non_invite::step(*state, input, reliable))),
            Machine::ServerInvite(state) => server_invite::Input::from_stimulus(stimulus)
                .map(|input| advance(state, server_invite::step(*state, input, reliable))),
            Machine::ServerNonInvite(state) => server_non_invite::Input::from_stimulus(stimulus)
                .map(|input| advance(state, server_non_invite::step(*state, input, reliable))),
            Machine::HeldCancel => None,
        }
        .unwrap_or_default()
    }

    pub(crate) fn is_client(self) -> bool {
        matches!(
            self,
            Machine::ClientInvite(_) | Machine::ClientNonInvite(_) | Machine::HeldCancel
        )
    }

    /// Whether octets are kept for tens of seconds.
    pub(crate) fn lingers_with_octets(self) -> bool {
        matches!(
            self,
            Machine::ClientInvite(client_invite::State::Completed)
                | Machine::ServerInvite(server_invite::State::Completed)
                | Machine::ServerNonInvite(server_non_invite::State::Completed)
        )
    }

    /// Whether the octets kept may still have to go out: from the 2xx on they belong to the transaction user, and what has
    /// its answer is only waited out.
    pub(crate) fn keeps_octets(self) -> bool {
        !matches!(
            self,
            Machine::ClientInvite(client_invite::State::Accepted)
                | Machine::ClientNonInvite(client_non_invite::State::Completed)
                | Machine::ServerInvite(
                    server_invite::State::Accepted | server_invite::State::Confirmed
                )
        )
    }
}

fn advance<S>(state: &mut S, (next, actions): (S, Actions)) -> Actions {
    *state = next;
    actions
}
