//! The INVITE server transaction: RFC 3261 section 17.2.1 (figure 7) as changed by RFC 6026 (figure 5).
//!
//! ```text
//!                                    |INVITE
//!                                    |pass INV to TU
//!               INVITE               V send 100 if TU won't in 200 ms
//!               send response+------------+
//!                   +--------|            |--------+ 101-199 from TU
//!                   |        |            |        | send response
//!                   +------->|            |<-------+
//!                            | Proceeding |
//!                            |            |--------+ Transport Err.
//!                            |            |        | inform TU
//!                            |            |        |
//!                            +------------+        |
//!          300-699 from TU |    |2xx from TU       |
//!          send response   |    |send response     |
//!           +--------------+    +------------+     |
//!           |                                |     |
//! INVITE    V          Timer G fires         |     |
//! send resp.+-----------+ send response      |     |
//!  +--------|           |--------+           |     |
//!  |        | Completed |        |           |     |
//!  +------->|           |<-------+           |     |
//!           +-----------+                    |     |
//!              |     |                       |     |
//!          ACK |     |   Timer H fires       |     |
//!           -  |     |   or Transport Err.   |     |
//!              |     |   inform TU           |     |
//!              |     +-----------------------)---->|
//!              V                             V     |
//!        +-----------+    INVITE       +-----------+
//!        |           |      -  +-------|           |--------+ ACK to TU, or
//!        | Confirmed |         |       | Accepted  |        | 2xx from TU
//!        |           |         +------>|           |<-------+ send response
//!        +-----------+                 +-----------+
//!              |                             |     |
//!              |Timer I fires                |     |
//!              |  -                          |Timer L fires
//!              V                             |  -  |
//!        +------------+                      |     |
//!        | Terminated |<---------------------+<----+
//!        +------------+
//! ```
//!
//! In Accepted a failure of the network is told to the transaction user by the call that met it, and nothing else changes:
//! the 2xx and its repetition are the user's.

use smallvec::smallvec;

use super::{Action, Actions, Ending, Stimulus};
use crate::timer::Timer;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Proceeding,
    Completed,
    Confirmed,
    Accepted,
    Terminated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// The INVITE came again.
    Invite,
    /// An ACK came.
    Ack,
    /// The transaction user answers 1xx.
    Provisional,
    /// The transaction user answers 2xx.
    Success,
    /// The transaction user answers 300-699.
    Failure,
    /// The network refused what was sent.
    TransportFailed,
    /// A timer fired.
    Fired(Timer),
}

impl Input {
    /// What a stimulus is to this machine.
    pub(super) fn from_stimulus(stimulus: Stimulus) -> Option<Input> {
        Some(match stimulus {
            Stimulus::Request => Input::Invite,
            Stimulus::Ack => Input::Ack,
            Stimulus::Answer(status) if status.is_provisional() => Input::Provisional,
            Stimulus::Answer(status) if status.is_success() => Input::Success,
            Stimulus::Answer(_) => Input::Failure,
            Stimulus::TransportFailed => Input::TransportFailed,
            Stimulus::Fired(timer) => Input::Fired(timer),
            Stimulus::Response(_) | Stimulus::CancelSent => return None,
        })
    }
}

/// The transaction begins: what to do with the INVITE.
pub(crate) fn start() -> (State, Actions) {
    (
        State::Proceeding,
        smallvec![Action::Start(Timer::Trying), Action::Deliver],
    )
}

