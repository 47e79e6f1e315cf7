//! How late packets are: the target delay of the jitter buffer.
//!
//! Every packet's delay is taken relative to the smallest of the last two seconds, so that neither clock offset nor drift
//! matters; how far into a frame the packet begins comes on top. A histogram of 5 ms bins that forgets (each packet weighs
//! 0.995 of the next) gives the 0.99 quantile. Where packets repeat each other and are lost, the next one is waited for too.

use std::time::{Duration, Instant};

use super::playout::SLACK_BELOW;
use super::redundancy::Redundancy;

/// Bins per second: 5 ms each.
const BINS_PER_SECOND: i64 = 200;
/// The bins end at the longest delay, 200 ms.
const BINS: usize = 40;
const FORGETTING: f32 = 0.995;
const QUANTILE: f32 = 0.99;
/// The shortest target, in bins: one frame, for the unevenness of our own clock.
const MIN_TARGET: i64 = 4;
/// The target before anything is known, in bins: 40 ms.
const FIRST_TARGET: i64 = 8;
/// Packets after which the histogram is believed.
const WARM_UP: u32 = 50;
/// The smallest delay is kept per half second, for four of them.
const SLOTS_PER_SECOND: i64 = 2;
const SLOTS: usize = 4;

/// Where time ends for arithmetic's sake, after some millions of years.
const MAX_ELAPSED: i64 = i64::MAX / 4;

/// Learns from arrivals; all times and delays are in samples.
#[derive(Debug)]
pub(super) struct DelayEstimator {
    sample_rate_hz: i64,
    /// The first packet's arrival.
    origin: Option<Instant>,
    /// Of each half second: its number and its smallest delay.
    smallest: [Option<(i64, i64)>; SLOTS],
    histogram: Histogram,
    pub(super) redundancy: Redundancy,
}

#[derive(Debug)]
struct Histogram {
    bins: [f32; BINS],
    total: f32,
    observed: u32,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            bins: [0.0; BINS],
            total: 0.0,
            observed: 0,
        }
    }
}

impl DelayEstimator {
    /// Knows nothing yet.
    pub(super) fn new(sample_rate_hz: u32) -> Self {
        Self {
            sample_rate_hz: sample_rate_hz.into(),
            origin: None,
            smallest: [None; SLOTS],
            histogram: Histogram::default(),
            redundancy: Redundancy::default(),
        }
    }

    /// Forgets how long the fastest packets take, but not how late the others are: the sender's clock has stood still.
    pub(super) fn rebase(&mut self) {
        self.smallest = [None; SLOTS];
    }

    /// Learns from a packet that arrived at `now`, whose sound begins at `place`, `into_frame` samples after the beginning of a
    /// frame: a frame is played all at once, so the packet has to be there that much earlier.
    pub(super) fn observe(&mut self, now: Instant, place: i64, into_frame: i64) {
        self.origin.get_or_insert(now);
        let arrival = self.elapsed(now);
        let delay = arrival - place;
        let number = arrival.div_euclid(self.sample_rate_hz / SLOTS_PER_SECOND);
        let slot = &mut self.smallest[number.rem_euclid(SLOTS as i64) as usize];
        match slot {
            Some((held, smallest)) if *held == number => *smallest = delay.min(*smallest),
            _ => *slot = Some((number, delay)),
        }
        let oldest = number - SLOTS as i64;
        for slot in &mut self.smallest {
            *slot = slot.filter(|(number, _)| *number > oldest);
        }
        let bin = (delay - self.base() + into_frame) / self.bin_samples();
        self.histogram.add(bin);
    }

    /// The delay to aim at.
    pub(super) fn target(&self) -> i64 {
        let least = match self.histogram.observed < WARM_UP {
            true => FIRST_TARGET,
            false => MIN_TARGET,
        };
        let wait = match self.redundancy.wait() {
            0 => 0,
            // The packet has to be there even when the delay is a little below its target.
            packet => packet + SLACK_BELOW * self.sample_rate_hz / 8_000,
        };
        let target = self.histogram.quantile().max(least) * self.bin_samples() + wait;
        target.min(BINS as i64 * self.bin_samples())
    }

    /// The place that is played at `now` when samples wait for `delay`.
    pub(super) fn playing_at(&self, now: Instant, delay: i64) -> i64 {
        self.elapsed(now) - self.base() - delay
    }

    /// The smallest delay of the last two seconds in which something came.
    fn base(&self) -> i64 {
        let delays = self.smallest.iter().flatten().map(|(_, delay)| *delay);
        delays.min().unwrap_or(0)
    }

    fn bin_samples(&self) -> i64 {
        self.sample_rate_hz / BINS_PER_SECOND
    }

    /// Since the first packet; less than none in a frame that is played late, after a packet that came after its time.
    fn elapsed(&self, now: Instant) -> i64 {
        let origin = self.origin.unwrap_or(now);
        self.samples(now.saturating_duration_since(origin))
            - self.samples(origin.saturating_duration_since(now))
    }

    fn samples(&self, time: Duration) -> i64 {
        let samples = time.as_micros().saturating_mul(self.sample_rate_hz as u128) / 1_000_000;
        i64::try_from(samples)
            .unwrap_or(MAX_ELAPSED)
            .min(MAX_ELAPSED)
    }
}

impl Histogram {
    fn add(&mut self, bin: i64) {
        for bin in &mut self.bins {
            *bin *= FORGETTING;
        }
        let bin = usize::try_from(bin).unwrap_or(0);
        self.bins[bin.min(BINS - 1)] += 1.0;
        self.total = self.total * FORGETTING + 1.0;
        self.observed = self.observed.saturating_add(1);
    }

    /// The number of bins up to and with the one that holds the quantile.
    fn quantile(&self) -> i64 {
        let wanted = self.total * QUANTILE;
        let mut sum = 0.0;
        for (bin, weight) in self.bins.iter().enumerate() {
            sum += weight;
            if sum >= wanted {
                return bin as i64 + 1;
            }
        }
        BINS as i64
    }
}
