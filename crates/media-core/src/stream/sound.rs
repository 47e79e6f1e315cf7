//! The sound that a stream receives: a jitter buffer that is there only while somebody listens.

use std::time::{Duration, Instant};

use crate::capabilities::FRAME;
use crate::jitter_buffer::{AudioPacket, JitterBuffer, JitterBufferStatistics};

/// A jitter buffer, made with the first packet that it is needed for.
#[derive(Debug)]
pub(super) struct ReceivedSound {
    sample_rate_hz: u32,
    buffer: Option<Box<JitterBuffer>>,
    /// What earlier buffers of this stream did.
    earlier: JitterBufferStatistics,
    /// For how long the present one has played.
    played: Duration,
}

impl ReceivedSound {
    pub(super) fn new(sample_rate_hz: u32) -> Self {
        Self {
            sample_rate_hz,
            buffer: None,
            earlier: JitterBufferStatistics::default(),
            played: Duration::ZERO,
        }
    }

    /// Plays at another rate from now on.
    pub(super) fn set_sample_rate(&mut self, sample_rate_hz: u32) {
        if std::mem::replace(&mut self.sample_rate_hz, sample_rate_hz) != sample_rate_hz {
            self.discard();
        }
    }

    /// Gives the buffer up: nobody listens.
    pub(super) fn discard(&mut self) {
        if self.buffer.is_some() {
            self.earlier = self.statistics();
            self.buffer = None;
            self.played = Duration::ZERO;
        }
    }

    /// As [`JitterBuffer::insert`].
    pub(super) fn insert(&mut self, now: Instant, packet: &AudioPacket<'_>) -> bool {
        let sample_rate_hz = self.sample_rate_hz;
        let buffer = self
            .buffer
            .get_or_insert_with(|| Box::new(JitterBuffer::new(sample_rate_hz)));
        buffer.insert(now, packet)
    }

    /// As [`JitterBuffer::restart`].
    pub(super) fn restart(&mut self) {
        if let Some(buffer) = &mut self.buffer {
            buffer.restart();
        }
    }

    /// As [`JitterBuffer::pause`].
    pub(super) fn pause(&mut self, timestamp: u32, sequence: u64, noise: &[u8]) {
        if let Some(buffer) = &mut self.buffer {
            buffer.pause(timestamp, sequence, noise);
        }
    }

    /// As [`JitterBuffer::play`]; silence, and `false`, when nothing was to be heard yet.
    pub(super) fn play(&mut self, now: Instant, frame: &mut [i16]) -> bool {
        let Some(buffer) = &mut self.buffer else {
            frame.fill(0);
            return false;
        };
        self.played += FRAME;
        buffer.play(now, frame)
    }

    /// Whether the first packets have come out again.
    pub(super) fn is_audible(&self) -> bool {
        let buffer = self.buffer.as_ref();
        buffer.is_some_and(|buffer| self.played > buffer.statistics().target_delay)
    }

    /// Of this and earlier buffers.
    pub(super) fn statistics(&self) -> JitterBufferStatistics {
        let present = self.buffer.as_ref().map(|buffer| buffer.statistics());
        self.earlier.followed_by(present.unwrap_or_default())
    }
}
