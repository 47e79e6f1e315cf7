//! Where the streams of an engine are.

use std::time::Instant;

use super::MediaEngine;
use crate::capabilities::FRAME;
use crate::controller::MediaSessionKey;
use crate::rtp_core::FrameClock;
use crate::stream::Stream;

impl MediaEngine {
    pub(super) fn open(&mut self, now: Instant, stream: Stream) {
        tracing::debug!(session = %stream.key(), "media session begins");
        if let Some(earlier) = self.places.get(&stream.key()) {
            self.close(now, *earlier);
        }
        self.put(stream);
        self.clock
            .get_or_insert_with(|| FrameClock::new(now + FRAME, FRAME));
    }

    /// Finds a place for a stream.
    pub(super) fn put(&mut self, stream: Stream) {
        let index = self.free.pop().unwrap_or(self.streams.len());
        if index == self.streams.len() {
            self.streams.push(None);
        }
        self.ports.insert(stream.port(), index);
        self.places.insert(stream.key(), index);
        self.streams[index] = Some(stream);
    }

    /// Takes the stream at this place out of its bridge, and out of the engine.
    pub(super) fn take(&mut self, index: usize) -> Option<Stream> {
        self.bridges.leave(index, &mut self.streams);
        let stream = self.streams[index].take()?;
        self.ports.remove(&stream.port());
        self.places.remove(&stream.key());
        self.free.push(index);
        Some(stream)
    }

    pub(super) fn stream(&mut self, key: MediaSessionKey) -> Option<&mut Stream> {
        self.streams[*self.places.get(&key)?].as_mut()
    }
}
