//! How late packets are: the target delay of the jitter buffer.
//!
//! Every packet's delay is taken relative to the smallest of the last two seconds, so that neither clock offset nor drift
//! matters; how far into a frame the packet begins comes on top. A histogram of 5 ms bins that forgets (each packet weighs
//! 0.995 of the next) gives the 0.99 quantile.

use std::time::Instant;

use crate::codec::SAMPLE_RATE_HZ;

/// 5 ms.
const BIN_SAMPLES: i64 = 40;
/// The bins end at the longest delay, 200 ms.
const BINS: usize = 40;
const FORGETTING: f32 = 0.995;
const QUANTILE: f32 = 0.99;
/// The shortest target: one frame, for the unevenness of our own clock.
const MIN_TARGET: i64 = 160;
/// The target before anything is known: 40 ms.
const FIRST_TARGET: i64 = 320;
/// Packets after which the histogram is believed.
const WARM_UP: u32 = 50;
/// The smallest delay is kept per half second, for four of them.
const SLOT_SAMPLES: i64 = SAMPLE_RATE_HZ as i64 / 2;
const SLOTS: usize = 4;

/// Where time ends for arithmetic's sake, after some millions of years.
const MAX_ELAPSED: i64 = i64::MAX / 4;

/// Learns from arrivals; all times and delays are in samples.
#[derive(Debug, Default)]
pub(super) struct DelayEstimator {
    /// The first packet's arrival.
    origin: Option<Instant>,
    /// The latest timestamp, without wrap.
    latest: Option<i64>,
    /// Of each half second: its number and its smallest delay.
    smallest: [Option<(i64, i64)>; SLOTS],
    histogram: Histogram,
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
    /// A timestamp without its wrap, near those before it.
    pub(super) fn extend(&self, timestamp: u32) -> i64 {
        match self.latest {
            Some(latest) => latest + i64::from(timestamp.wrapping_sub(latest as u32) as i32),
            None => i64::from(timestamp),
        }
    }

    /// Learns from a packet that arrived at `now` and begins `into_frame` samples after the beginning of a frame: a frame is
    /// played all at once, so the packet has to be there that much earlier.
    pub(super) fn observe(&mut self, now: Instant, timestamp: u32, into_frame: i64) {
        let timestamp = self.extend(timestamp);
        self.latest = Some(timestamp.max(self.latest.unwrap_or(timestamp)));
        self.origin.get_or_insert(now);
        let arrival = self.elapsed(now);
        let delay = arrival - timestamp;
        let number = arrival.div_euclid(SLOT_SAMPLES);
        let slot = &mut self.smallest[number.rem_euclid(SLOTS as i64) as usize];
        match slot {
            Some((held, smallest)) if *held == number => *smallest = delay.min(*smallest),
            _ => *slot = Some((number, delay)),
        }
        let oldest = number - SLOTS as i64;
        for slot in &mut self.smallest {
            *slot = slot.filter(|(number, _)| *number > oldest);
        }
        self.histogram.add(delay - self.base() + into_frame);
    }

    /// The delay to aim at.
    pub(super) fn target(&self) -> i64 {
        if self.histogram.observed < WARM_UP {
            return FIRST_TARGET.max(self.histogram.quantile());
        }
        self.histogram.quantile().max(MIN_TARGET)
    }

    /// The timestamp that is played at `now` when samples wait for `delay`.
    pub(super) fn playing_at(&self, now: Instant, delay: i64) -> i64 {
        self.elapsed(now) - self.base() - delay
    }

    /// The smallest delay of the last two seconds in which something came.
    fn base(&self) -> i64 {
        let delays = self.smallest.iter().flatten().map(|(_, delay)| *delay);
        delays.min().unwrap_or(0)
    }

    fn elapsed(&self, now: Instant) -> i64 {
        let origin = self.origin.unwrap_or(now);
        let elapsed = now.saturating_duration_since(origin).as_micros();
        let samples = elapsed.saturating_mul(u128::from(SAMPLE_RATE_HZ)) / 1_000_000;
        i64::try_from(samples)
            .unwrap_or(MAX_ELAPSED)
            .min(MAX_ELAPSED)
    }
}

impl Histogram {
    fn add(&mut self, delay: i64) {
        for bin in &mut self.bins {
            *bin *= FORGETTING;
        }
        let bin = usize::try_from(delay / BIN_SAMPLES).unwrap_or(0);
        self.bins[bin.min(BINS - 1)] += 1.0;
        self.total = self.total * FORGETTING + 1.0;
        self.observed = self.observed.saturating_add(1);
    }

    /// The upper edge of the bin that holds the quantile.
    fn quantile(&self) -> i64 {
        let wanted = self.total * QUANTILE;
        let mut sum = 0.0;
        for (bin, weight) in self.bins.iter().enumerate() {
            sum += weight;
            if sum >= wanted {
                return (bin as i64 + 1) * BIN_SAMPLES;
            }
        }
        BINS as i64 * BIN_SAMPLES
    }
}
