//! Sampling rate conversion: a polyphase filter, of a stream piece by piece and of whole recordings.
//!
//! Written here and not taken from a library: at the ratios of telephony the filter is a table of a kilobyte, a frame leads to
//! exactly a frame, and the delay is that of the filter and no block's. The filter is a sinc in a Kaiser window. It passes 0.82 of
//! the band that both rates carry, and attenuates what the lower of them does not by 70 dB.

use std::time::Duration;

mod frame;
mod kernel;
mod sample;

pub(crate) use frame::{FrameConverter, FrameResampler};
use kernel::kernel;
pub use sample::Sample;

/// Samples of the lower rate that a filter spans.
const SPAN: u32 = 48;
/// Taps that are multiplied at once.
const LANES: usize = 8;
/// Input samples that are filtered at once.
const PIECE: usize = 480;
/// What a rate may be, in Hz.
const RATES_HZ: std::ops::RangeInclusive<u32> = 1_000..=192_000;

/// Converts a stream of one channel from one sampling rate to another.
///
/// A frame of 20 ms leads to a frame of 20 ms when both rates have whole samples in it, as those of [`SampleRate`](crate::SampleRate)
/// and 44.1 kHz do. Nothing is allocated after [`Resampler::new`] where `out` has room.
///
/// ```
/// use rvoip_media_core::Resampler;
///
/// let mut resampler = Resampler::new(48_000, 8_000);
/// let mut out: Vec<i16> = Vec::with_capacity(160);
/// resampler.process(&[0; 960], &mut out);
/// assert_eq!(out.len(), 160);
/// ```
#[derive(Debug)]
pub struct Resampler {
    /// The filter of each phase, its latest tap last; none when the rates are equal.
    phases: Box<[[f32; LANES]]>,
    /// Groups of taps in the filter of a phase.
    groups: usize,
    /// Phases in an input sample, and how many of them lie between two output samples.
    interpolation: usize,
    decimation: usize,
    /// Where the next output sample is, in phases from the next input sample.
    position: usize,
    /// The past that the filter needs, and room for a piece.
    line: Box<[f32]>,
    delay: Duration,
}

impl Resampler {
    /// A converter between two rates in Hz, each 1 kHz to 192 kHz, at silence.
    #[must_use]
    pub fn new(from_hz: u32, to_hz: u32) -> Self {
        let limit = |hz: u32| hz.clamp(*RATES_HZ.start(), *RATES_HZ.end());
        let (from, to) = (limit(from_hz), limit(to_hz));
        let divisor = gcd(from, to);
        let (interpolation, decimation) = ((to / divisor) as usize, (from / divisor) as usize);
        if from == to {
            return Self {
                phases: Box::default(),
                groups: 0,
                interpolation,
                decimation,
                position: 0,
                line: Box::default(),
                delay: Duration::ZERO,
            };
        }
        let taps = (u64::from(SPAN) * u64::from(from)).div_ceil(from.min(to).into()) as usize;
        let groups = taps.div_ceil(LANES);
        let taps = groups * LANES;
        Self {
            phases: kernel(interpolation, groups, f64::from(to) / f64::from(from)),
            groups,
            interpolation,
            decimation,
            position: 0,
            line: vec![0.0; taps - 1 + PIECE].into(),
            delay: Duration::from_secs(taps as u64) / (2 * from),
        }
    }

    /// How much later sound comes out: 3 ms where the lower rate is 8 kHz, nothing where both are equal.
    #[must_use]
    pub fn delay(&self) -> Duration {
        self.delay
    }

    /// Takes the next samples of the stream, and appends what they lead to.
    pub fn process<S: Sample>(&mut self, input: &[S], out: &mut Vec<S>) {
        if self.phases.is_empty() {
            return out.extend_from_slice(input);
        }
        let past = self.past();
        for piece in input.chunks(PIECE) {
            for (place, sample) in self.line[past..].iter_mut().zip(piece) {
                *place = sample.widen();
            }
            let end = piece.len() * self.interpolation;
            while self.position < end {
                let (newest, phase) = (
                    self.position / self.interpolation,
                    self.position % self.interpolation,
                );
                let filter = &self.phases[phase * self.groups..][..self.groups];
                let window = &self.line[newest..=newest + past];
                out.push(S::narrow(weigh(window, filter)));
                self.position += self.decimation;
            }
            self.position -= end;
            self.line.copy_within(piece.len()..piece.len() + past, 0);
        }
    }

    /// How many samples before the newest one the filter reaches.
    fn past(&self) -> usize {
        self.groups * LANES - 1
    }

    /// Begins in the middle of the filter, so that the sound comes out undelayed; returns how many samples it lacks at its end.
    fn skip_delay(&mut self) -> usize {
        let half = self.groups * LANES / 2;
        self.position = half * self.interpolation;
        half
    }
}

/// The same sound at another rate; as long in time, rounded up to a whole sample.
pub(crate) fn resample(samples: &[i16], from_hz: u32, to_hz: u32) -> Vec<i16> {
    let mut resampler = Resampler::new(from_hz, to_hz);
    let lacking = resampler.skip_delay();
    let length = (samples.len() as u64 * u64::from(to_hz)).div_ceil(from_hz.max(1).into());
    let mut out = Vec::with_capacity(length as usize + 1);
    resampler.process(samples, &mut out);
    resampler.process(&vec![0; lacking], &mut out);
    out
}

fn weigh(window: &[f32], filter: &[[f32; LANES]]) -> f32 {
    let mut sums = [0.0; LANES];
    for (samples, taps) in window.as_chunks::<LANES>().0.iter().zip(filter) {
        for (sum, (sample, tap)) in sums.iter_mut().zip(samples.iter().zip(taps)) {
            *sum += sample * tap;
        }
    }
    sums.iter().sum()
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests;
