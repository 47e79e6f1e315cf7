//! The frames of all streams, one after the other on one clock, and a few at a time: packets that come meanwhile need not wait
//! for all of them, and what was sent is handed on while it is at hand.

use std::time::{Duration, Instant};

use super::MediaEngine;
use super::bridge::Bridge;
use crate::capabilities::FRAME;
use crate::rtp_core::{FrameClock, Tick};

/// After a stall so many frames of media time are made up for; more are forgotten.
pub(super) const MAX_SKIPPED_FRAMES: u64 = 250;
/// Streams that have their turn before what they send leaves and packets are read.
const STREAMS_AT_ONCE: usize = 16;
/// A frame that is later than this has waited long enough for packets: all streams have their turn.
const LATE: Duration = Duration::from_millis(5);

/// Frames that are due and not done yet by all streams.
#[derive(Debug)]
pub(super) struct DueFrames {
    /// When the present one was due.
    at: Instant,
    /// How many are skipped, the present one among them, and how many are done after them.
    skipped: u64,
    due: u32,
    /// The places of the bridge and of the stream whose turn it is; bridges are first.
    bridge: usize,
    stream: usize,
}

impl DueFrames {
    fn of(clock: &mut FrameClock, now: Instant) -> Option<DueFrames> {
        let mut at = clock.deadline();
        let Tick { skipped, due } = clock.advance(now);
        let forgotten = skipped.saturating_sub(MAX_SKIPPED_FRAMES);
        at += FRAME * u32::try_from(forgotten).unwrap_or(u32::MAX);
        let frames = DueFrames {
            at,
            skipped: skipped - forgotten,
            due,
            bridge: 0,
            stream: 0,
        };
        (frames.skipped > 0 || due > 0).then_some(frames)
    }

    /// The present frame is done; the next one, if there is another.
    fn next(self) -> Option<DueFrames> {
        let frames = DueFrames {
            at: self.at + FRAME,
            skipped: self.skipped.saturating_sub(1),
            due: self.due - u32::from(self.skipped == 0),
            bridge: 0,
            stream: 0,
        };
        (frames.skipped > 0 || frames.due > 0).then_some(frames)
    }
}

impl MediaEngine {
    /// When the next frame is due, or was while it is not done.
    pub(super) fn frame_due(&self) -> Option<Instant> {
        let present = self.due_frames.as_ref().map(|frames| frames.at);
        present.or(self.clock.as_ref().map(FrameClock::deadline))
    }

    /// Does some of the frames that are due at `now`.
    pub(super) fn run_frames(&mut self, now: Instant) {
        let clock = self.clock.as_mut();
        let begun = self.due_frames.take();
        let mut frames = begun.or_else(|| DueFrames::of(clock?, now));
        let is_late = |frames: &DueFrames| now.saturating_duration_since(frames.at) > LATE;
        let at_once = match frames.as_ref().is_some_and(is_late) {
            true => usize::MAX,
            false => STREAMS_AT_ONCE,
        };
        let mut done = 0;
        while let Some(present) = &mut frames
            && done < at_once
        {
            match present.skipped {
                0 if present.bridge < self.bridges.places() => {
                    let (streams, outbox) = (&mut self.streams, &mut self.outbox);
                    let place = present.bridge;
                    let bridge = self.bridges.frame(place, present.at, streams, outbox);
                    for leg in bridge.into_iter().flat_map(Bridge::streams) {
                        if let Some(stream) = &mut streams[leg] {
                            stream.end_frame(present.at, &self.config, outbox);
                            done += 1;
                        }
                    }
                    present.bridge += 1;
                }
                skipped if present.stream < self.streams.len() => {
                    match &mut self.streams[present.stream] {
                        Some(stream) if skipped > 0 => stream.skip_frame(present.at),
                        Some(stream) if stream.bridge.is_none() => {
                            stream.frame(present.at, &self.config, &mut self.outbox);
                            done += 1;
                        }
                        _ => {}
                    }
                    present.stream += 1;
                }
                _ => frames = frames.take().and_then(DueFrames::next),
            }
        }
        self.due_frames = frames;
    }

    /// Does all that is left of frames that are begun, so that the streams are all in the same.
    pub(super) fn finish_frames(&mut self, now: Instant) {
        while self.due_frames.is_some() {
            self.run_frames(now);
        }
    }
}
