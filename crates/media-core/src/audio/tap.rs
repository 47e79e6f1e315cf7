//! The engine's end of an application's audio.

use std::sync::Arc;
use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};
use std::time::Duration;

use rtrb::{Consumer, Producer};

use super::{AudioFormat, HEADER_WORDS, Shared};
use crate::resample::FrameConverter;

/// What is said just before a flush fades out over the last 5 ms.
const FADES_IN_A_FRAME: usize = 4;
/// After so many silent frames what comes is a new utterance, and not late.
const PAUSE_FRAMES: u64 = 50;

/// What went wrong between an application and its call.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Troubles {
    /// How often sound came late, and how much silence that made.
    pub(crate) underruns: u64,
    pub(crate) silence: Duration,
    /// Frames that were not read in time.
    pub(crate) dropped_frames: u64,
}

/// What the engine holds of an application's audio; its end ends both of the application's.
#[derive(Debug)]
pub struct AudioTap {
    format: AudioFormat,
    heard: Producer<i16>,
    said: Consumer<i16>,
    shared: Arc<Shared>,
    /// Where the next frame that is heard lies.
    position: u64,
    /// How much has been taken of what was written, and how much of it was not sent.
    taken: u64,
    discarded: u64,
    /// Frames since the last sample was taken; `None` before the first.
    silent: Option<u64>,
    told: Troubles,
    to_application: FrameConverter,
    from_application: FrameConverter,
}

impl AudioTap {
    pub(super) fn new(
        format: AudioFormat,
        heard: Producer<i16>,
        said: Consumer<i16>,
        shared: Arc<Shared>,
    ) -> Self {
        Self {
            format,
            heard,
            said,
            shared,
            position: 0,
            taken: 0,
            discarded: 0,
            silent: None,
            told: Troubles::default(),
            to_application: FrameConverter::default(),
            from_application: FrameConverter::default(),
        }
    }

    /// What was late or not read since this was asked last.
    pub(crate) fn troubles(&mut self) -> Troubles {
        let now = Troubles {
            underruns: self.shared.underruns.load(Relaxed),
            silence: {
                let samples = self.shared.underrun_samples.load(Relaxed);
                Duration::from_micros(samples * 1_000_000 / u64::from(self.format.sample_rate.hz()))
            },
            dropped_frames: self.shared.dropped_frames.load(Relaxed),
        };
        let before = std::mem::replace(&mut self.told, now);
        Troubles {
            underruns: now.underruns - before.underruns,
            silence: now.silence.saturating_sub(before.silence),
            dropped_frames: now.dropped_frames - before.dropped_frames,
        }
    }

    /// Whether the application has let go of both ends.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.heard.is_abandoned() && !self.speaks()
    }

    /// Whether what the peer hears comes from here: until the application has dropped its end and all of it is said.
    pub(crate) fn speaks(&self) -> bool {
        !self.said.is_abandoned() || !self.said.is_empty()
    }

    /// Hands a frame of what is heard to the application, or drops it when there is no room.
    pub(crate) fn hear(&mut self, sample_rate_hz: u32, frame: &[i16]) {
        if self.heard.is_abandoned() {
            return;
        }
        let own_hz = self.format.sample_rate.hz();
        let samples = self.to_application.convert(sample_rate_hz, own_hz, frame);
        let position = self.position;
        self.position += samples.len() as u64;
        match self.heard.write_chunk_uninit(HEADER_WORDS + samples.len()) {
            Ok(chunk) => {
                let words = [48, 32, 16, 0].map(|shift| (position >> shift) as i16);
                chunk.fill_from_iter(words.into_iter().chain(samples.iter().copied()));
                self.shared.reader.wake();
            }
            Err(_) => {
                self.shared.dropped_frames.fetch_add(1, Relaxed);
            }
        }
    }

    /// Writes the next frame of what is said, silence where there is nothing.
    pub(crate) fn say(&mut self, sample_rate_hz: u32, frame: &mut [i16]) {
        let mut own = [0; LONGEST_FRAME];
        let length = self.format.frame_samples();
        let own = &mut own[..length];
        let flushes = self.shared.flush_to.load(Acquire) > self.taken;
        let paused = self.shared.paused.load(Acquire) && !flushes;
        let wanted = match (paused, flushes) {
            (true, _) => 0,
            (false, true) => length / FADES_IN_A_FRAME,
            (false, false) => length,
        };
        let taken = self.take(&mut own[..wanted]);
        if flushes {
            fade_out(&mut own[..taken]);
        }
        self.count(taken, length, paused || flushes);
        self.discard_flushed();
        let own_hz = self.format.sample_rate.hz();
        let samples = self.from_application.convert(own_hz, sample_rate_hz, own);
        let both = frame.len().min(samples.len());
        frame[..both].copy_from_slice(&samples[..both]);
        frame[both..].fill(0);
    }

    /// Lets the time of a frame pass in which nothing can be sent.
    pub(crate) fn wait(&mut self) {
        self.discard_flushed();
    }

    fn take(&mut self, frame: &mut [i16]) -> usize {
        let count = frame.len().min(self.said.slots());
        let Ok(chunk) = self.said.read_chunk(count) else {
            return 0;
        };
        for (place, sample) in frame.iter_mut().zip(chunk) {
            *place = sample;
        }
        self.taken += count as u64;
        if count > 0 {
            self.shared.taken.store(self.taken, Release);
        }
        self.shared.waiters.wake();
        count
    }

    /// Counts sound that came late: after silence of less than a second.
    fn count(&mut self, taken: usize, length: usize, wanted_silence: bool) {
        match (&mut self.silent, taken) {
            (silent, 0) if wanted_silence => *silent = None,
            (Some(frames), 0) => *frames += 1,
            (None, 0) => {}
            (silent, _) => {
                let late = silent
                    .replace(0)
                    .filter(|late| (1..PAUSE_FRAMES).contains(late));
                if let Some(late) = late {
                    self.shared.underruns.fetch_add(1, AcqRel);
                    let samples = late * length as u64;
                    self.shared.underrun_samples.fetch_add(samples, AcqRel);
                }
            }
        }
    }

    /// Forgets what is to be flushed.
    fn discard_flushed(&mut self) {
        let rest = self
            .shared
            .flush_to
            .load(Acquire)
            .saturating_sub(self.taken);
        let count = usize::try_from(rest)
            .unwrap_or(usize::MAX)
            .min(self.said.slots());
        if let Some(chunk) = Some(count)
            .filter(|count| *count > 0)
            .and_then(|count| self.said.read_chunk(count).ok())
        {
            chunk.commit_all();
            self.taken += count as u64;
            self.discarded += count as u64;
            self.shared.discarded.store(self.discarded, Release);
            self.shared.taken.store(self.taken, Release);
            self.shared.waiters.wake();
        }
    }
}

/// 20 ms at 48 kHz.
const LONGEST_FRAME: usize = 960;

fn fade_out(samples: &mut [i16]) {
    let length = samples.len() as i32;
    for (place, sample) in samples.iter_mut().enumerate() {
        *sample = (i32::from(*sample) * (length - place as i32) / (length + 1)) as i16;
    }
}

impl Drop for AudioTap {
    fn drop(&mut self) {
        self.shared.closed.store(true, Release);
        self.shared.reader.wake();
        self.shared.waiters.wake_all();
    }
}
