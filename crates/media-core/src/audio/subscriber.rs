//! What the application hears.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use rtrb::Consumer;

use super::{AudioFormat, HEADER_WORDS, Shared};

/// A frame of 20 ms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AudioFrame {
    /// The samples, at the rate that was asked for.
    pub samples: Vec<i16>,
    /// Their rate in Hz.
    pub sample_rate_hz: u32,
    /// Where the frame lies, in samples since the sound was asked for; what is missing before it was not read in time.
    pub position: u64,
}

impl AudioFrame {
    /// A frame of an application's own.
    #[must_use]
    pub fn new(samples: Vec<i16>, sample_rate_hz: u32) -> Self {
        Self {
            samples,
            sample_rate_hz,
            position: 0,
        }
    }

    /// How long it lasts.
    #[must_use]
    pub fn duration(&self) -> Duration {
        Duration::from_secs(self.samples.len() as u64) / self.sample_rate_hz.max(1)
    }
}

/// The application's end of what the peer says: a [`Stream`] of frames, as they are played out, which ends with the call's media.
///
/// One comes every 20 ms, silence while the peer is silent. Those that are not read within
/// [`read_ahead`](AudioFormat::read_ahead) are dropped; dropping the reader ends it.
#[derive(Debug)]
pub struct AudioFrameSubscriber {
    format: AudioFormat,
    frames: Consumer<i16>,
    shared: Arc<Shared>,
}

impl AudioFrameSubscriber {
    pub(super) fn new(format: AudioFormat, frames: Consumer<i16>, shared: Arc<Shared>) -> Self {
        Self {
            format,
            frames,
            shared,
        }
    }

    /// The next frame; `None` when the media of the call has ended.
    pub async fn recv(&mut self) -> Option<AudioFrame> {
        poll_fn(|context| self.poll_frame(context)).await
    }

    /// A frame that is there already.
    pub fn try_recv(&mut self) -> Option<AudioFrame> {
        let length = self.format.frame_samples();
        let chunk = self.frames.read_chunk(HEADER_WORDS + length).ok()?;
        let mut words = chunk.into_iter();
        let position = words
            .by_ref()
            .take(HEADER_WORDS)
            .fold(0, |position, word| position << 16 | u64::from(word as u16));
        let mut samples = Vec::with_capacity(length);
        samples.extend(words);
        Some(AudioFrame {
            samples,
            sample_rate_hz: self.format.sample_rate.hz(),
            position,
        })
    }

    /// Frames that were not read in time.
    #[must_use]
    pub fn dropped_frames(&self) -> u64 {
        self.shared.dropped_frames.load(Relaxed)
    }

    fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Option<AudioFrame>> {
        if let Some(frame) = self.try_recv() {
            return Poll::Ready(Some(frame));
        }
        self.shared.reader.register(context.waker());
        // The end is looked at first: what came before it is there when it is seen.
        let closed = self.shared.closed.load(Acquire);
        match self.try_recv() {
            None if !closed => Poll::Pending,
            frame => Poll::Ready(frame),
        }
    }
}

impl Stream for AudioFrameSubscriber {
    type Item = AudioFrame;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<AudioFrame>> {
        self.poll_frame(context)
    }
}
