//! The call as the caller lives it (RFC 3261 sections 9.1, 13.2 and 15.1).
//!
//! ```text
//!            Calling --failure, transaction failed--------------------------------------> Ended
//!               |  \--2xx, terminate, remote BYE: as from Proceeding
//!          1xx  |
//!               v
//!   1xx +-> Proceeding --terminate, limit, remote BYE: CANCEL--> Cancelling --failure,
//!       +-------+ | \ \                                              |  transaction failed,
//!                 |  \ +--failure, transaction failed--> Ended       |  limit-----------> Ended
//!            2xx  |   \ 2xx with an offer                            |
//!            ACK  |    v                                             | 2xx (crossed)
//!                 |  AwaitingAnswer --terminate, limit: ACK, BYE--+  | ACK, BYE
//!                 |    |  \-- remote BYE: ACK, Ended              |  |
//!                 |    | answer: ACK                              |  |
//!                 v    v                                          v  v
//!              Confirmed ----------terminate, lost: BYE--------> Closing --BYE done-----> Ended
//!                 | remote BYE; re-INVITE's 2xx without ACK: BYE    | remote BYE
//!                 +-------------------------------------------------+-------------------> Ended
//! ```
//!
//! BYE before the 2xx means that the 2xx was lost for good: the called party has given up waiting for our ACK.

use super::Actions;

/// Where the caller's side of a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// The INVITE is on its way, nothing has come back.
    Calling,
    /// A provisional response has come.
    Proceeding,
    /// The user gave up; the final response of the INVITE is awaited.
    Cancelling,
    /// The 2xx carried an offer; its ACK waits for our answer.
    AwaitingAnswer,
    /// The ACK is sent.
    Confirmed,
    /// BYE is sent and not yet answered.
    Closing,
    /// Over.
    Ended,
}

/// What can happen to the caller's side of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// 101..=199 came, or 100.
    Provisional,
    /// A first 2xx that completes offer and answer.
    Success,
    /// A first 2xx that carries an offer, as our INVITE had none.
    SuccessWithOffer,
    /// 300..=699 came.
    Failure,
    /// The INVITE transaction timed out, lost its transport, or found no server.
    TransactionFailed,
    /// The user answered the offer of the 2xx.
    Answer,
    /// The user ends the call.
    Terminate,
    /// The time limit of the state has passed.
    Limit,
    /// 64*T1 have passed since our 2xx to a re-INVITE without its ACK.
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
            State::Calling => "calling",
            State::Proceeding => "proceeding",
            State::Cancelling => "cancelling",
            State::AwaitingAnswer => "awaiting our answer",
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
        (Calling | Proceeding, Provisional) => (Proceeding, Actions::REPORT),
        (Calling | Proceeding, Success) => (Confirmed, Actions::ACK_REPORT),
        (Calling | Proceeding, SuccessWithOffer) => (AwaitingAnswer, Actions::REPORT),
        (Calling | Proceeding | Cancelling, Failure | TransactionFailed) => (Ended, Actions::END),
        (Calling | Proceeding, Terminate | RemoteBye) | (Proceeding, Limit) => {
            (Cancelling, Actions::CANCEL)
        }

        (Cancelling, Success | SuccessWithOffer) => (Closing, Actions::ACK_BYE),
        (Cancelling, Limit) => (Ended, Actions::END),
        (Cancelling | Closing, Terminate) | (Cancelling, RemoteBye) => (state, Actions::NONE),

        (AwaitingAnswer, Answer) => (Confirmed, Actions::ACK),
        (AwaitingAnswer, Terminate | Limit) => (Closing, Actions::ACK_BYE),

        (Confirmed, Terminate | Lost) => (Closing, Actions::BYE),
        (Confirmed, AckTimeout) => (Ended, Actions::BYE_END),
        (AwaitingAnswer, RemoteBye) => (Ended, Actions::ACK_END),
        (Confirmed | Closing, RemoteBye) => (Ended, Actions::END),
        (Closing, ByeDone) => (Ended, Actions::END),
        _ => return None,
    })
}
