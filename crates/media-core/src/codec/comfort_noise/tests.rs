//! Noise by its level and its spectrum, both measured apart from the code that makes it.

use std::f64::consts::TAU;

use super::*;

/// Ten seconds of the noise of a payload at 8 kHz, in frames.
fn noise(payload: &[u8]) -> Vec<i16> {
    let mut noise = ComfortNoise::new();
    noise.update(payload);
    let mut samples = vec![0; 80_000];
    samples
        .chunks_exact_mut(160)
        .for_each(|frame| noise.fill(frame));
    samples
}

/// The level in dB below a square wave of full scale.
fn level(samples: &[i16]) -> f64 {
    let square = |sample: &i16| f64::from(*sample).powi(2);
    let mean = samples.iter().map(square).sum::<f64>() / samples.len() as f64;
    -20.0 * (mean.sqrt() / 32_767.0).log10()
}

/// The mean power at `turn` of a full turn per sample, in dB.
fn power(samples: &[i16], turn: f64) -> f64 {
    let pieces = samples.chunks_exact(400).map(|piece| {
        let (mut real, mut imaginary) = (0.0, 0.0);
        for (n, sample) in piece.iter().enumerate() {
            let (sin, cos) = (n as f64 * turn * TAU).sin_cos();
            real += f64::from(*sample) * cos;
            imaginary += f64::from(*sample) * sin;
        }
        real * real + imaginary * imaginary
    });
    10.0 * (pieces.sum::<f64>() / 200.0).log10()
}

#[test]
fn the_level_is_the_payloads() {
    for payload in [
        &[30][..],
        &[50],
        &[60],
        &[45, 20, 200, 127],
        &[40, 200, 80, 150],
        &[0x80 | 40],
    ] {
        let measured = level(&noise(payload));
        let wanted = f64::from(payload[0] & 0x7F);
        assert!((measured - wanted).abs() < 0.7, "{payload:?}: {measured}");
    }
    assert!(noise(&[127]).iter().all(|sample| sample.abs() <= 1));
    assert!(noise(&[]).iter().all(|sample| *sample == 0));
}

/// One coefficient k is the filter 1 / (1 + k z^-1), whose gain at both ends of the band is known.
#[test]
fn the_spectrum_is_the_payloads() {
    for octet in [127 - 89, 127, 127 + 89] {
        let k = 258.0 / 32_768.0 * (f64::from(octet) - 127.0);
        let samples = noise(&[35, octet]);
        let slope = power(&samples, 0.02) - power(&samples, 0.48);
        let wanted = 20.0 * ((1.0 - k) / (1.0 + k)).log10();
        assert!((slope - wanted).abs() < 2.5, "{octet}: {slope} {wanted}");
    }
}

/// The noise that an estimate of noise leads to is like it.
#[test]
fn noise_is_described_as_it_is() {
    let room = noise(&[48, 30, 180, 110, 140]);
    let mut estimator = NoiseEstimator::default();
    for frame in room.chunks_exact(160) {
        estimator.measure(frame);
    }
    let mut payload = Vec::new();
    estimator.describe(&mut payload);
    assert_eq!(payload.len(), 11);
    assert!(payload[0].abs_diff(48) <= 1, "{payload:?}");
    let copy = noise(&payload);
    for turn in [0.03, 0.1, 0.2, 0.3, 0.45] {
        let difference = power(&copy, turn) - power(&room, turn);
        assert!(difference.abs() < 3.0, "{turn}: {difference} dB");
    }
}

#[test]
fn silence_tones_and_anything_are_described() {
    let tone: Vec<i16> = (0..160)
        .map(|n| (f64::from(n) * 0.7).sin() as i16 * 10_000)
        .collect();
    for samples in [&[0; 160][..], &[i16::MIN; 160], &[5], &[], &tone] {
        let mut estimator = NoiseEstimator::default();
        estimator.measure(samples);
        let mut payload = Vec::new();
        estimator.describe(&mut payload);
        assert!(payload[0] < 128, "{payload:?}");
        let heard = noise(&payload);
        assert!(
            heard
                .iter()
                .any(|sample| *sample != i16::MIN && *sample != i16::MAX)
        );
    }
}

#[test]
fn the_most_extreme_payload_stays_finite() {
    for payload in [&[0, 255, 255, 255][..], &[0, 0, 255, 0], &[0; 40]] {
        let heard = noise(payload);
        let end = &heard[70_000..];
        assert!(
            end.iter().any(|sample| sample.unsigned_abs() < 30_000),
            "{payload:?}"
        );
    }
}

#[test]
fn a_new_level_comes_without_a_step() {
    let mut noise = ComfortNoise::new();
    noise.update(&[70]);
    let mut frame = [0; 160];
    noise.fill(&mut frame);
    noise.update(&[30]);
    noise.fill(&mut frame);
    let loudest = |samples: &[i16]| samples.iter().map(|sample| sample.unsigned_abs()).max();
    assert!(loudest(&frame[..16]) < Some(200), "{frame:?}");
    assert!(loudest(&frame[120..]) > Some(800), "{frame:?}");
}
