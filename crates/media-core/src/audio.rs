//! Sound to and from the application: frames of what the peer says, and a place for what the peer is to hear.
//!
//! Two rings of samples lie between the application and the engine, one each way, without lock and without allocation once they
//! are made. The engine takes a frame every 20 ms and paces what it sends; the application hands over pieces of any length at
//! its own rate and waits only when [`AudioFormat::write_ahead`] is full. What is played is counted sample by sample, so that
//! [`AudioControl::flush`] says exactly how much the peer was sent.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use atomic_waker::AtomicWaker;

mod control;
mod subscriber;
mod tap;
mod waiters;
mod writer;

pub use control::{AudioControl, AudioMark, AudioProgress};
pub use subscriber::{AudioFrame, AudioFrameSubscriber};
pub use tap::AudioTap;
pub(crate) use tap::Troubles;
use waiters::Waiters;
pub use writer::{AudioClosed, AudioWriter};

use crate::capabilities::FRAME;
use crate::codec::SampleRate;

/// Positions of a frame stand before its samples in the ring, as four words of 16 bits.
const HEADER_WORDS: usize = 4;

/// How an application wants its sound: one channel of 16 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioFormat {
    /// The rate of its samples, whatever the codec of the call.
    pub sample_rate: SampleRate,
    /// How far it may fall behind with reading; what it would hear later is dropped and counted.
    pub read_ahead: Duration,
    /// How much may wait to be sent before writing has to wait.
    pub write_ahead: Duration,
}

impl Default for AudioFormat {
    /// 16 kHz, half a second, ten seconds.
    fn default() -> Self {
        Self {
            sample_rate: SampleRate::Hz16000,
            read_ahead: Duration::from_millis(500),
            write_ahead: Duration::from_secs(10),
        }
    }
}

impl AudioFormat {
    /// The defaults at another rate.
    #[must_use]
    pub fn at(sample_rate: SampleRate) -> Self {
        Self {
            sample_rate,
            ..Self::default()
        }
    }

    /// Samples of a frame of 20 ms.
    fn frame_samples(&self) -> usize {
        (self.sample_rate.hz() / 50) as usize
    }

    /// Whole frames in a time, at least two.
    fn frames(time: Duration) -> usize {
        let frames = time.as_micros() / FRAME.as_micros();
        usize::try_from(frames)
            .unwrap_or(usize::MAX)
            .clamp(2, MOST_FRAMES)
    }
}

/// A minute of sound is the most that waits in a ring.
const MOST_FRAMES: usize = 3_000;

/// What both sides of the rings know. Positions count samples at the application's rate since the beginning.
#[derive(Debug, Default)]
struct Shared {
    /// Whoever waits for frames.
    reader: AtomicWaker,
    /// Those who wait for room, a mark or a flush.
    waiters: Waiters,
    /// The engine has gone.
    closed: AtomicBool,
    /// Nothing is to be sent for the time being.
    paused: AtomicBool,
    /// How much was written.
    written: AtomicU64,
    /// Of that: how far the engine has got, and how much of that was not sent.
    taken: AtomicU64,
    discarded: AtomicU64,
    /// Up to where everything is to be discarded.
    flush_to: AtomicU64,
    /// How often that was wanted.
    flushes: AtomicU64,
    /// Times that sound was wanted within a second of the last and was late, and how many samples of silence that made.
    underruns: AtomicU64,
    underrun_samples: AtomicU64,
    /// Frames that the application did not read in time.
    dropped_frames: AtomicU64,
}

/// Makes the rings: the engine's end, and the application's two.
#[must_use]
pub(crate) fn application_audio(
    format: AudioFormat,
) -> (AudioTap, AudioFrameSubscriber, AudioWriter) {
    let frame = format.frame_samples();
    let (heard, frames) =
        rtrb::RingBuffer::new((frame + HEADER_WORDS) * AudioFormat::frames(format.read_ahead));
    let (said, samples) = rtrb::RingBuffer::new(frame * AudioFormat::frames(format.write_ahead));
    let shared = Arc::new(Shared::default());
    (
        AudioTap::new(format, heard, samples, Arc::clone(&shared)),
        AudioFrameSubscriber::new(format, frames, Arc::clone(&shared)),
        AudioWriter::new(format, said, shared),
    )
}

#[cfg(test)]
mod tests;
