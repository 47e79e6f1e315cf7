//! The call as the called party lives it (RFC 3261 sections 9.2, 13.3 and 15.1).
//!
//! ```text
//!           Received --reject, terminate, cancelled, remote BYE, limit: final response--> Ended
//!               | \--accept: as from Ringing
//!   provisional |
//!               v
//!   1xx +-> Ringing --reject, terminate, cancelled, remote BYE, limit: final response---> Ended
//!       +-------+ |
//!                 | accept: 2xx, retransmitted T1, 2*T1 .. T2
//!                 v
//!             Accepted --64*T1 without ACK: BYE-----------------------------------------> Ended
//!              | |  \--terminate--> Departing --64*T1 without ACK: BYE------------------> Ended
//!         ACK  | |                      | ACK: BYE
//!              | +--remote BYE--> Ended |
//!              v                        v
//!          Confirmed --terminate, lost: BYE--> Closing --BYE done, remote BYE-----------> Ended
//!              | \--re-INVITE's 2xx without ACK for 64*T1: BYE--------------------------> Ended
//!              +--remote BYE------------------------------------------------------------> Ended
//! ```
//!
//! A called party sends no BYE before the ACK of its 2xx has come or can no longer come (section 15): that is what
//! Departing is for.

use super::Actions;

/// Where the called party's side of a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// The INVITE came; at most 100 was sent.
    Received,
    /// A provisional response with a tag was sent: an early dialog exists.
    Ringing,
    /// 2xx is sent and retransmitted until its ACK comes.
    Accepted,
    /// As Accepted, but the user has hung up: BYE follows the ACK.
    Departing,
    /// The ACK came.
    Confirmed,
    /// BYE is sent and not yet answered.
    Closing,
    /// Over.
    Ended,
}

/// What can happen to the called party's side of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// The user sends a provisional response.
    Provisional,
    /// The user accepts.
    Accept,
    /// The user refuses with a status.
    Reject,
    /// The user ends the call.
    Terminate,
    /// The caller cancelled.
    Cancelled,
    /// The INVITE's transaction died before a final response was sent.
    TransactionFailed,
    /// The time limit for a decision has passed.
    Limit,
    /// The ACK of the 2xx came.
    Ack,
    /// 64*T1 have passed since the 2xx without ACK.
    AckTimeout,
    /// BYE came and was answered.
    RemoteBye,
    /// Our BYE got its final response, or never will.
    ByeDone,
    /// A request inside the call was answered 481 or 408: the peer has no dialog.
    Lost,
}

impl State {
    /// The name for errors and logs.
    pub const fn name(self) -> &'static str {
        match self {
            State::Received => "received",
            State::Ringing => "ringing",
            State::Accepted => "accepted",
            State::Departing => "departing",
            State::Confirmed => "confirmed",
            State::Closing => "closing",
            State::Ended => "ended",
        }
    }
}

/// One step. `None`: the input has no meaning in this state and changes nothing.
pub const fn step(state: State, input: Input) -> Option<(State, Actions)> {
    use Input::*;
    use State::*;
    Some(match (state, input) {
        (Received | Ringing, Provisional) => (Ringing, Actions::RESPOND),
        (Received | Ringing, Accept) => (Accepted, Actions::RESPOND),
        (Received | Ringing, Reject | Terminate | Cancelled | RemoteBye | Limit) => {
            (Ended, Actions::RESPOND_END)
        }
        (Received | Ringing, TransactionFailed) => (Ended, Actions::END),

        (Accepted, Ack) => (Confirmed, Actions::REPORT),
        (Accepted, Terminate) => (Departing, Actions::NONE),
        (Departing, Ack) => (Closing, Actions::BYE),
        (Accepted | Departing | Confirmed, AckTimeout) => (Ended, Actions::BYE_END),
        (Accepted | Departing | Confirmed | Closing, RemoteBye) => (Ended, Actions::END),

        (Confirmed, Terminate | Lost) => (Closing, Actions::BYE),
        (Departing | Closing, Terminate) => (state, Actions::NONE),
        (Closing, ByeDone) => (Ended, Actions::END),
        _ => return None,
    })
}
