//! Tones through every pair of rates: what is kept, what is stopped, and when it comes out.

use std::f64::consts::TAU;

use super::*;

const RATES: [u32; 6] = [8_000, 16_000, 24_000, 32_000, 44_100, 48_000];

/// A fifth of a second of a sine, `delay` later.
fn sine(hz: f64, rate_hz: u32, delay: f64) -> Vec<f64> {
    let angle = |n: u32| (f64::from(n) / f64::from(rate_hz) - delay) * hz * TAU;
    (0..rate_hz / 5)
        .map(|n| angle(n).sin() * 16_000.0)
        .collect()
}

fn rounded(sound: &[f64]) -> Vec<i16> {
    sound.iter().map(|sample| sample.round() as i16).collect()
}

/// The ratio in decibels of `ideal` to what is not it in `samples`, away from both ends.
fn purity(samples: &[i16], ideal: &[f64]) -> f64 {
    let edge = ideal.len() / 20;
    let pairs = || {
        samples
            .iter()
            .zip(ideal)
            .skip(edge)
            .take(ideal.len() - 2 * edge)
    };
    let noise: f64 = pairs()
        .map(|(sample, ideal)| (f64::from(*sample) - ideal).powi(2))
        .sum();
    let signal: f64 = pairs().map(|(_, ideal)| ideal * ideal).sum();
    10.0 * (signal / noise).log10()
}

#[test]
fn tones_survive_every_pair_of_rates() {
    for from_hz in RATES {
        for to_hz in RATES {
            let band = f64::from(from_hz.min(to_hz)) / 2.0;
            for hz in [200.0, 0.25 * band, 0.75 * band] {
                let mut resampler = Resampler::new(from_hz, to_hz);
                let mut out = Vec::new();
                let input = rounded(&sine(hz, from_hz, 0.0));
                for frame in input.chunks(from_hz as usize / 50) {
                    let before = out.len();
                    resampler.process(frame, &mut out);
                    assert_eq!(out.len() - before, to_hz as usize / 50);
                }
                let ideal = sine(hz, to_hz, resampler.delay().as_secs_f64());
                let decibels = purity(&out, &ideal);
                assert!(
                    decibels > 65.0,
                    "{hz} Hz from {from_hz} to {to_hz}: {decibels} dB"
                );
            }
        }
    }
}

#[test]
fn what_the_lower_rate_does_not_carry_does_not_fold_back() {
    for from_hz in RATES {
        for to_hz in RATES.into_iter().filter(|to_hz| *to_hz < from_hz) {
            let (low, high) = (f64::from(to_hz) / 2.0, f64::from(from_hz) / 2.0);
            for share in [0.02, 0.3, 0.9] {
                let hz = low + (high - low) * share;
                let mut out = Vec::new();
                let input = rounded(&sine(hz, from_hz, 0.0));
                Resampler::new(from_hz, to_hz).process(&input, &mut out);
                let inner = &out[to_hz as usize / 100..];
                let loudest = inner.iter().map(|sample| sample.unsigned_abs()).max();
                // 16,000 less 68 dB.
                assert!(
                    loudest < Some(7),
                    "{hz} Hz from {from_hz} to {to_hz}: {loudest:?}"
                );
            }
        }
    }
}

#[test]
fn a_higher_rate_gets_no_images() {
    for (from_hz, to_hz) in [(8_000, 16_000), (8_000, 48_000), (16_000, 44_100)] {
        for hz in [0.0, 3_000.0] {
            let constant = vec![10_000; from_hz as usize / 5];
            let input = if hz == 0.0 {
                constant
            } else {
                rounded(&sine(hz, from_hz, 0.0))
            };
            let mut resampler = Resampler::new(from_hz, to_hz);
            let mut out: Vec<i16> = Vec::new();
            resampler.process(&input, &mut out);
            let delay = resampler.delay().as_secs_f64();
            let constant = vec![10_000.0; to_hz as usize / 5];
            let ideal = if hz == 0.0 {
                constant
            } else {
                sine(hz, to_hz, delay)
            };
            let decibels = purity(&out, &ideal);
            assert!(
                decibels > 65.0,
                "{hz} Hz from {from_hz} to {to_hz}: {decibels} dB"
            );
        }
    }
}

#[test]
fn pieces_of_any_length_are_one_stream() {
    let input = rounded(&sine(440.0, 44_100, 0.0));
    let (mut whole, mut pieces) = (Vec::new(), Vec::new());
    Resampler::new(44_100, 16_000).process(&input, &mut whole);
    let mut resampler = Resampler::new(44_100, 16_000);
    let mut rest = &input[..];
    for length in (0..).map(|n| n * 7 % 1_301) {
        let (piece, later) = rest.split_at(length.min(rest.len()));
        resampler.process(piece, &mut pieces);
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    assert_eq!(whole, pieces);
}

#[test]
fn floating_point_goes_beyond_16_bits_and_16_bits_saturate() {
    let loud = vec![100_000.0_f32; 1_000];
    let mut out = Vec::new();
    Resampler::new(16_000, 8_000).process(&loud, &mut out);
    assert!((out[400] - 100_000.0).abs() < 1.0, "{}", out[400]);
    let square: Vec<i16> = (0..4_000)
        .map(|n| if n % 100 < 50 { i16::MAX } else { i16::MIN })
        .collect();
    let mut out = Vec::new();
    Resampler::new(8_000, 48_000).process(&square, &mut out);
    assert!(out.contains(&i16::MAX) && out.contains(&i16::MIN));
    let wrapped = out
        .windows(2)
        .any(|pair| pair[0].abs_diff(pair[1]) > 40_000);
    assert!(!wrapped);
}

/// The delay of the filter is taken out of recordings.
#[test]
fn whole_recordings_keep_their_time() {
    for rate_hz in [6_000, 8_000, 11_025, 22_050, 44_100, 48_000, 192_000] {
        for hz in [300.0, 1_000.0, 2_400.0] {
            let output = resample(&rounded(&sine(hz, rate_hz, 0.0)), rate_hz, 8_000);
            assert_eq!(
                output.len(),
                (rate_hz as usize / 5 * 8_000).div_ceil(rate_hz as usize),
                "{rate_hz}"
            );
            let decibels = purity(&output, &sine(hz, 8_000, 0.0));
            assert!(decibels > 65.0, "{hz} Hz at {rate_hz} Hz: {decibels} dB");
        }
    }
}

#[test]
fn nonsense_rates_are_limited() {
    for (from_hz, to_hz) in [(0, 8_000), (8_000, 0), (u32::MAX, 48_000)] {
        let mut out: Vec<i16> = Vec::new();
        Resampler::new(from_hz, to_hz).process(&[1; 2_000], &mut out);
        assert!(out.len() < 20_000);
    }
}
