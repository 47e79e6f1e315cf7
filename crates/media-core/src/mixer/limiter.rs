//! Loudness limiting: what is louder than the ceiling is turned down before it comes, and up again slowly.
//!
//! A frame is looked at as a whole before any of it is heard. Its gain runs in straight lines from block to block (4 ms)
//! so that every block meets the ceiling, falls as fast as it must and rises by 12 dB a second, slower than speech is felt to
//! pump. Only a frame whose first block is too loud already has no time to prepare: what is above the ceiling there is bent
//! towards full scale, never cut off.

use super::sum::{LANES, peak, quantize};

/// Blocks of a frame.
const BLOCKS: usize = 5;
/// Nothing above this is heard but while the gain still falls: 3 dB below full scale.
const CEILING: f32 = 23_197.0;
/// What there is between the ceiling and full scale.
const HEADROOM: f32 = 32_767.0 - CEILING;
/// How much the gain rises in a block: 12 dB a second.
const RECOVERY: f32 = 1.005_541;
/// The gain of one listener.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limiter {
    gain: f32,
}

impl Default for Limiter {
    fn default() -> Self {
        Self { gain: 1.0 }
    }
}

impl Limiter {
    /// Whether a frame whose peak is at most `bound` passes as it is.
    pub(super) fn passes(&self, bound: f32) -> bool {
        self.gain == 1.0 && bound <= CEILING
    }

    /// Whether a listener can change from one to the other unheard: 0.2 dB.
    pub(super) fn agrees(&self, other: &Self) -> bool {
        (self.gain - other.gain).abs() <= 0.023 * other.gain
    }

    /// Lets a frame's time pass in silence.
    pub(super) fn rest(&mut self) {
        self.gain = (self.gain * RECOVERY.powi(BLOCKS as i32)).min(1.0);
    }

    /// Writes `sum` to `output`, limited; both are one frame of a rate that mixers know: all blocks are full.
    pub(crate) fn limit(&mut self, sum: &[f32], output: &mut [i16]) {
        let length = sum.len().div_ceil(BLOCKS).max(1);
        let blocks = sum.chunks(length).zip(output.chunks_mut(length));
        let mut peaks = sum.chunks(length).map(peak);
        let mut peak = peaks.next().unwrap_or(0.0);
        for (sum, output) in blocks {
            let next = peaks.next().unwrap_or(0.0);
            let bearable = CEILING / peak.max(next).max(CEILING);
            let begin = self.gain;
            self.gain = bearable.min(begin * RECOVERY);
            if begin * peak > CEILING * 1.001 {
                ramp(sum, begin, self.gain, output, bend);
            } else {
                ramp(sum, begin, self.gain, output, |sample| sample);
            }
            peak = next;
        }
    }
}

fn ramp(sum: &[f32], begin: f32, end: f32, output: &mut [i16], shape: impl Fn(f32) -> f32) {
    let step = (end - begin) / sum.len() as f32;
    let mut gains: [f32; LANES] = std::array::from_fn(|lane| begin + step * lane as f32);
    let (sums, outputs) = (
        sum.as_chunks::<LANES>().0,
        output.as_chunks_mut::<LANES>().0,
    );
    for (sums, outputs) in sums.iter().zip(outputs) {
        for lane in 0..LANES {
            outputs[lane] = quantize(shape(sums[lane] * gains[lane]));
            gains[lane] += step * LANES as f32;
        }
    }
}

/// Bends what is above the ceiling towards full scale, which it never reaches; smooth at the ceiling.
fn bend(sample: f32) -> f32 {
    let excess = (sample.abs() - CEILING).max(0.0) / HEADROOM;
    let bent = sample.abs().min(CEILING) + HEADROOM * excess / (1.0 + excess);
    bent.copysign(sample)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(amplitude: f64, from: usize, count: usize) -> Vec<f32> {
        let sample = |n: usize| (n as f64 * 0.345).sin() * amplitude;
        (from..from + count)
            .map(|n| sample(n).round() as f32)
            .collect()
    }

    #[test]
    fn what_is_not_loud_is_not_touched() {
        let mut limiter = Limiter::default();
        let sum = sine(23_000.0, 0, 160);
        let mut output = [0; 160];
        limiter.limit(&sum, &mut output);
        assert!(
            sum.iter()
                .zip(&output)
                .all(|(sum, out)| *sum == f32::from(*out))
        );
        assert!(limiter.passes(CEILING));
    }

    #[test]
    fn nothing_is_cut_off_however_loud() {
        for amplitude in [30_000.0, 65_000.0, 4_000_000.0] {
            let mut limiter = Limiter::default();
            let mut heard = Vec::new();
            for frame in 0..50 {
                let mut output = [0; 160];
                limiter.limit(&sine(amplitude, frame * 160, 160), &mut output);
                heard.extend(output);
            }
            let flat = heard.windows(3).filter(|three| {
                three[0].abs() > 32_000 && three[0] == three[1] && three[1] == three[2]
            });
            assert_eq!(flat.count(), 0, "{amplitude}");
            // From the second frame on the wave keeps its shape: what is heard is the sine by one factor.
            let settled = &heard[320..];
            let original = sine(amplitude, 320, settled.len());
            let factor = CEILING / amplitude as f32;
            for (heard, original) in settled.iter().zip(&original) {
                let expected = *original * factor;
                assert!(
                    (f32::from(*heard) - expected).abs() < 0.02 * CEILING,
                    "{amplitude}"
                );
            }
        }
    }

    #[test]
    fn the_gain_rises_by_twelve_decibels_a_second() {
        let mut limiter = Limiter { gain: 0.1 };
        let mut output = [0; 160];
        for _ in 0..50 {
            limiter.limit(&[100.0; 160], &mut output);
        }
        assert!((0.39..0.41).contains(&limiter.gain), "{}", limiter.gain);
        let mut resting = Limiter { gain: 0.1 };
        (0..50).for_each(|_| resting.rest());
        assert!(resting.agrees(&limiter));
    }

    #[test]
    fn a_sum_of_nothing_is_nothing() {
        Limiter::default().limit(&[], &mut []);
    }
}
