//! The filter of a sampling rate conversion: a sinc in a Kaiser window, cut in phases.

use std::f64::consts::PI;

use super::LANES;

/// The Kaiser window's shape: what is to be stopped is 70 dB down.
const KAISER_BETA: f64 = 6.76;
/// The middle between what is passed and what is stopped, as a share of the lower rate's half.
const CUTOFF: f64 = 0.91;

/// The filters of all phases, `groups` of taps each, for a ratio of the output rate to the input rate.
pub(super) fn kernel(interpolation: usize, groups: usize, ratio: f64) -> Box<[[f32; LANES]]> {
    let taps = groups * LANES;
    let bandwidth = CUTOFF * ratio.min(1.0);
    let edge = bessel(KAISER_BETA);
    let half = taps as f64 / 2.0;
    let mut filters = vec![[0.0; LANES]; interpolation * groups];
    let mut weights = vec![0.0; taps];
    for (phase, filter) in filters.chunks_exact_mut(groups).enumerate() {
        for (tap, weight) in weights.iter_mut().enumerate() {
            // In input samples from the middle; the last tap is for the newest sample.
            let age = (taps - 1 - tap) as f64 + phase as f64 / interpolation as f64;
            let place = (age - half) / half;
            let window = bessel(KAISER_BETA * (1.0 - place * place).max(0.0).sqrt()) / edge;
            *weight = sinc((age - half) * bandwidth) * window;
        }
        // Each phase passes a constant unchanged, so that one does not come out as a tone.
        let sum: f64 = weights.iter().sum();
        for (tap, weight) in filter.as_flattened_mut().iter_mut().zip(&weights) {
            *tap = (weight / sum) as f32;
        }
    }
    filters.into()
}

fn sinc(x: f64) -> f64 {
    let angle = x * PI;
    if angle == 0.0 {
        1.0
    } else {
        angle.sin() / angle
    }
}

/// The modified Bessel function of the first kind and order zero, for small arguments.
fn bessel(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let mut term = 1.0;
    let mut sum = 1.0;
    for n in 1..30 {
        term *= quarter / f64::from(n * n);
        sum += term;
        if term < 1e-9 {
            break;
        }
    }
    sum
}
