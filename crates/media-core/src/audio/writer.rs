//! What the peer is to hear.

use std::future::poll_fn;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Release, SeqCst};
use std::task::Poll;

use rtrb::Producer;
use rtrb::chunks::ChunkError;

use super::{AudioControl, AudioFormat, Shared};
use crate::codec::SampleRate;

/// The media of the call has ended: nothing that is written is sent any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the media of the call has ended")]
pub struct AudioClosed;

/// The application's end of what the peer hears, in place of the call's source for as long as it exists.
///
/// Sound may be handed over faster than it is spoken and in pieces of any length; silence is sent when there is none. What becomes of
/// it is told and steered by its [`AudioControl`], which a writer also is by itself.
#[derive(Debug)]
pub struct AudioWriter {
    format: AudioFormat,
    samples: Producer<i16>,
    written: u64,
    control: AudioControl,
}

impl Deref for AudioWriter {
    type Target = AudioControl;

    fn deref(&self) -> &AudioControl {
        &self.control
    }
}

impl AudioWriter {
    pub(super) fn new(format: AudioFormat, samples: Producer<i16>, shared: Arc<Shared>) -> Self {
        Self {
            format,
            samples,
            written: 0,
            control: AudioControl {
                sample_rate_hz: format.sample_rate.hz(),
                shared,
            },
        }
    }

    /// Command over what is written, for another task: one that stops it while this one waits for room, for instance.
    #[must_use]
    pub fn control(&self) -> AudioControl {
        self.control.clone()
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
        self.shared.written.store(self.written, SeqCst);
        Ok(taken)
    }

    /// Appends all samples, waiting for room. A [`flush`](AudioControl::flush) meanwhile ends it: what is left is not sent.
    ///
    /// # Errors
    /// [`AudioClosed`] as soon as the media ends; some of the samples may have been taken.
    pub async fn write(&mut self, samples: &[i16]) -> Result<(), AudioClosed> {
        let mut rest = samples;
        let flushes = self.shared.flushes.load(SeqCst);
        poll_fn(|context| {
            self.shared.waiters.register(context.waker());
            if self.shared.flushes.load(SeqCst) == flushes {
                rest = &rest[self.try_write(rest)?..];
            }
            // Either the flush has seen what was written just now, or this sees the flush.
            if self.shared.flushes.load(SeqCst) != flushes {
                self.shared.flush_to.fetch_max(self.written, Release);
                return Poll::Ready(Ok(()));
            }
            match rest.is_empty() {
                true => Poll::Ready(Ok(())),
                false => Poll::Pending,
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
}
