//! The jitter buffer: sound by timestamp, played out late enough that most packets are there in time.
//!
//! The buffer holds decoded samples at the places their timestamps give them, so that reordering and packets of any length
//! need no further thought. Its delay follows the network: a histogram of how much later than the fastest packets the
//! others come has its 0.99 quantile as the target. The delay moves towards the target where it is not heard: in gaps and
//! silence freely, in sound by whole pitch periods, overlapped and added. What is missing is made up from the last pitch
//! period, fading out over 60 ms; every join of one sound and another is a cross-fade. Memory is fixed: about 10 KB.

use std::time::{Duration, Instant};

mod conceal;
mod delay;
mod pitch;
mod playout;
mod sample_store;

use conceal::Concealer;
use delay::DelayEstimator;
use sample_store::SampleStore;

use crate::capabilities::{FRAME_SAMPLES, FrameSamples};
use crate::codec::SAMPLE_RATE_HZ;

/// How far from what is played a timestamp may be and still belong to the same run of sound.
const MAX_STEP_SAMPLES: i64 = SAMPLE_RATE_HZ as i64;
/// So many late packets in a row mean that the timestamps have moved.
const MAX_LATE_RUN: u32 = 5;

/// What a jitter buffer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct JitterBufferStatistics {
    /// Packets that came after their time to be played.
    pub late: u64,
    /// Packets whose place was taken already.
    pub duplicates: u64,
    /// Samples that were missing when they had to be played and were made up; of a long gap its first 60 ms.
    pub concealed_samples: u64,
    /// Times that playing began anew: a timestamp jump, or a delay beyond all bounds.
    pub restarts: u64,
    /// Samples cut out or put in to follow the network's delay.
    pub adjusted_samples: u64,
    /// How long samples wait now, beyond the fastest way through the network.
    pub delay: Duration,
    /// How long they should, by what the network does.
    pub target_delay: Duration,
}

/// The jitter buffer of one stream at 8 kHz.
#[derive(Debug)]
pub struct JitterBuffer {
    store: SampleStore,
    estimator: DelayEstimator,
    concealer: Concealer,
    /// The timestamp to be played next; `None` until something came, and again after a restart.
    next: Option<i64>,
    /// Whether anything has ever come.
    begun: bool,
    /// Whether nothing has been played since the (re)start.
    fresh: bool,
    /// For how many samples more sound that is there is held back, to join the made-up sound where it fits.
    holding: i64,
    late_run: u32,
    /// The timestamp of a packet that was out of line; another one near it means a jump.
    stray: Option<i64>,
    statistics: JitterBufferStatistics,
}

impl Default for JitterBuffer {
    fn default() -> Self {
        Self::new()
    }
}

impl JitterBuffer {
    /// An empty buffer.
    #[must_use]
    pub fn new() -> Self {
        Self {
            store: SampleStore::default(),
            estimator: DelayEstimator::default(),
            concealer: Concealer::default(),
            next: None,
            begun: false,
            fresh: true,
            holding: 0,
            late_run: 0,
            stray: None,
            statistics: JitterBufferStatistics::default(),
        }
    }

    /// Takes the samples of a packet that arrived at `now`.
    pub fn insert(&mut self, now: Instant, timestamp: u32, samples: &[i16]) {
        let first = self.estimator.extend(timestamp);
        let end = first + samples.len() as i64;
        let Some(next) = self.next else {
            return self.begin(now, timestamp, samples);
        };
        if first < next - MAX_STEP_SAMPLES || end > next + SampleStore::CAPACITY {
            let jumped = self
                .stray
                .is_some_and(|stray| (first - stray).abs() < MAX_STEP_SAMPLES);
            self.stray = Some(first);
            if jumped {
                self.restart();
                self.begin(now, timestamp, samples);
            }
            return;
        }
        self.stray = None;
        let into_frame = match self.fresh {
            true => 0,
            false => (first - next).rem_euclid(FRAME_SAMPLES as i64),
        };
        self.estimator.observe(now, timestamp, into_frame);
        if end <= next {
            self.statistics.late += 1;
            self.late_run += 1;
            if self.late_run >= MAX_LATE_RUN {
                self.restart();
                self.begin(now, timestamp, samples);
            }
            return;
        }
        self.late_run = 0;
        let behind = (next - first).clamp(0, samples.len() as i64);
        let new = self.store.put(first + behind, &samples[behind as usize..]);
        self.statistics.duplicates += u64::from(!new);
    }

    /// Plays the next frame, the one of the instant `now`. Returns whether playing has begun; `frame` is silence before.
    /// Between a restart and the next packet what was heard last fades out.
    pub fn play(&mut self, now: Instant, frame: &mut FrameSamples) -> bool {
        let Some(mut next) = self.next else {
            self.conceal(0, FRAME_SAMPLES, frame);
            self.concealer.remember(frame);
            return self.begun;
        };
        if self.fresh {
            self.fresh = false;
            next = self.estimator.playing_at(now, self.estimator.target());
            self.store.move_to(next);
        }
        let target = self.estimator.target();
        let excess = self.estimator.playing_at(now, 0) - next - target;
        let consumed = self.render(next, excess, frame);
        self.statistics.adjusted_samples += consumed.abs_diff(FRAME_SAMPLES as i64);
        next += consumed;
        self.store.move_to(next);
        self.next = Some(next);
        self.concealer.remember(frame);
        self.statistics.delay = duration(target + excess);
        self.statistics.target_delay = duration(target);
        true
    }

    /// Begins anew with the next packet: the peer's source has changed.
    pub fn restart(&mut self) {
        self.statistics.restarts += u64::from(self.next.is_some());
        self.next = None;
        self.holding = 0;
        self.estimator = DelayEstimator::default();
        self.late_run = 0;
        self.stray = None;
    }

    /// What the buffer did so far.
    #[must_use]
    pub fn statistics(&self) -> JitterBufferStatistics {
        self.statistics
    }

    fn begin(&mut self, now: Instant, timestamp: u32, samples: &[i16]) {
        self.estimator.observe(now, timestamp, 0);
        let first = self.estimator.extend(timestamp);
        let next = first - self.estimator.target();
        self.store.clear(next);
        self.store.put(first, samples);
        self.next = Some(next);
        self.begun = true;
        self.fresh = true;
    }
}

fn duration(samples: i64) -> Duration {
    let samples = u64::try_from(samples).unwrap_or(0);
    Duration::from_micros(samples * 1_000_000 / u64::from(SAMPLE_RATE_HZ))
}

#[cfg(test)]
mod tests;
