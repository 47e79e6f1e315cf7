//! Streams that go from one engine to another.

use std::time::Instant;

use super::MediaEngine;
use super::frames::MAX_SKIPPED_FRAMES;
use crate::capabilities::FRAME;
use crate::rtp_core::{FrameClock, PortKey, Tick};
use crate::stream::{Phase, Stream};

/// A stream between two engines: its RTP session, jitter buffer, codecs, recording, applications and figures.
#[derive(Debug)]
pub struct MovingStream {
    stream: Box<Stream>,
    /// When its next frame is due.
    due: Instant,
}

impl MediaEngine {
    /// Another engine, for another worker: streams can move between the two, and one thread writes the recordings of both.
    #[must_use]
    pub fn sibling(&self) -> Self {
        let mut sibling = Self::new(self.config.clone(), self.wall_clock);
        sibling.writer = self.writer.clone();
        sibling
    }

    /// Gives out a stream, which leaves its bridge.
    pub(super) fn give_up(&mut self, now: Instant, port: PortKey) -> Option<MovingStream> {
        self.finish_frames(now);
        let frame_at = self.clock.as_ref().map_or(now, FrameClock::deadline);
        let stream = self.take(*self.ports.get(&port)?)?;
        self.end_recorded(now);
        Some(MovingStream {
            due: stream.phase.due(frame_at),
            stream: Box::new(stream),
        })
    }

    /// Goes on with a stream of another engine, and does the frames that are due. An engine that has no others takes the
    /// stream's grid for its own.
    pub(super) fn take_over(&mut self, now: Instant, moving: MovingStream) {
        self.finish_frames(now);
        let MovingStream { mut stream, due } = moving;
        let mut grid = FrameClock::new(due, FRAME);
        let Tick { skipped, due: late } = grid.advance(now);
        stream.phase = Phase::default();
        let mut frame_at = due;
        for frame in 0..skipped + u64::from(late) {
            if frame >= skipped {
                stream.frame(frame_at, &self.config, &mut self.outbox);
            } else if skipped - frame <= MAX_SKIPPED_FRAMES {
                stream.skip_frame(frame_at);
            }
            frame_at += FRAME;
        }
        let due = grid.deadline();
        let clock = self.clock.get_or_insert(grid);
        stream.phase = Phase::at(due, clock.deadline());
        self.put(*stream);
    }
}
