//! The non-INVITE server transaction: RFC 3261 section 17.2.2 (figure 8).
//!
//! ```text
//!                                   |Request received
//!                                   |pass to TU
//!                                   V
//!                             +-----------+
//!                             |           |
//!                             |  Trying   |--------------+ 64 T1 over
//!                             |           |-----------+  | (see below)
//!                             +-----------+           |  | inform TU
//!                                   |                 |  +---------->+
//!                                   |1xx from TU      |200-699       |
//!                                   |send response    |from TU       |
//!                                   |                 |send response |
//!                  Request          V    1xx from TU  |              |
//!                  send resp. +-----------+ send resp.|              |
//!                      +------|           |------+    |              |
//!                      |      |Proceeding |      |    |              |
//!                      +----->|           |<-----+    | 64 T1 over   |
//!                             |           |-----------)-- or ------->|
//!                             +-----------+           |  Transport   |
//!                                   |                 |  Err.        |
//!                                   |200-699 from TU  |  inform TU   |
//!                                   |send response    |              |
//!                  Request          V                 |              |
//!                  send resp. +-----------+           |              |
//!                      +------|           |           |              |
//!                      |      | Completed |<----------+              |
//!                      +----->|           |  Transport Err.          |
//!                             |           |  inform TU               |
//!                             |           |------------------------->|
//!                             +-----------+                          |
//!                                   |Timer J fires                   |
//!                                   |-                               |
//!                                   V                                |
//!                             +-----------+                          |
//!                             | Terminated|<-------------------------+
//!                             +-----------+
//! ```
//!
//! RFC 3261 lets the user of this transaction wait without end. RFC 4320 section 4.2 shows that after 64 T1 no answer is
//! of use any more, so that the transaction ends then and a forgotten request is not kept for ever.

use smallvec::smallvec;

use super::{Action, Actions, Ending, Stimulus};
use crate::timer::Timer;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Trying,
    Proceeding,
    Completed,
    Terminated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// The request came again.
    Request,
    /// The transaction user answers 1xx.
    Provisional,
    /// The transaction user answers 200-699.
    Final,
    /// The network refused what was sent.
    TransportFailed,
    /// A timer fired.
    Fired(Timer),
}

impl Input {
    /// What a stimulus is to this machine.
    pub(super) fn from_stimulus(stimulus: Stimulus) -> Option<Input> {
        Some(match stimulus {
            Stimulus::Request => Input::Request,
            Stimulus::Answer(status) if status.is_provisional() => Input::Provisional,
            Stimulus::Answer(_) => Input::Final,
            Stimulus::TransportFailed => Input::TransportFailed,
            Stimulus::Fired(timer) => Input::Fired(timer),
            Stimulus::Ack | Stimulus::Response(_) | Stimulus::CancelSent => return None,
        })
    }
}

/// The transaction begins: what to do with the request.
pub(crate) fn start() -> (State, Actions) {
    (
        State::Trying,
        smallvec![Action::Start(Timer::Unanswered), Action::Deliver],
    )
}

pub(crate) fn step(state: State, input: Input, reliable: bool) -> (State, Actions) {
    match (state, input) {
        (State::Trying | State::Proceeding, Input::Provisional) => {
            (State::Proceeding, smallvec![Action::Send])
        }
        (State::Trying | State::Proceeding, Input::Final) if reliable => (
            State::Terminated,
            smallvec![Action::Send, Action::End(Ending::Done)],
        ),
        (State::Trying | State::Proceeding, Input::Final) => (
            State::Completed,
            smallvec![
                Action::Stop(Timer::Unanswered),
                Action::Start(Timer::J),
                Action::Send
            ],
        ),
        (State::Trying | State::Proceeding, Input::Fired(Timer::Unanswered)) => (
            State::Terminated,
            smallvec![Action::End(Ending::Unanswered)],
        ),
        (State::Proceeding | State::Completed, Input::Request) => {
            (state, smallvec![Action::Repeat])
        }
        (State::Trying | State::Proceeding | State::Completed, Input::TransportFailed) => (
            State::Terminated,
            smallvec![Action::End(Ending::TransportFailed)],
        ),
        (State::Completed, Input::Fired(Timer::J)) => {
            (State::Terminated, smallvec![Action::End(Ending::Done)])
        }
        _ => (state, Actions::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::grid;
    use super::*;

    const STATES: [State; 4] = [
        State::Trying,
        State::Proceeding,
        State::Completed,
        State::Terminated,
    ];

    fn inputs() -> Vec<Input> {
        let timers = grid::TIMERS.into_iter().map(Input::Fired);
        [
            Input::Request,
            Input::Provisional,
            Input::Final,
            Input::TransportFailed,
        ]
        .into_iter()
        .chain(timers)
        .collect()
    }

    #[test]
    fn begins_as_figure_8_says() {
        let expected = [Action::Start(Timer::Unanswered), Action::Deliver];
        assert_eq!(start(), (State::Trying, Actions::from_slice(&expected)));
    }

    #[test]
    fn grid_over_an_unreliable_transport() {
        let table = "
            Request           | .                             | repeat                        | repeat                      | .
            Provisional       | Proceeding send               | send                          | .                           | .
            Final             | Completed -Unanswered +J send | Completed -Unanswered +J send | .                           | .
            TransportFailed   | Terminated transport-failed   | Terminated transport-failed   | Terminated transport-failed | .
            Fired(J)          | .                             | .                             | Terminated done             | .
            Fired(Unanswered) | Terminated unanswered         | Terminated unanswered         | .                           | .
            *                 | .                             | .                             | .                           | .
        ";
        grid::walk(table, &STATES, &inputs(), |state, input| {
            step(state, input, false)
        });
    }

    #[test]
    fn grid_over_a_reliable_transport() {
        let table = "
            Request           | .                             | repeat                        | repeat                      | .
            Provisional       | Proceeding send               | send                          | .                           | .
            Final             | Terminated send done          | Terminated send done          | .                           | .
            TransportFailed   | Terminated transport-failed   | Terminated transport-failed   | Terminated transport-failed | .
            Fired(J)          | .                             | .                             | Terminated done             | .
            Fired(Unanswered) | Terminated unanswered         | Terminated unanswered         | .                           | .
            *                 | .                             | .                             | .                           | .
        ";
        grid::walk(table, &STATES, &inputs(), |state, input| {
            step(state, input, true)
        });
    }
}
