//! What can be asked of a call, and in which of its states.

use std::fmt;

use crate::{CallDirection, CallState};

/// Something that the application can ask of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// Send the INVITE of a prepared call.
    Initiate,
    /// Let the caller hear it ringing.
    Ring,
    /// Send media before the call is answered.
    StartEarlyMedia,
    /// Answer the call.
    Accept,
    /// Refuse the call.
    Reject,
    /// Decide later.
    Defer,
    /// Send the caller elsewhere.
    Forward,
    /// Write the answer to the offer ahead of the decision.
    AnswerOffer,
    /// Hold the call.
    Hold,
    /// Take the call back from hold.
    Resume,
    /// Change the session by a new offer.
    UpdateMedia,
    /// Transfer the call to another party.
    Transfer,
    /// Join a bridge.
    Bridge,
    /// Send DTMF digits.
    SendDtmf,
    /// Send a request of the application inside the call.
    SendRequest,
    /// End the call.
    Terminate,
}

use Operation::{
    Accept, AnswerOffer, Bridge, Defer, Forward, Hold, Initiate, Reject, Resume, Ring, SendDtmf,
    SendRequest, StartEarlyMedia, Terminate, Transfer, UpdateMedia,
};

impl Operation {
    /// Every operation, in the order of a call.
    pub const ALL: [Operation; 16] = [
        Initiate,
        Ring,
        StartEarlyMedia,
        Accept,
        Reject,
        Defer,
        Forward,
        AnswerOffer,
        Hold,
        Resume,
        UpdateMedia,
        Transfer,
        Bridge,
        SendDtmf,
        SendRequest,
        Terminate,
    ];

    /// The operation in words, as after "cannot".
    pub const fn as_str(self) -> &'static str {
        match self {
            Initiate => "initiate",
            Ring => "ring",
            StartEarlyMedia => "start early media",
            Accept => "accept",
            Reject => "reject",
            Defer => "defer",
            Forward => "forward",
            AnswerOffer => "answer an offer",
            Hold => "hold",
            Resume => "resume",
            UpdateMedia => "update media",
            Transfer => "transfer",
            Bridge => "bridge",
            SendDtmf => "send DTMF",
            SendRequest => "send a request",
            Terminate => "terminate",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl CallState {
    /// What may be asked of a call in this state.
    pub const fn allowed(self, direction: CallDirection) -> &'static [Operation] {
        match (self, direction) {
            (CallState::Initiating, _) => &[Initiate, Terminate],
            (CallState::Ringing, CallDirection::Outgoing) => &[Bridge, Terminate],
            (CallState::Ringing, CallDirection::Incoming) => &[
                Ring,
                StartEarlyMedia,
                Accept,
                Reject,
                Defer,
                Forward,
                AnswerOffer,
                Bridge,
                Terminate,
            ],
            (CallState::Active | CallState::OnHold, _) => &[
                Hold,
                Resume,
                UpdateMedia,
                Transfer,
                Bridge,
                SendDtmf,
                SendRequest,
                Terminate,
            ],
            (CallState::Transferring, _) => &[
                Hold,
                Resume,
                UpdateMedia,
                Bridge,
                SendDtmf,
                SendRequest,
                Terminate,
            ],
            (CallState::Terminating, _) => &[Terminate],
            (CallState::Terminated | CallState::Cancelled | CallState::Failed, _) => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_can_be_ended_until_it_is_over_and_nothing_can_be_asked_of_one_that_is() {
        for direction in [CallDirection::Incoming, CallDirection::Outgoing] {
            for state in CallState::ALL {
                let allowed = state.allowed(direction);
                assert_eq!(
                    allowed.contains(&Terminate),
                    state.is_in_progress(),
                    "{state}"
                );
                assert_eq!(allowed.is_empty(), state.is_final(), "{state}");
                let answered = allowed.contains(&Hold) && allowed.contains(&Resume);
                assert_eq!(answered, state.is_answered(), "{state}");
            }
        }
    }

    #[test]
    fn every_operation_is_allowed_in_some_state_and_has_words_of_its_own() {
        for operation in Operation::ALL {
            let allowed = CallState::ALL.into_iter().any(|state| {
                [CallDirection::Incoming, CallDirection::Outgoing]
                    .into_iter()
                    .any(|direction| state.allowed(direction).contains(&operation))
            });
            assert!(allowed, "{operation}");
            let same = |other: &&Operation| other.as_str() == operation.as_str();
            assert_eq!(Operation::ALL.iter().filter(same).count(), 1);
        }
    }
}
