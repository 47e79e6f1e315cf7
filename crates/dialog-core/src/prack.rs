//! Reliable provisional responses (RFC 3262): as called one at a time until its PRACK comes, as caller in their order.
//!
//! ```text
//!              provisional: send
//!        Idle ------------------> Outstanding --+ repeat: send again
//!         | ^                      | | |  ^     | provisional: queue
//!         | +---- PRACK: 200 ------+ | |  +-----+
//!         |                          | |
//!         |  accept while a          | | accept: 2xx, 64*T1: 5xx
//!         |  description waits       | +------------------------------> Done
//!         +----------> Holding <-----+                                   ^  ^
//!         |              | settled: 2xx, 64*T1: 5xx                      |  |
//!         |              +-----------------------------------------------+  |
//!         +-- accept: 2xx --------------------------------------------------+
//! ```
//!
//! Done still answers the PRACK of what was sent (section 3).

/// RSeq numbers end here (section 7.1).
const LAST: u32 = (1 << 31) - 1;

/// Where the reliable provisional responses of a called party are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// None waits for its PRACK.
    Idle,
    /// One waits for its PRACK and is repeated.
    Outstanding,
    /// One waits for its PRACK, and the 2xx waits for that.
    Holding,
    /// The final response has gone out.
    Done,
}

/// What can happen to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// The user sends one, or the one that has waited longest has its turn.
    Provisional,
    /// The user accepts, and nothing of the session hangs on a PRACK.
    Accept,
    /// The user accepts, and a description or its answer is still on its way.
    AcceptLater,
    /// The PRACK of the one that went out came.
    Prack,
    /// No description is on its way any more.
    Settled,
    /// The one that went out is to go out again.
    Repeat,
    /// 64*T1 have passed without PRACK.
    Timeout,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Nothing.
    None,
    /// Send the response, with a number of its own.
    Send,
    /// Keep the response until the one before has its PRACK.
    Queue,
    /// Send the outstanding response again.
    Repeat,
    /// Send the 2xx.
    Succeed,
    /// Keep the 2xx until the PRACK has come.
    Hold,
    /// Refuse the INVITE with 5xx.
    GiveUp,
}

/// One step. `None`: the input has no meaning in this state and changes nothing.
pub const fn step(state: State, input: Input) -> Option<(State, Action)> {
    use Input::*;
    use State::*;
    Some(match (state, input) {
        (Idle, Provisional) => (Outstanding, Action::Send),
        (Outstanding, Provisional) => (Outstanding, Action::Queue),
        (Holding, Provisional) => (Holding, Action::Send),
        (Idle | Outstanding, Accept) | (Holding, Settled) => (Done, Action::Succeed),
        (Idle | Outstanding, AcceptLater) => (Holding, Action::Hold),
        (Outstanding, Prack) => (Idle, Action::None),
        (Holding | Done, Prack) => (state, Action::None),
        (Outstanding | Holding, Repeat) => (state, Action::Repeat),
        (Outstanding | Holding, Timeout) => (Done, Action::GiveUp),
        _ => return None,
    })
}

/// The number after this one; `None` when a call has used up all of them.
pub fn following(rseq: u32) -> Option<u32> {
    rseq.checked_add(1).filter(|next| *next <= LAST)
}

/// What the RSeq of a provisional response says to its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// The first, or the one after the last: PRACK.
    InOrder,
    /// One that has had its PRACK.
    Repeated,
    /// One before it is missing, and will come again: to be dropped (section 4).
    Early,
}

/// The RSeq numbers that came in an early dialog.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrivals(Option<u32>);

impl Arrivals {
    /// The PRACK of this response has failed: it counts as one that has not come.
    pub fn retract(&mut self, rseq: u32) {
        if self.0 == Some(rseq) {
            self.0 = Some(rseq.saturating_sub(1));
        }
    }

    /// Judges a number, and remembers it when it is in order.
    pub fn arrive(&mut self, rseq: u32) -> Arrival {
        match self.0 {
            Some(last) if rseq <= last => Arrival::Repeated,
            Some(last) if Some(rseq) != following(last) => Arrival::Early,
            _ => {
                self.0 = Some(rseq);
                Arrival::InOrder
            }
        }
    }
}

#[cfg(test)]
mod tests;
