//! The frames of all streams, one after the other on one clock.

use std::time::Instant;

use super::MediaEngine;
use crate::capabilities::FRAME;
use crate::rtp_core::Tick;

/// After a stall so many frames of media time are made up for; more are forgotten.
pub(super) const MAX_SKIPPED_FRAMES: u64 = 250;

impl MediaEngine {
    /// Does the frames that are due at `now`.
    pub(super) fn run_frames(&mut self, now: Instant) {
        let Some(clock) = &mut self.clock else {
            return;
        };
        let mut frame_at = clock.deadline();
        let Tick { skipped, due } = clock.advance(now);
        let forgotten = skipped.saturating_sub(MAX_SKIPPED_FRAMES);
        frame_at += FRAME * u32::try_from(forgotten).unwrap_or(u32::MAX);
        let skipped = skipped - forgotten;
        for frame in 0..skipped + u64::from(due) {
            let (config, outbox) = (&self.config, &mut self.outbox);
            if frame >= skipped {
                self.bridges.frame(frame_at, &mut self.streams, outbox);
            }
            for stream in self.streams.iter_mut().flatten() {
                if frame < skipped {
                    stream.skip_frame(frame_at);
                } else if stream.bridge.is_some() {
                    stream.end_frame(frame_at, config, outbox);
                } else {
                    stream.frame(frame_at, config, outbox);
                }
            }
            frame_at += FRAME;
        }
    }
}
