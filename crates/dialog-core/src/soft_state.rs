//! Soft state that a client keeps at a server: a registration (RFC 3261 section 10.2) or a publication (RFC 3903 section
//! 4) that is made, refreshed before it runs out, and taken back.
//!
//! ```text
//!                         +-------------------------------------------------+
//!    start       granted  |                     granted                     |
//!      |       +----------+------> Kept --due, renew, lost--> Refreshing ----+
//!      v       |                    |                          |  |  |
//!    Making ---+--failed--> Waiting-+--------------------------+  |  |   Making, Refreshing:
//!      ^ |  \                | |  \ |  failed                     |  |     again: the same once more
//!      | |   \ refused       | |   \|                             |  |     renew: once more when granted
//!      | |    \     due,renew| |    | remove             refused  |  |
//!      +-|-----\-------------+ |    v                             |  |
//!        |      \              +> Removing --granted, refused,    |  |
//! remove |       \                  ^         failed--> Ended <---+  |
//!        v        +-----------------|---------------------^          |
//!    Withdrawing --any answer-------+                                |
//!        ^                                                   remove  |
//!        +-----------------------------------------------------------+
//! ```
//!
//! Never two requests at once: whoever takes its state back while a request is on its way waits for the answer first (RFC
//! 3261 section 10.2, RFC 3903 section 4.1).

use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;

/// A registration or a publication: slab index and generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SoftStateKey {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

crate::table::key!(SoftStateKey);

/// Where a client's soft state is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// The request that makes it is on its way.
    Making,
    /// The server has it.
    Kept,
    /// The server has it, and a request that prolongs or changes it is on its way.
    Refreshing,
    /// It could not be made or refreshed; it will be tried again.
    Waiting,
    /// The user takes it back, and the answer to the last request is awaited first.
    Withdrawing,
    /// The request that takes it back is on its way.
    Removing,
    /// Over.
    Ended,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// The server agreed.
    Granted,
    /// The server wants the request otherwise: for a longer time, at another place, as a new one.
    Again,
    /// The server refused for good.
    Refused,
    /// There was no answer, or one that may be another later.
    Failed,
    /// It is time to refresh, or to try again.
    Due,
    /// The user wants it refreshed now, or with other contents.
    Renew,
    /// The way to the server is gone, or this side is seen under another address.
    Lost,
    /// The user takes it back.
    Remove,
}

/// What a step asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Actions {
    /// Send the request that the new state is about.
    pub send: bool,
    /// Tell what was granted, and be woken before it runs out.
    pub keep: bool,
    /// Tell what failed, and be woken when it is time to try again.
    pub wait: bool,
    /// Refresh as soon as the present request is granted.
    pub renew: bool,
    /// It is over: one last event, and the record goes.
    pub end: bool,
}

impl Actions {
    const NONE: Actions = Actions {
        send: false,
        keep: false,
        wait: false,
        renew: false,
        end: false,
    };
    const SEND: Actions = Actions {
        send: true,
        ..Actions::NONE
    };
    const KEEP: Actions = Actions {
        keep: true,
        ..Actions::NONE
    };
    const WAIT: Actions = Actions {
        wait: true,
        ..Actions::NONE
    };
    const RENEW: Actions = Actions {
        renew: true,
        ..Actions::NONE
    };
    const END: Actions = Actions {
        end: true,
        ..Actions::NONE
    };
}

impl State {
    /// Whether a request is on its way.
    pub const fn is_asking(self) -> bool {
        !matches!(self, State::Kept | State::Waiting | State::Ended)
    }

    /// Whether the user has taken it back.
    pub const fn is_leaving(self) -> bool {
        matches!(self, State::Withdrawing | State::Removing | State::Ended)
    }
}

/// One step. `None`: the input has no meaning in this state and changes nothing.
pub const fn step(state: State, input: Input) -> Option<(State, Actions)> {
    use Input::*;
    use State::*;
    Some(match (state, input) {
        (Making | Refreshing, Granted) => (Kept, Actions::KEEP),
        (Making | Refreshing | Removing, Again) => (state, Actions::SEND),
        (Making | Refreshing, Refused) => (Ended, Actions::END),
        (Making | Refreshing, Failed) => (Waiting, Actions::WAIT),
        (Making | Refreshing, Renew) => (state, Actions::RENEW),
        (Making | Refreshing, Remove) => (Withdrawing, Actions::NONE),

        (Kept, Due | Renew | Lost) => (Refreshing, Actions::SEND),
        (Waiting, Due | Renew) => (Making, Actions::SEND),
        (Kept | Waiting, Remove) => (Removing, Actions::SEND),

        (Withdrawing, Granted | Again | Refused | Failed) => (Removing, Actions::SEND),
        (Withdrawing | Removing, Remove) => (state, Actions::NONE),
        (Removing, Granted | Refused | Failed) => (Ended, Actions::END),
        _ => return None,
    })
}

/// How long to wait after failures (RFC 5626 section 4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackOff {
    /// Doubled with each failure in a row. Default 30 s.
    pub base: Duration,
    /// The longest wait. Default 30 minutes.
    pub max: Duration,
}

