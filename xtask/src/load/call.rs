//! One call of the load, as little of it as can be.

use std::time::{Duration, Instant};

use super::message::Answer;

const T1: Duration = Duration::from_millis(500);
const T2: Duration = Duration::from_secs(4);

/// How far a call has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Calling,
    Ringing,
    Leaving,
    Over,
    Refused,
}

/// What an answer asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    Nothing,
    Answered,
    Acknowledge,
    Refused,
    Completed,
}

pub struct Call {
    pub begun: Instant,
    /// When the request now waiting for its answer went out first.
    since: Instant,
    /// How often it has been repeated.
    round: u32,
    pub stage: Stage,
    /// The tag that the server gave.
    pub to_tag: Box<str>,
}

impl Call {
    pub fn new(now: Instant) -> Call {
        Call {
            begun: now,
            since: now,
            round: 0,
            stage: Stage::Calling,
            to_tag: Box::default(),
        }
    }

    /// How long to wait before the next repetition: Timer A doubles without end, Timer E up to T2.
    pub fn pause(&mut self) -> Duration {
        let pause = T1 * 2u32.pow(self.round.min(8));
        self.round += 1;
        match self.stage {
            Stage::Leaving => pause.min(T2),
            _ => pause,
        }
    }

    /// Whether a timer that fires now belongs to the request that waits.
    pub fn is_due(&self, now: Instant) -> bool {
        now >= self.since + T1
    }

    pub fn is_given_up(&self, now: Instant) -> bool {
        now >= self.since + 64 * T1
    }

    pub fn take(&mut self, now: Instant, answer: &Answer<'_>) -> Step {
        match (self.stage, answer.is_to_bye, answer.status) {
            (Stage::Calling, false, 100..=199) => {
                self.stage = Stage::Ringing;
                Step::Nothing
            }
            (Stage::Calling | Stage::Ringing, false, 200..=299) => {
                self.stage = Stage::Leaving;
                self.to_tag = answer.to_tag.into();
                (self.since, self.round) = (now, 0);
                Step::Answered
            }
            (Stage::Calling | Stage::Ringing, false, 300..) => {
                self.stage = Stage::Refused;
                self.to_tag = answer.to_tag.into();
                Step::Refused
            }
            (_, false, 200..) => Step::Acknowledge,
            (Stage::Leaving, true, 200..) => {
                self.stage = Stage::Over;
                Step::Completed
            }
            _ => Step::Nothing,
        }
    }
}
