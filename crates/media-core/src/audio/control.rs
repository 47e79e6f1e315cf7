//! Command over what was written, from any task: stop it, pause it, and learn how far it got.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::task::Poll;
use std::time::Duration;

use super::Shared;

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

/// Command over what an [`AudioWriter`](super::AudioWriter) was given. Clones command the same; each may wait in a task of its own,
/// while the writer writes in another.
#[derive(Debug, Clone)]
pub struct AudioControl {
    pub(super) sample_rate_hz: u32,
    pub(super) shared: Arc<Shared>,
}

impl AudioControl {
    /// Whether the media of the call has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared.closed.load(Acquire)
    }

    /// Marks the place after what has been written so far; see [`AudioControl::reached`].
    pub fn mark(&self) -> AudioMark {
        AudioMark(self.shared.written.load(Acquire))
    }

    /// Waits until everything before `mark` has been sent or flushed, and tells how far the peer has heard. At once when the media
    /// of the call has ended.
    pub async fn reached(&self, mark: AudioMark) -> AudioProgress {
        self.wait_for(mark.0).await
    }

    /// Stops what is being said within 20 ms, fading it out, and forgets what waits, what a [`write`](super::AudioWriter::write) in
    /// progress has not handed over yet included. Tells exactly how much the peer was sent.
    pub async fn flush(&self) -> AudioProgress {
        self.shared.flushes.fetch_add(1, SeqCst);
        let written = self.shared.written.load(SeqCst);
        self.shared.flush_to.fetch_max(written, Release);
        self.shared.waiters.wake_all();
        self.wait_for(written).await
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
        let written = self.shared.written.load(Acquire);
        AudioProgress {
            heard: taken.saturating_sub(discarded),
            discarded,
            waiting: written.saturating_sub(taken),
            sample_rate_hz: self.sample_rate_hz,
        }
    }

    /// How often sound came too late for the frame that it belonged to, within a second of what was said before, and how much
    /// silence that made.
    #[must_use]
    pub fn underruns(&self) -> (u64, Duration) {
        let samples = self.shared.underrun_samples.load(Relaxed);
        let silence = samples * 1_000_000 / u64::from(self.sample_rate_hz);
        let count = self.shared.underruns.load(Relaxed);
        (count, Duration::from_micros(silence))
    }

    async fn wait_for(&self, position: u64) -> AudioProgress {
        poll_fn(move |context| {
            self.shared.waiters.register(context.waker());
            let closed = self.is_closed();
            match self.shared.taken.load(Acquire) >= position || closed {
                true => Poll::Ready(self.progress()),
                false => Poll::Pending,
            }
        })
        .await
    }
}
