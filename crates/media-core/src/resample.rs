//! Sampling rate conversion of whole recordings by a windowed sinc.

use std::f64::consts::PI;

/// Zero crossings of the sinc on either side of its middle.
const CROSSINGS: usize = 32;
/// Kernel points per zero crossing; between them the kernel is interpolated.
const POINTS: usize = 256;
/// The Kaiser window's shape: side lobes below -85 dB.
const KAISER_BETA: f64 = 8.5;
/// The cutoff as a share of the lower rate's half: pass up to 0.84 of it, nothing above it.
const CUTOFF: f64 = 0.92;

/// The same sound at another rate; as long in time, rounded up to a whole sample.
pub(crate) fn resample(samples: &[i16], from_hz: u32, to_hz: u32) -> Vec<i16> {
    if from_hz == to_hz {
        return samples.to_vec();
    }
    let kernel = kernel();
    let (from, to) = (u64::from(from_hz), u64::from(to_hz));
    // Zero crossings per input sample.
    let bandwidth = CUTOFF * (f64::from(to_hz) / f64::from(from_hz)).min(1.0);
    let reach = (CROSSINGS as f64 / bandwidth) as i64;
    let length = (samples.len() as u64 * to).div_ceil(from);
    let output = |index: u64| {
        let middle = (index * from / to) as i64;
        let fraction = (index * from % to) as f64 / to as f64;
        let first = (middle - reach).max(0);
        let last = (middle + reach + 1).min(samples.len() as i64 - 1);
        let sum: f64 = (first..=last)
            .map(|at| {
                let distance = ((at - middle) as f64 - fraction).abs() * bandwidth;
                f64::from(samples[at as usize]) * weight(&kernel, distance)
            })
            .sum();
        (sum * bandwidth).round() as i16
    };
    (0..length).map(output).collect()
}

/// The kernel at `distance` zero crossings from its middle.
fn weight(kernel: &[f64], distance: f64) -> f64 {
    let place = distance * POINTS as f64;
    let index = place as usize;
    match kernel.get(index..index + 2) {
        Some([near, far]) => near + (far - near) * (place - index as f64),
        _ => 0.0,
    }
}

/// One side of the windowed sinc.
fn kernel() -> Vec<f64> {
    let end = CROSSINGS * POINTS;
    let point = |index: usize| {
        let x = index as f64 / POINTS as f64 * PI;
        let sinc = if index == 0 { 1.0 } else { x.sin() / x };
        let place = index as f64 / end as f64;
        sinc * bessel(KAISER_BETA * (1.0 - place * place).sqrt()) / bessel(KAISER_BETA)
    };
    (0..=end).map(point).collect()
}

/// The modified Bessel function of the first kind and order zero.
fn bessel(x: f64) -> f64 {
    let half = x / 2.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    for n in 1..40 {
        term *= (half / f64::from(n)).powi(2);
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sine(hz: f64, rate_hz: u32) -> Vec<i16> {
        let angle = |n: u32| f64::from(n) * hz * 2.0 * PI / f64::from(rate_hz);
        (0..rate_hz)
            .map(|n| (angle(n).sin() * 16_000.0).round() as i16)
            .collect()
    }

    /// The ratio in decibels of the sine of `hz` in `samples` at 8 kHz to everything else there.
    fn purity(samples: &[i16], hz: f64) -> f64 {
        let ideal = sine(hz, 8_000);
        let inner = 400..7_600;
        let noise = inner
            .clone()
            .map(|n| f64::from(samples[n]) - f64::from(ideal[n]));
        let noise: f64 = noise.map(|error| error * error).sum();
        let signal: f64 = inner.map(|n| f64::from(ideal[n]).powi(2)).sum();
        10.0 * (signal / noise).log10()
    }

    #[test]
    fn tones_survive_every_rate() {
        for rate_hz in [6_000, 11_025, 16_000, 22_050, 44_100, 48_000, 192_000] {
            for hz in [300.0, 1_000.0, 2_400.0] {
                let output = resample(&sine(hz, rate_hz), rate_hz, 8_000);
                assert_eq!(output.len(), 8_000, "{rate_hz}");
                let decibels = purity(&output, hz);
                assert!(decibels > 65.0, "{hz} Hz at {rate_hz} Hz: {decibels} dB");
            }
        }
    }

    #[test]
    fn what_does_not_fit_does_not_fold_back() {
        let output = resample(&sine(5_000.0, 48_000), 48_000, 8_000);
        let loudest = output[400..7_600].iter().map(|sample| sample.abs()).max();
        assert!(loudest < Some(3), "{loudest:?}");
    }
}
