//! The INVITE client transaction: RFC 3261 section 17.1.1 (figure 5) as changed by RFC 6026 (figure 3).
//!
//! ```text
//!                            |INVITE from TU
//!          Timer A fires     |INVITE sent
//!          INVITE sent       V                 Timer B fires or
//!              +------>+-----------+           Transport Err.: inform TU
//!              +-------|  Calling  |--------------------------->+
//! +<-------------------|           |------------+               |
//! | 300-699            +-----------+ 2xx        |               |
//! | ACK sent,                |1xx    2xx to TU  |               |
//! | resp. to TU              |1xx to TU         |               |
//! |        1xx               V                  |               |
//! |        1xx to TU   +-----------+            |               |
//! |            +------>|           |            | 64 T1 after CANCEL:
//! |            +-------|Proceeding |            | inform TU     |
//! |<-------------------|           |------------)-------------->|
//! | 300-699            |           |----------->|               |
//! | ACK sent,          +-----------+ 2xx        |               |
//! | resp. to TU                      2xx to TU  |               |
//! |        300-699                              |               |
//! |        ACK sent    +-----------+            |               |
//! |            +------>|           |            | Transport Err.|
//! |            +-------| Completed |            | inform TU     |
//! +------------------->|           |------------)-------------->|
//!                      +-----------+            V               |
//!                            |            +-----------+         |
//!                            |      +---->|           |         |
//!              Timer D fires |      +-----| Accepted  |         |
//!                            |   2xx      |           |         |
//!                            |  2xx to TU +-----------+         |
//!                            V                  |               |
//!                      +------------+           | Timer M fires |
//!                      | Terminated |<----------+---------------+
//!                      +------------+
//! ```
//!
//! Proceeding lasts as long as it rings: its end is the transaction user's to decide, with a CANCEL (section 9.1).

use smallvec::smallvec;

use super::{Action, Actions, Ending, Stimulus};
use crate::timer::Timer;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Calling,
    Proceeding,
    Completed,
    Accepted,
    Terminated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// A 1xx came.
    Provisional,
    /// A 2xx came.
    Success,
    /// A 300-699 came.
    Failure,
    /// Our CANCEL went out.
    CancelSent,
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
            Stimulus::Response(status) if status.is_success() => Input::Success,
            Stimulus::Response(_) => Input::Failure,
            Stimulus::CancelSent => Input::CancelSent,
            Stimulus::TransportFailed => Input::TransportFailed,
            Stimulus::Fired(timer) => Input::Fired(timer),
            Stimulus::Request | Stimulus::Ack | Stimulus::Answer(_) => return None,
        })
    }
}

/// The transaction begins: what to do with the INVITE.
pub(crate) fn start(reliable: bool) -> (State, Actions) {
    let mut actions: Actions = smallvec![Action::Send, Action::Start(Timer::B)];
    if !reliable {
        actions.push(Action::Start(Timer::A));
    }
    (State::Calling, actions)
}

