//! What the peer is to hear.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::task::Poll;
use std::time::Duration;

use rtrb::Producer;
use rtrb::chunks::ChunkError;

use super::{AudioFormat, Shared};
use crate::codec::SampleRate;

/// The media of the call has ended: nothing that is written is sent any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the media of the call has ended")]
pub struct AudioClosed;

/// A place in what was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[must_use]
pub struct AudioMark(u64);

/// How far the peer has heard what was written, in samples at the application's rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioProgress {
    /// What has been sent.
    pub heard: u64,
    /// What has been flushed before it was sent.
    pub discarded: u64,
    /// What waits to be sent.
    pub waiting: u64,
    sample_rate_hz: u32,
}

impl AudioProgress {
    /// How long what has been sent took to say.
    #[must_use]
    pub fn heard_for(&self) -> Duration {
        Duration::from_micros(self.heard * 1_000_000 / u64::from(self.sample_rate_hz))
    }
}

/// The application's end of what the peer hears, in place of the call's source for as long as it exists.
///
/// Sound may be handed over faster than it is spoken and in pieces of any length; silence is sent when there is none.
#[derive(Debug)]
pub struct AudioWriter {
    format: AudioFormat,
    samples: Producer<i16>,
    written: u64,
    shared: Arc<Shared>,
}

impl AudioWriter {
    pub(super) fn new(format: AudioFormat, samples: Producer<i16>, shared: Arc<Shared>) -> Self {
        Self {
            format,
            samples,
            written: 0,
            shared,
        }
    }

    /// Appends what there is room for, and returns how many samples that are.
    ///
    /// # Errors
    /// [`AudioClosed`].
    pub fn try_write(&mut self, samples: &[i16]) -> Result<usize, AudioClosed> {
        if self.is_closed() {
            return Err(AudioClosed);
        }
        let taken = match self.samples.write_chunk_uninit(samples.len()) {
            Ok(chunk) => chunk.fill_from_iter(samples.iter().copied()),
            Err(ChunkError::TooFewSlots(0)) => 0,
            Err(ChunkError::TooFewSlots(room)) => self
                .samples
                .write_chunk_uninit(room)
                .map_or(0, |chunk| chunk.fill_from_iter(samples.iter().copied())),
        };
        self.written += taken as u64;
        Ok(taken)
    }

    /// Appends all samples, waiting for room.
    ///
    /// # Errors
    /// [`AudioClosed`] as soon as the media ends; some of the samples may have been taken.
    pub async fn write(&mut self, samples: &[i16]) -> Result<(), AudioClosed> {
        let mut rest = samples;
        poll_fn(|context| {
            loop {
                rest = &rest[self.try_write(rest)?..];
                if rest.is_empty() {
                    return Poll::Ready(Ok(()));
                }
                self.shared.writer.register(context.waker());
                let taken = self.try_write(rest)?;
                if taken == 0 {
                    return Poll::Pending;
                }
                rest = &rest[taken..];
            }
        })
        .await
    }

    /// How many samples there is room for.
    #[must_use]
    pub fn room(&self) -> usize {
        self.samples.slots()
    }

    /// The rate of the samples.
    #[must_use]
    pub fn sample_rate(&self) -> SampleRate {
        self.format.sample_rate
    }

    /// Whether the media of the call has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.closed.load(Acquire)
    }

    /// Marks the place after what has been written so far; see [`AudioWriter::reached`].
    pub fn mark(&self) -> AudioMark {
        AudioMark(self.written)
    }

    /// Waits until everything before `mark` has been sent or flushed, and tells how far the peer has heard. At once when the media
    /// of the call has ended.
    pub async fn reached(&mut self, mark: AudioMark) -> AudioProgress {
        self.wait_for(mark.0).await
    }

    /// Stops what is being said within 20 ms, fading it out, and forgets what waits. Tells exactly how much the peer was sent.
    pub async fn flush(&mut self) -> AudioProgress {
        self.shared.flush_to.store(self.written, Release);
        self.wait_for(self.written).await
    }

    /// Sends silence from the next frame on; what waits stays.
    pub fn pause(&self) {
        self.shared.paused.store(true, Release);
    }

    /// Goes on with what waits.
    pub fn resume(&self) {
        self.shared.paused.store(false, Release);
    }

    /// How far the peer has heard.
    #[must_use]
    pub fn progress(&self) -> AudioProgress {
        // In this order: a frame that the engine takes in between counts as waiting, and nothing counts twice.
        let discarded = self.shared.discarded.load(Acquire);
        let taken = self.shared.taken.load(Acquire);
        AudioProgress {
            heard: taken.saturating_sub(discarded),
            discarded,
            waiting: self.written.saturating_sub(taken),
            sample_rate_hz: self.format.sample_rate.hz(),
        }
    }

    /// How often sound came too late for the frame that it belonged to, within a second of what was said before, and how much
    /// silence that made.
    #[must_use]
    pub fn underruns(&self) -> (u64, Duration) {
        let samples = self.shared.underrun_samples.load(Relaxed);
        let silence = samples * 1_000_000 / u64::from(self.format.sample_rate.hz());
        let count = self.shared.underruns.load(Relaxed);
        (count, Duration::from_micros(silence))
    }

    async fn wait_for(&mut self, position: u64) -> AudioProgress {
        let writer = self;
        poll_fn(move |context| {
            writer.shared.writer.register(context.waker());
            let closed = writer.is_closed();
            match writer.shared.taken.load(Acquire) >= position || closed {
                true => Poll::Ready(writer.progress()),
                false => Poll::Pending,
            }
        })
        .await
    }
}