pub(crate) fn step(state: State, input: Input, reliable: bool) -> (State, Actions) {
    match (state, input) {
        (State::Proceeding | State::Completed, Input::Invite) => (state, smallvec![Action::Repeat]),
        (State::Proceeding, Input::Provisional) => {
            (state, smallvec![Action::Stop(Timer::Trying), Action::Send])
        }
        (State::Proceeding, Input::Fired(Timer::Trying)) => (state, smallvec![Action::Send]),
        (State::Proceeding, Input::Success) => (
            State::Accepted,
            smallvec![
                Action::Stop(Timer::Trying),
                Action::Start(Timer::L),
                Action::Send
            ],
        ),
        (State::Proceeding, Input::Failure) => {
            let mut actions: Actions =
                smallvec![Action::Stop(Timer::Trying), Action::Start(Timer::H)];
            if !reliable {
                actions.push(Action::Start(Timer::G));
            }
            actions.push(Action::Send);
            (State::Completed, actions)
        }
        (State::Proceeding | State::Completed, Input::TransportFailed) => (
            State::Terminated,
            smallvec![Action::End(Ending::TransportFailed)],
        ),
        (State::Completed, Input::Fired(Timer::G)) => {
            (state, smallvec![Action::Repeat, Action::Again(Timer::G)])
        }
        (State::Completed, Input::Fired(Timer::H)) => {
            (State::Terminated, smallvec![Action::End(Ending::TimedOut)])
        }
        (State::Completed, Input::Ack) if reliable => {
            (State::Terminated, smallvec![Action::End(Ending::Done)])
        }
        (State::Completed, Input::Ack) => (
            State::Confirmed,
            smallvec![Action::Stop(Timer::G), Action::Start(Timer::I)],
        ),
        (State::Accepted, Input::Ack) => (state, smallvec![Action::Deliver]),
        (State::Accepted, Input::Success) => (state, smallvec![Action::Send]),
        (State::Confirmed, Input::Fired(Timer::I)) | (State::Accepted, Input::Fired(Timer::L)) => {
            (State::Terminated, smallvec![Action::End(Ending::Done)])
        }
        _ => (state, Actions::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::grid;
    use super::*;

    const STATES: [State; 5] = [
        State::Proceeding,
        State::Completed,
        State::Confirmed,
        State::Accepted,
        State::Terminated,
    ];

    fn inputs() -> Vec<Input> {
        let timers = grid::TIMERS.into_iter().map(Input::Fired);
        let others = [
            Input::Invite,
            Input::Ack,
            Input::Provisional,
            Input::Success,
            Input::Failure,
            Input::TransportFailed,
        ];
        others.into_iter().chain(timers).collect()
    }

    #[test]
    fn begins_as_figure_7_says() {
        let expected = [Action::Start(Timer::Trying), Action::Deliver];
        assert_eq!(start(), (State::Proceeding, Actions::from_slice(&expected)));
    }

    #[test]
    fn grid_over_an_unreliable_transport() {
        let table = "
            Invite          | repeat                       | repeat                      | .               | .               | .
            Ack             | .                            | Confirmed -G +I             | .               | deliver         | .
            Provisional     | -Trying send                 | .                           | .               | .               | .
            Success         | Accepted -Trying +L send     | .                           | .               | send            | .
            Failure         | Completed -Trying +H +G send | .                           | .               | .               | .
            TransportFailed | Terminated transport-failed  | Terminated transport-failed | .               | .               | .
            Fired(G)        | .                            | repeat again:G              | .               | .               | .
            Fired(H)        | .                            | Terminated timed-out        | .               | .               | .
            Fired(I)        | .                            | .                           | Terminated done | .               | .
            Fired(L)        | .                            | .                           | .               | Terminated done | .
            Fired(Trying)   | send                         | .                           | .               | .               | .
            *               | .                            | .                           | .               | .               | .
        ";
        grid::walk(table, &STATES, &inputs(), |state, input| {
            step(state, input, false)
        });
    }

    #[test]
    fn grid_over_a_reliable_transport() {
        let table = "
            Invite          | repeat                       | repeat                      | .               | .               | .
            Ack             | .                            | Terminated done             | .               | deliver         | .
            Provisional     | -Trying send                 | .                           | .               | .               | .
            Success         | Accepted -Trying +L send     | .                           | .               | send            | .
            Failure         | Completed -Trying +H send    | .                           | .               | .               | .
            TransportFailed | Terminated transport-failed  | Terminated transport-failed | .               | .               | .
            Fired(G)        | .                            | repeat again:G              | .               | .               | .
            Fired(H)        | .                            | Terminated timed-out        | .               | .               | .
            Fired(I)        | .                            | .                           | Terminated done | .               | .
            Fired(L)        | .                            | .                           | .               | Terminated done | .
            Fired(Trying)   | send                         | .                           | .               | .               | .
            *               | .                            | .                           | .               | .               | .
        ";
        grid::walk(table, &STATES, &inputs(), |state, input| {
            step(state, input, true)
        });
    }
}
