//! The sound that a stream receives: a jitter buffer that is there only while somebody listens.

use std::time::Instant;

use crate::jitter_buffer::{AudioPacket, JitterBuffer, JitterBufferStatistics};

/// A jitter buffer, made with the first packet that it is needed for.
#[derive(Debug)]
pub(super) struct ReceivedSound {
    sample_rate_hz: u32,
    buffer: Option<Box<JitterBuffer>>,
    /// What earlier buffers of this stream did, if there were any.
    earlier: Option<Box<JitterBufferStatistics>>,
    /// Whether what comes next goes on from what was heard elsewhere.
    goes_on: bool,
}

impl ReceivedSound {
    pub(super) fn new(sample_rate_hz: u32) -> Self {
        Self {
            sample_rate_hz,
            buffer: None,
            earlier: None,
            goes_on: false,
        }
    }

    /// Plays at another rate from now on.
    pub(super) fn set_sample_rate(&mut self, sample_rate_hz: u32) {
        if std::mem::replace(&mut self.sample_rate_hz, sample_rate_hz) != sample_rate_hz {
            self.discard();
        }
    }

    /// Gives the buffer up: nobody listens. Another one goes on from what is heard elsewhere meanwhile.
    pub(super) fn rest(&mut self) {
        self.discard();
        self.goes_on = true;
    }

    fn discard(&mut self) {
        if self.buffer.is_some() {
            self.earlier = Some(Box::new(self.statistics()));
            self.buffer = None;
        }
    }

    /// As [`JitterBuffer::insert`].
    pub(super) fn insert(&mut self, now: Instant, packet: &AudioPacket<'_>) -> bool {
        let sample_rate_hz = self.sample_rate_hz;
        let buffer = self
            .buffer
            .get_or_insert_with(|| Box::new(JitterBuffer::new(sample_rate_hz)));
        if std::mem::take(&mut self.goes_on) {
            buffer.go_on();
        }
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
        buffer.play(now, frame)
    }

    /// As [`JitterBuffer::go_on`].
    pub(super) fn go_on(&mut self) {
        match &mut self.buffer {
            Some(buffer) => buffer.go_on(),
            None => self.goes_on = true,
        }
    }

    /// As [`JitterBuffer::has_gone_on`].
    pub(super) fn has_gone_on(&self) -> bool {
        let buffer = self.buffer.as_ref();
        buffer.map_or(!self.goes_on, |buffer| buffer.has_gone_on())
    }

    /// As [`JitterBuffer::ahead`].
    pub(super) fn ahead(&mut self, frames: i64, frame: &mut [i16]) -> bool {
        let buffer = self.buffer.as_mut();
        buffer.is_some_and(|buffer| buffer.ahead(frames, frame))
    }

    /// Of this and earlier buffers.
    pub(super) fn statistics(&self) -> JitterBufferStatistics {
        let present = self.buffer.as_ref().map(|buffer| buffer.statistics());
        let earlier = self.earlier.as_deref().copied().unwrap_or_default();
        earlier.followed_by(present.unwrap_or_default())
    }
}
