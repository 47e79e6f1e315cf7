//! Session timers (RFC 4028): a call is refreshed at half its interval by one side, and ends when that stays away.
//!
//! ```text
//!            half the interval: refresh                refused: again at half of what is left
//!   Resting -----------------------------> Refreshing --------------------------------------> Resting
//!      |    <----------------------------    |   |
//!      |        2xx, any refresh: anew       |   +-- UPDATE not spoken: by re-INVITE, still Refreshing
//!      |                                     |
//!      +--- near the end without refresh ----+--- BYE -> Ended
//! ```

mod negotiation;

use std::time::{Duration, Instant};

pub use negotiation::{Asked, Terms, TooBrief, agreed, answer};
pub(crate) use negotiation::{TIMER, seconds};

use crate::Body;
use crate::offer_answer::Party;

/// How long sessions last without a refresh, and who refreshes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionTimerConfig {
    /// The interval that is asked for, and the longest that is granted; 1800 s unless told otherwise.
    pub expires: Duration,
    /// The shortest interval that is taken, 90 s or more by RFC 4028 section 4; a shorter one is refused with 422.
    pub min_se: Duration,
    /// Who refreshes where that is ours to choose; `None` leaves it to the peer, and takes it on where the peer cannot.
    pub refresher: Option<Party>,
}

impl Default for SessionTimerConfig {
    fn default() -> SessionTimerConfig {
        SessionTimerConfig {
            expires: Duration::from_secs(1_800),
            min_se: Duration::from_secs(90),
            refresher: None,
        }
    }
}

/// Where the timer of a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Until a refresh is due.
    Resting,
    /// A refresh of ours is on its way.
    Refreshing,
    /// The call ends for want of a refresh.
    Ended,
}

/// What can happen to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// A refresh of ours is due.
    Due,
    /// A request of either side refreshed the session.
    Refreshed,
    /// The peer does not speak UPDATE: 405 or 501.
    Unsupported,
    /// The refresh was refused otherwise.
    Refused,
    /// The interval is nearly over.
    Expired,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Nothing.
    None,
    /// Send a refresh.
    Refresh,
    /// Send a refresh, by re-INVITE.
    RefreshByInvite,
    /// The interval begins anew.
    Restart,
    /// A refresh becomes due again, at half of the time left.
    Retry,
    /// Send BYE.
    End,
}

/// One step. `None`: the input has no meaning in this state and changes nothing.
pub const fn step(state: State, input: Input) -> Option<(State, Action)> {
    use Input::*;
    use State::*;
    Some(match (state, input) {
        (Resting, Due) => (Refreshing, Action::Refresh),
        (Resting | Refreshing, Refreshed) => (Resting, Action::Restart),
        (Refreshing, Unsupported) => (Refreshing, Action::RefreshByInvite),
        (Refreshing, Refused) => (Resting, Action::Retry),
        (Resting | Refreshing, Expired) => (Ended, Action::End),
        _ => return None,
    })
}

/// The timer of one call.
#[derive(Clone, Debug)]
pub(crate) struct SessionTimer {
    pub(crate) state: State,
    pub(crate) terms: Terms,
    /// The largest Min-SE that was heard of.
    pub(crate) min_se: u32,
    /// Our description of the session as it stands: what a re-INVITE without change says.
    pub(crate) local: Option<Body>,
    /// When a refresh of ours is due.
    pub(crate) refresh: Option<Instant>,
    /// When the session ends without one.
    pub(crate) end: Instant,
}

impl SessionTimer {
    pub(crate) fn new(now: Instant, terms: Terms) -> SessionTimer {
        let mut timer = SessionTimer {
            state: State::Resting,
            terms,
            min_se: 0,
            local: None,
            refresh: None,
            end: now,
        };
        timer.restart(now, terms);
        timer
    }

    /// A new interval begins: half of it until a refresh of ours, all but 32 s or a third of it until the end (section 10).
    pub(crate) fn restart(&mut self, now: Instant, terms: Terms) {
        let interval = Duration::from_secs(terms.interval.into());
        self.terms = terms;
        self.refresh = (terms.refresher == Party::Local).then(|| now + interval / 2);
        self.end = now + interval - (interval / 3).min(Duration::from_secs(32));
    }

    /// A refresh did not succeed: the next after half of the time left.
    pub(crate) fn retry(&mut self, now: Instant) {
        let left = self.end.saturating_duration_since(now);
        self.refresh = Some(now + (left / 2).max(Duration::from_secs(1)));
    }

    pub(crate) fn due(&self) -> Instant {
        self.refresh.map_or(self.end, |at| at.min(self.end))
    }
}

#[cfg(test)]
mod tests;
