//! The timers of RFC 3261 section 17 (table 4) and RFC 6026, and how long each runs.

use std::time::{Duration, Instant};

use crate::timer_wheel::QUARTER;

/// The three base intervals and the wait before the automatic 100.
///
/// Everything else follows: B, F, H, J, L and M are 64 T1, I and K are T4, D is at least 32 s. The ends of transactions
/// that only absorb repetitions (D, I, J, K, L, M) are put off by up to 250 ms, so that many end together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimerConfig {
    /// Estimate of the round trip; first retransmission interval. Default 500 ms.
    pub t1: Duration,
    /// Longest interval between repetitions of a non-INVITE request or an INVITE response. Default 4 s.
    pub t2: Duration,
    /// How long a message may stay in the network. Default 5 s.
    pub t4: Duration,
    /// How long an INVITE may wait for the transaction user before 100 goes out by itself. Default 200 ms
    /// (RFC 3261 section 17.2.1).
    pub trying_after: Duration,
}

impl Default for TimerConfig {
    fn default() -> Self {
        TimerConfig {
            t1: Duration::from_millis(500),
            t2: Duration::from_secs(4),
            t4: Duration::from_secs(5),
            trying_after: Duration::from_millis(200),
        }
    }
}

/// A timer by its letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Timer {
    /// Repeats an INVITE; doubles without a cap.
    A,
    /// Ends an INVITE without any response.
    B,
    /// Absorbs repeated refusals of an INVITE.
    D,
    /// Repeats a request other than INVITE; doubles up to T2.
    E,
    /// Ends a request other than INVITE without a final response.
    F,
    /// Repeats the refusal of an INVITE; doubles up to T2.
    G,
    /// Ends the wait for the ACK of a refusal.
    H,
    /// Absorbs repeated ACKs.
    I,
    /// Absorbs repeated requests other than INVITE.
    J,
    /// Absorbs repeated responses to a request other than INVITE.
    K,
    /// Absorbs repeated INVITEs after a 2xx (RFC 6026).
    L,
    /// Collects further 2xx of a forked INVITE (RFC 6026).
    M,
    /// Sends 100 when the transaction user is slow (section 17.2.1).
    Trying,
    /// Ends an INVITE that stays without a final response after its CANCEL (section 9.1).
    Cancelled,
    /// Ends a request other than INVITE that the transaction user leaves without an answer (RFC 4320 section 4.2).
    Unanswered,
}

impl Timer {
    /// Whether the timer makes something go out again. A transaction runs at most one such timer and at most one other.
    pub(crate) fn repeats(self) -> bool {
        matches!(self, Timer::A | Timer::E | Timer::G | Timer::Trying)
    }

    /// Whether the transaction has its result and the timer only absorbs repetitions.
    fn lingers(self) -> bool {
        matches!(
            self,
            Timer::D | Timer::I | Timer::J | Timer::K | Timer::L | Timer::M
        )
    }
}

/// Turns timers into moments, which are counted in milliseconds since the first one that this layer has seen.
#[derive(Debug)]
pub(crate) struct Timers {
    config: TimerConfig,
    origin: Option<Instant>,
    /// The last moment asked for, and what had passed: most often it is the next one too.
    latest: Option<(Instant, u64)>,
}

impl Timers {
    /// No timer runs for longer than this, which is as good as for ever.
    const LONGEST: Duration = Duration::from_secs(12 * 24 * 3600);

    pub(crate) fn new(config: TimerConfig) -> Timers {
        Timers {
            config,
            origin: None,
            latest: None,
        }
    }

    /// What has passed at `now`, in whole milliseconds.
    pub(crate) fn passed(&mut self, now: Instant) -> u64 {
        if let Some((moment, passed)) = self.latest
            && moment == now
        {
            return passed;
        }
        let origin = *self.origin.get_or_insert(now);
        let passed = now.saturating_duration_since(origin);
        let passed = passed.as_secs() * 1000 + u64::from(passed.subsec_millis());
        self.latest = Some((now, passed));
        passed
    }

    /// When so many milliseconds have passed.
    pub(crate) fn moment(&self, passed: u64) -> Option<Instant> {
        self.origin?.checked_add(Duration::from_millis(passed))
    }

    /// When `timer` fires that is set now for the `round`th time in a row: not before its time, and less than a millisecond
    /// after it. What lingers ends with the quarter of a second, so that hundreds of such ends cost one awakening:
    /// RFC 3261 gives these times as the least that is waited.
    pub(crate) fn deadline(&mut self, now: Instant, timer: Timer, round: u8) -> u64 {
        let origin = *self.origin.get_or_insert(now);
        let duration = self.config.duration(timer, round).min(Self::LONGEST);
        let deadline = now.saturating_duration_since(origin) + duration;
        let parts = deadline.subsec_nanos().div_ceil(1_000_000);
        let deadline = deadline.as_secs() * 1000 + u64::from(parts);
        if timer.lingers() {
            deadline.next_multiple_of(QUARTER)
        } else {
            deadline
        }
    }
}