impl Default for BackOff {
    fn default() -> Self {
        BackOff {
            base: Duration::from_secs(30),
            max: Duration::from_secs(1800),
        }
    }
}

impl BackOff {
    /// The wait after so many failures in a row: from 50 to 100 % of the base doubled as often, or of the longest.
    pub fn wait(&self, failures: u32, rng: &mut StdRng) -> Duration {
        let doubled = 2_u32.saturating_pow(failures);
        let bound = self.base.saturating_mul(doubled).min(self.max);
        bound.mul_f64(rng.random_range(0.5..=1.0))
    }
}

/// When to refresh what was granted for so long: so early that a request without an answer (`patience`) is followed by a
/// second one, not before half of the time, and drawn from 85 to 100 % of that, so that all clients of a server that
/// came back do not stay in step.
pub fn refresh_after(granted: Duration, patience: Duration, rng: &mut StdRng) -> Duration {
    let late = granted
        .mul_f64(0.9)
        .min(granted.saturating_sub(patience * 2));
    late.max(granted / 2).mul_f64(rng.random_range(0.85..=1.0))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    fn verbs(actions: Actions) -> String {
        let all = [
            (actions.send, "send"),
            (actions.keep, "keep"),
            (actions.wait, "wait"),
            (actions.renew, "renew"),
            (actions.end, "end"),
        ];
        let wanted = all.iter().filter(|(wanted, _)| *wanted);
        wanted.map(|(_, verb)| *verb).collect::<Vec<_>>().join("+")
    }

    #[test]
    fn grid() {
        use Input::*;
        use State::*;
        let mut lines = Vec::new();
        for state in [
            Making,
            Kept,
            Refreshing,
            Waiting,
            Withdrawing,
            Removing,
            Ended,
        ] {
            for input in [Granted, Again, Refused, Failed, Due, Renew, Lost, Remove] {
                if let Some((next, actions)) = step(state, input) {
                    let line = format!("{state:?} {input:?} -> {next:?} {}", verbs(actions));
                    lines.push(line.trim_end().to_owned());
                }
            }
        }
        let expected = "
            Making Granted -> Kept keep
            Making Again -> Making send
            Making Refused -> Ended end
            Making Failed -> Waiting wait
            Making Renew -> Making renew
            Making Remove -> Withdrawing
            Kept Due -> Refreshing send
            Kept Renew -> Refreshing send
            Kept Lost -> Refreshing send
            Kept Remove -> Removing send
            Refreshing Granted -> Kept keep
            Refreshing Again -> Refreshing send
            Refreshing Refused -> Ended end
            Refreshing Failed -> Waiting wait
            Refreshing Renew -> Refreshing renew
            Refreshing Remove -> Withdrawing
            Waiting Due -> Making send
            Waiting Renew -> Making send
            Waiting Remove -> Removing send
            Withdrawing Granted -> Removing send
            Withdrawing Again -> Removing send
            Withdrawing Refused -> Removing send
            Withdrawing Failed -> Removing send
            Withdrawing Remove -> Withdrawing
            Removing Granted -> Ended end
            Removing Again -> Removing send
            Removing Refused -> Ended end
            Removing Failed -> Ended end
            Removing Remove -> Removing";
        let expected: Vec<&str> = expected.lines().map(str::trim).skip(1).collect();
        assert_eq!(lines, expected, "\n{}", lines.join("\n"));
    }

    #[test]
    fn a_request_is_sent_in_a_state_that_waits_for_its_answer() {
        for state in [
            State::Making,
            State::Kept,
            State::Refreshing,
            State::Waiting,
        ] {
            let (next, actions) = match step(state, Input::Remove) {
                Some(stepped) => stepped,
                None => panic!("{state:?} cannot be left"),
            };
            assert_ne!(actions.send, state.is_asking(), "{state:?}");
            assert!(next.is_asking() && next.is_leaving());
        }
    }

    #[test]
    fn waits_double_up_to_half_an_hour_as_rfc_5626_says() {
        let mut rng = StdRng::seed_from_u64(1);
        let back_off = BackOff::default();
        for (failures, most) in [(1, 60), (3, 240), (6, 1800), (100, 1800)] {
            for _ in 0..100 {
                let wait = back_off.wait(failures, &mut rng);
                let most = Duration::from_secs(most);
                assert!(most / 2 <= wait && wait <= most, "{failures}: {wait:?}");
            }
        }
    }

    #[test]
    fn a_refresh_leaves_time_for_a_second_one() {
        let mut rng = StdRng::seed_from_u64(1);
        let patience = Duration::from_secs(32);
        for (granted, least, most) in [(3600, 2754, 3240), (600, 455, 536), (60, 25, 30), (2, 0, 1)]
        {
            for _ in 0..100 {
                let after = refresh_after(Duration::from_secs(granted), patience, &mut rng);
                let (least, most) = (Duration::from_secs(least), Duration::from_secs(most));
                assert!(least <= after && after <= most, "{granted}: {after:?}");
            }
        }
    }
}
