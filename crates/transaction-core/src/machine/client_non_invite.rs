//! The non-INVITE client transaction: RFC 3261 section 17.1.2 (figure 6).
//!
//! ```text
//!                                  |Request from TU
//!                                  |send request
//!              Timer E             V
//!              send request  +-----------+
//!                  +---------|           |-------------------+
//!                  |         |  Trying   |  Timer F          |
//!                  +-------->|           |  or Transport Err.|
//!                            +-----------+  inform TU        |
//!               200-699         |  |                         |
//!               resp. to TU     |  |1xx                      |
//!               +---------------+  |resp. to TU              |
//!               |                  |                         |
//!               |   Timer E        V       Timer F           |
//!               |   send req +-----------+ or Transport Err. |
//!               |  +---------|           | inform TU         |
//!               |  |         |Proceeding |------------------>|
//!               |  +-------->|           |-----+             |
//!               |            +-----------+     |1xx          |
//!               |              |      ^        |resp to TU   |
//!               | 200-699      |      +--------+             |
//!               | resp. to TU  |                             |
//!               |              V                             |
//!               |            +-----------+                   |
//!               |            |           |                   |
//!               +----------->| Completed |                   |
//!                            |           |                   |
//!                            +-----------+                   |
//!                              |                             |
//!                              |Timer K                      |
//!                              V                             |
//!                            +-----------+                   |
//!                            | Terminated|<------------------+
//!                            +-----------+
//! ```

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
    /// A 1xx came.
    Provisional,
    /// A 200-699 came.
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
            Stimulus::Response(status) if status.is_provisional() => Input::Provisional,
            Stimulus::Response(_) => Input::Final,
            Stimulus::TransportFailed => Input::TransportFailed,
            Stimulus::Fired(timer) => Input::Fired(timer),
            Stimulus::Request | Stimulus::Ack | Stimulus::Answer(_) | Stimulus::CancelSent => {
                return None;
            }
        })
    }
}

/// The transaction begins: what to do with the request.
pub(crate) fn start(reliable: bool) -> (State, Actions) {
    let mut actions: Actions = smallvec![Action::Send, Action::Start(Timer::F)];
    if !reliable {
        actions.push(Action::Start(Timer::E));
    }
    (State::Trying, actions)
}

pub(crate) fn step(state: State, input: Input, reliable: bool) -> (State, Actions) {
    match (state, input) {
        (State::Trying | State::Proceeding, Input::Provisional) => {
            (State::Proceeding, smallvec![Action::Deliver])
        }
        (State::Trying | State::Proceeding, Input::Final) if reliable => (
            State::Terminated,
            smallvec![Action::Deliver, Action::End(Ending::Done)],
        ),
        (State::Trying | State::Proceeding, Input::Final) => (
            State::Completed,
            smallvec![
                Action::Stop(Timer::E),
                Action::Start(Timer::K),
                Action::Deliver
            ],
        ),
        (State::Trying | State::Proceeding, Input::Fired(Timer::F)) => {
            (State::Terminated, smallvec![Action::End(Ending::TimedOut)])
        }
        (State::Trying | State::Proceeding, Input::TransportFailed) => (
            State::Terminated,
            smallvec![Action::End(Ending::TransportFailed)],
        ),
        (State::Trying, Input::Fired(Timer::E)) => {
            (state, smallvec![Action::Repeat, Action::Again(Timer::E)])
        }
        (State::Proceeding, Input::Fired(Timer::E)) => (
            state,
            smallvec![Action::Repeat, Action::AgainAtT2(Timer::E)],
        ),
        (State::Completed, Input::Fired(Timer::K)) => {
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
        [Input::Provisional, Input::Final, Input::TransportFailed]
            .into_iter()
            .chain(timers)
            .collect()
    }

    #[test]
    fn begins_as_figure_6_says() {
        let expected: [Action; 3] = [
            Action::Send,
            Action::Start(Timer::F),
            Action::Start(Timer::E),
        ];
        assert_eq!(
            start(false),
            (State::Trying, Actions::from_slice(&expected))
        );
        assert_eq!(
            start(true),
            (State::Trying, Actions::from_slice(&expected[..2]))
        );
    }

    #[test]
    fn grid_over_an_unreliable_transport() {
        let table = "
            Provisional     | Proceeding deliver          | deliver                     | .               | .
            Final           | Completed -E +K deliver     | Completed -E +K deliver     | .               | .
            TransportFailed | Terminated transport-failed | Terminated transport-failed | .               | .
            Fired(E)        | repeat again:E              | repeat t2:E                 | .               | .
            Fired(F)        | Terminated timed-out        | Terminated timed-out        | .               | .
            Fired(K)        | .                           | .                           | Terminated done | .
            *               | .                           | .                           | .               | .
        ";
        grid::walk(table, &STATES, &inputs(), |state, input| {
            step(state, input, false)
        });
    }

    #[test]
    fn grid_over_a_reliable_transport() {
        let table = "
            Provisional     | Proceeding deliver          | deliver                     | .               | .
            Final           | Terminated deliver done     | Terminated deliver done     | .               | .
            TransportFailed | Terminated transport-failed | Terminated transport-failed | .               | .
            Fired(E)        | repeat again:E              | repeat t2:E                 | .               | .
            Fired(F)        | Terminated timed-out        | Terminated timed-out        | .               | .
            Fired(K)        | .                           | .                           | Terminated done | .
            *               | .                           | .                           | .               | .
        ";
        grid::walk(table, &STATES, &inputs(), |state, input| {
            step(state, input, true)
        });
    }
}
