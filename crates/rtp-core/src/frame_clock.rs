//! The frame clock: an absolute grid of (usually) 20 ms that neither drifts nor floods after a stall.

use std::time::{Duration, Instant};

/// What is due at one call of [`FrameClock::advance`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick {
    /// Frames that were missed and are given up; media time passes for them, nothing is sent. They come before `due`.
    pub skipped: u64,
    /// Frames to send now, at most [`FrameClock::MAX_BURST_FRAMES`].
    pub due: u32,
}

/// A grid of instants `origin + n * interval`; each is due once, however late it is asked for.
#[derive(Debug, Clone)]
pub struct FrameClock {
    origin: Instant,
    interval: Duration,
    next: u64,
}

impl FrameClock {
    /// The interval of audio frames.
    pub const INTERVAL: Duration = Duration::from_millis(20);
    /// Frames sent at once after a stall; what was missed beyond that is skipped.
    pub const MAX_BURST_FRAMES: u32 = 5;

    /// A grid whose first frame is due at `origin`; an interval of zero is taken as one nanosecond.
    #[must_use]
    pub fn new(origin: Instant, interval: Duration) -> FrameClock {
        FrameClock {
            origin,
            interval: interval.max(Duration::from_nanos(1)),
            next: 0,
        }
    }

    /// When the next frame is due.
    #[must_use]
    pub fn deadline(&self) -> Instant {
        self.origin + nanos(self.next as u128 * self.interval.as_nanos())
    }

    /// Takes the frames that are due at `now`.
    pub fn advance(&mut self, now: Instant) -> Tick {
        let passed = self.passed(now);
        let missed = passed.saturating_sub(self.next);
        self.next = self.next.max(passed);
        let due = missed.min(u64::from(FrameClock::MAX_BURST_FRAMES));
        Tick {
            skipped: missed - due,
            due: due as u32,
        }
    }

    /// Moves on to the first frame after `now` without any being due: after an idle time.
    pub fn skip_to(&mut self, now: Instant) {
        self.next = self.next.max(self.passed(now));
    }

    /// Frames whose instant is `now` or earlier.
    fn passed(&self, now: Instant) -> u64 {
        match now.checked_duration_since(self.origin) {
            Some(elapsed) => (elapsed.as_nanos() / self.interval.as_nanos()) as u64 + 1,
            None => 0,
        }
    }
}

fn nanos(count: u128) -> Duration {
    Duration::from_nanos(u64::try_from(count).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: Duration = FrameClock::INTERVAL;

    fn tick(skipped: u64, due: u32) -> Tick {
        Tick { skipped, due }
    }

    #[test]
    fn lateness_never_adds_up() {
        let origin = Instant::now();
        let mut clock = FrameClock::new(origin, FRAME);
        for frame in 0..180_000 {
            assert_eq!(clock.deadline(), origin + FRAME * frame);
            let late = Duration::from_micros(u64::from(frame) * 7919 % 19_000);
            assert_eq!(clock.advance(origin + FRAME * frame + late), tick(0, 1));
        }
    }

    #[test]
    fn nothing_is_due_before_its_time_or_twice() {
        let origin = Instant::now() + FRAME;
        let mut clock = FrameClock::new(origin, FRAME);
        assert_eq!(clock.advance(origin - Duration::from_nanos(1)), tick(0, 0));
        assert_eq!(clock.advance(origin), tick(0, 1));
        assert_eq!(clock.advance(origin), tick(0, 0));
        assert_eq!(clock.advance(origin - FRAME), tick(0, 0));
    }

    #[test]
    fn a_stall_is_caught_up_with_a_bounded_burst_and_the_grid_stays() {
        let origin = Instant::now();
        let mut clock = FrameClock::new(origin, FRAME);
        assert_eq!(clock.advance(origin), tick(0, 1));
        assert_eq!(clock.advance(origin + FRAME * 3), tick(0, 3));
        let after = origin + FRAME * 103 + Duration::from_millis(7);
        assert_eq!(clock.advance(after), tick(95, 5));
        assert_eq!(clock.deadline(), origin + FRAME * 104);
    }

    #[test]
    fn an_idle_time_owes_nothing() {
        let origin = Instant::now();
        let mut clock = FrameClock::new(origin, FRAME);
        clock.skip_to(origin + FRAME * 1000 + Duration::from_millis(1));
        assert_eq!(clock.deadline(), origin + FRAME * 1001);
        assert_eq!(clock.advance(origin + FRAME * 1001), tick(0, 1));
        clock.skip_to(origin);
        assert_eq!(clock.deadline(), origin + FRAME * 1002);
    }
}
