//! Where a stream's frames lie between those of its engine.
//!
//! A stream has a grid of its own, of one frame in 20 ms from its first one on. In the engine where it began that is the
//! engine's; another engine's frames lie elsewhere. There the stream does each of its frames with the engine's first that is
//! not earlier: it sits out those before its next frame is due. What is due when it arrives is done at once. So it is never
//! ahead of its own grid, nor as much as a frame behind it, however often it moves, and no frame is left out. A peer sees its
//! packets up to 20 ms later than before, which its jitter buffer takes.

use std::time::{Duration, Instant};

use crate::capabilities::FRAME;

/// How far a stream's frames are behind their own grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Phase {
    /// Less than a frame.
    lag: Duration,
    /// Frames of the engine that the stream sits out.
    rests: u32,
}

impl Phase {
    /// When the stream's next frame is due on its own grid, in an engine whose next one is at `frame_at`.
    pub(crate) fn due(&self, frame_at: Instant) -> Instant {
        let due = frame_at + FRAME * self.rests;
        due.checked_sub(self.lag).unwrap_or(due)
    }

    /// The phase of a stream whose next frame is `due`, in an engine whose next one is at `frame_at`.
    pub(crate) fn at(due: Instant, frame_at: Instant) -> Self {
        let ahead = due.saturating_duration_since(frame_at);
        let rests = ahead.as_nanos().div_ceil(FRAME.as_nanos());
        let rests = u32::try_from(rests).unwrap_or(u32::MAX);
        Self {
            lag: (frame_at + FRAME * rests).saturating_duration_since(due),
            rests,
        }
    }

    /// Whether the stream sits out the present frame.
    pub(crate) fn rests(&self) -> bool {
        self.rests > 0
    }

    /// Lets a frame of the engine pass; whether the stream sits it out.
    pub(crate) fn rest(&mut self) -> bool {
        let rests = self.rests();
        self.rests = self.rests.saturating_sub(1);
        rests
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever engines a stream goes through, each frame is done once, in order, and 0 to 20 ms after it was due.
    #[test]
    fn no_frame_is_early_or_a_frame_late_whatever_the_grids() {
        let origin = Instant::now();
        let ms = |ms: u64| origin + Duration::from_millis(ms);
        for (second, moved) in (0..20).flat_map(|grid| (0..20).map(move |at| (grid, at))) {
            let (grids, mut at) = ([ms(20), ms(20 + second)], 0);
            let (mut phase, mut frame_at) = (Phase::default(), grids[0]);
            let (mut done, mut last) = (0, origin);
            let mut frame = |now: Instant| {
                let due = grids[0] + FRAME * done;
                let lag = now.checked_duration_since(due);
                assert!(lag.expect("not early") < FRAME && now > last);
                (done, last) = (done + 1, now);
            };
            for step in 0..100 {
                if step % 5 == 4 {
                    let now = frame_at - FRAME + Duration::from_millis(moved);
                    let mut due = phase.due(frame_at);
                    if due <= now {
                        frame(now);
                        due += FRAME;
                    }
                    at = 1 - at;
                    // The other engine has been asleep now and then, and has frames to make up for.
                    let asleep = if step % 3 == 0 { 2 } else { 0 };
                    frame_at = grids[at];
                    while frame_at + FRAME * asleep <= now {
                        frame_at += FRAME;
                    }
                    phase = Phase::at(due, frame_at);
                }
                if !phase.rest() {
                    frame(frame_at);
                }
                frame_at += FRAME;
            }
            assert!(done > 60);
        }
    }
}