pub(crate) fn step(state: State, input: Input, reliable: bool) -> (State, Actions) {
    match (state, input) {
        (State::Calling, Input::Provisional) => (
            State::Proceeding,
            smallvec![
                Action::Stop(Timer::A),
                Action::Stop(Timer::B),
                Action::Deliver
            ],
        ),
        (State::Calling, Input::Fired(Timer::A)) => (
            State::Calling,
            smallvec![Action::Repeat, Action::Again(Timer::A)],
        ),
        (State::Calling, Input::Fired(Timer::B))
        | (State::Proceeding, Input::Fired(Timer::Cancelled)) => {
            (State::Terminated, smallvec![Action::End(Ending::TimedOut)])
        }
        (State::Calling | State::Completed, Input::TransportFailed) => (
            State::Terminated,
            smallvec![Action::End(Ending::TransportFailed)],
        ),
        (State::Proceeding, Input::Provisional) => (State::Proceeding, smallvec![Action::Deliver]),
        (State::Proceeding, Input::CancelSent) => (
            State::Proceeding,
            smallvec![Action::Start(Timer::Cancelled)],
        ),
        (State::Calling | State::Proceeding, Input::Success) => (
            State::Accepted,
            smallvec![
                Action::Stop(Timer::A),
                Action::Start(Timer::M),
                Action::Deliver
            ],
        ),
        (State::Calling | State::Proceeding, Input::Failure) if reliable => (
            State::Terminated,
            smallvec![
                Action::Acknowledge,
                Action::Deliver,
                Action::End(Ending::Done)
            ],
        ),
        (State::Calling | State::Proceeding, Input::Failure) => (
            State::Completed,
            smallvec![
                Action::Stop(Timer::A),
                Action::Start(Timer::D),
                Action::Acknowledge,
                Action::Deliver
            ],
        ),
        (State::Completed, Input::Failure) => (State::Completed, smallvec![Action::Repeat]),
        (State::Accepted, Input::Success) => (State::Accepted, smallvec![Action::Deliver]),
        (State::Completed, Input::Fired(Timer::D)) | (State::Accepted, Input::Fired(Timer::M)) => {
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
        State::Calling,
        State::Proceeding,
        State::Completed,
        State::Accepted,
        State::Terminated,
    ];

    fn inputs() -> Vec<Input> {
        let timers = grid::TIMERS.into_iter().map(Input::Fired);
        [
            Input::Provisional,
            Input::Success,
            Input::Failure,
            Input::CancelSent,
            Input::TransportFailed,
        ]
        .into_iter()
        .chain(timers)
        .collect()
    }

    #[test]
    fn begins_as_figure_5_says() {
        let expected: [Action; 3] = [
            Action::Send,
            Action::Start(Timer::B),
            Action::Start(Timer::A),
        ];
        assert_eq!(
            start(false),
            (State::Calling, Actions::from_slice(&expected))
        );
        assert_eq!(
            start(true),
            (State::Calling, Actions::from_slice(&expected[..2]))
        );
    }

    #[test]
    fn grid_over_an_unreliable_transport() {
        let table = "
            Provisional      | Proceeding -A -B deliver        | deliver                         | .                           | .               | .
            Success          | Accepted -A +M deliver          | Accepted -A +M deliver          | .                           | deliver         | .
            Failure          | Completed -A +D ack deliver     | Completed -A +D ack deliver     | repeat                      | .               | .
            CancelSent       | .                               | +Cancelled                      | .                           | .               | .
            TransportFailed  | Terminated transport-failed     | .                               | Terminated transport-failed | .               | .
            Fired(A)         | repeat again:A                  | .                               | .                           | .               | .
            Fired(B)         | Terminated timed-out            | .                               | .                           | .               | .
            Fired(D)         | .                               | .                               | Terminated done             | .               | .
            Fired(M)         | .                               | .                               | .                           | Terminated done | .
            Fired(Cancelled) | .                               | Terminated timed-out            | .                           | .               | .
            *                | .                               | .                               | .                           | .               | .
        ";
        grid::walk(table, &STATES, &inputs(), |state, input| {
            step(state, input, false)
        });
    }

    #[test]
    fn grid_over_a_reliable_transport() {
        let table = "
            Provisional      | Proceeding -A -B deliver        | deliver                         | .                           | .               | .
            Success          | Accepted -A +M deliver          | Accepted -A +M deliver          | .                           | deliver         | .
            Failure          | Terminated ack deliver done     | Terminated ack deliver done     | repeat                      | .               | .
            CancelSent       | .                               | +Cancelled                      | .                           | .               | .
            TransportFailed  | Terminated transport-failed     | .                               | Terminated transport-failed | .               | .
            Fired(A)         | repeat again:A                  | .                               | .                           | .               | .
            Fired(B)         | Terminated timed-out            | .                               | .                           | .               | .
            Fired(D)         | .                               | .                               | Terminated done             | .               | .
            Fired(M)         | .                               | .                               | .                           | Terminated done | .
            Fired(Cancelled) | .                               | Terminated timed-out            | .                           | .               | .
            *                | .                               | .                               | .                           | .               | .
        ";
        grid::walk(table, &STATES, &inputs(), |state, input| {
            step(state, input, true)
        });
    }
}