impl TimerConfig {
    /// How long `timer` runs when it is set for the `round`th time in a row, counting from 0. Never nothing, so that no
    /// configuration makes a repetition repeat itself within one moment.
    pub(crate) fn duration(&self, timer: Timer, round: u8) -> Duration {
        let doubled = || {
            self.t1
                .saturating_mul(1u32.checked_shl(round.into()).unwrap_or(u32::MAX))
        };
        let duration = match timer {
            Timer::A => doubled(),
            Timer::E | Timer::G => doubled().min(self.t2),
            Timer::D => self.lifetime().max(Duration::from_secs(32)),
            Timer::I | Timer::K => self.t4,
            Timer::Trying => self.trying_after,
            Timer::B
            | Timer::F
            | Timer::H
            | Timer::J
            | Timer::L
            | Timer::M
            | Timer::Cancelled
            | Timer::Unanswered => self.lifetime(),
        };
        duration.max(Duration::from_millis(1))
    }

    /// 64 T1: how long a message that nobody answers is repeated.
    pub fn lifetime(&self) -> Duration {
        self.t1.saturating_mul(64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Moments, in milliseconds after the first transmission, at which the timer fires before `end`.
    fn fires(timer: Timer, end: u64) -> Vec<u64> {
        let config = TimerConfig::default();
        let mut at = 0;
        let mut moments = Vec::new();
        for round in 0..=u8::MAX {
            at += config.duration(timer, round).as_millis() as u64;
            if at >= end {
                break;
            }
            moments.push(at);
        }
        moments
    }

    #[test]
    fn timer_a_doubles_without_cap_seven_invites_in_all() {
        assert_eq!(
            fires(Timer::A, 32_000),
            [500, 1500, 3500, 7500, 15_500, 31_500]
        );
    }

    #[test]
    fn timers_e_and_g_stop_doubling_at_t2() {
        let expected = [
            500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500,
        ];
        assert_eq!(fires(Timer::E, 32_000), expected);
        assert_eq!(fires(Timer::G, 32_000), expected);
    }

    #[test]
    fn defaults_are_those_of_table_4() {
        let config = TimerConfig::default();
        for timer in [
            Timer::B,
            Timer::F,
            Timer::H,
            Timer::J,
            Timer::L,
            Timer::M,
            Timer::D,
        ] {
            assert_eq!(
                config.duration(timer, 0),
                Duration::from_secs(32),
                "{timer:?}"
            );
        }
        for timer in [Timer::I, Timer::K] {
            assert_eq!(
                config.duration(timer, 0),
                Duration::from_secs(5),
                "{timer:?}"
            );
        }
        assert_eq!(
            config.duration(Timer::Trying, 0),
            Duration::from_millis(200)
        );
    }

    #[test]
    fn timer_d_stays_at_32_seconds_with_a_short_t1() {
        let config = TimerConfig {
            t1: Duration::from_millis(100),
            ..TimerConfig::default()
        };
        assert_eq!(config.duration(Timer::D, 0), Duration::from_secs(32));
        assert_eq!(config.duration(Timer::B, 0), Duration::from_millis(6400));
    }

    #[test]
    fn what_lingers_ends_with_the_quarter_and_never_early() {
        let (start, mut timers) = (Instant::now(), Timers::new(TimerConfig::default()));
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        assert_eq!(timers.deadline(start, Timer::J, 0), 32_000);
        assert_eq!(timers.deadline(at(1), Timer::J, 0), 32_250);
        assert_eq!(timers.deadline(at(249), Timer::K, 0), 5_250);
        assert_eq!(timers.deadline(at(250), Timer::I, 0), 5_250);
        for timer in [Timer::A, Timer::E, Timer::G] {
            assert_eq!(timers.deadline(at(1), timer, 0), 501);
        }
        for timer in [Timer::B, Timer::F, Timer::H] {
            assert_eq!(timers.deadline(at(1), timer, 0), 32_001);
        }
        let between = at(7) + Duration::from_nanos(1);
        assert_eq!(timers.passed(between), 7);
        assert_eq!(timers.deadline(between, Timer::A, 0), 508);
        assert_eq!(timers.moment(508), Some(at(508)));
    }

    #[test]
    fn no_round_overflows() {
        let config = TimerConfig {
            t1: Duration::MAX,
            ..TimerConfig::default()
        };
        assert_eq!(config.duration(Timer::A, 255), Duration::MAX);
        let deadline = Timers::new(config).deadline(Instant::now(), Timer::B, 0);
        assert!(u32::try_from(deadline).is_ok_and(|deadline| deadline < 1 << 31));
    }
}
