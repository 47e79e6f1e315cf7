//! Voices of every loudness, and the noise between them.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::voice_activity::tests::sentences;

const FRAME: usize = 160;

fn context() -> FrameContext<'static> {
    FrameContext {
        sample_rate_hz: 8_000,
        reference: &[0; FRAME],
    }
}

/// The sentences three times over at this mean power of what is spoken, in noise of a power, with what is spoken of it.
fn scene(dbov: f64, noise_dbov: f64) -> (Vec<i16>, Vec<bool>) {
    let (samples, spoken) = sentences();
    let factor = full_scale(dbov) / level(&samples, &spoken);
    let peak = full_scale(noise_dbov) * 3_f64.sqrt();
    let mut rng = StdRng::seed_from_u64(3);
    let louder = samples.iter().map(|sample| {
        let noise = peak * rng.random_range(-1.0..=1.0);
        (f64::from(*sample) * factor + noise).round() as i16
    });
    let louder: Vec<i16> = louder.collect();
    (louder.repeat(3), spoken.repeat(3))
}

fn full_scale(dbov: f64) -> f64 {
    32_768.0 * 10_f64.powf(dbov / 20.0)
}

fn decibels(samples: &[i16], of: &[bool]) -> f64 {
    20.0 * (level(samples, of) / 32_768.0).log10()
}

/// The effective value of some frames.
fn level(samples: &[i16], of: &[bool]) -> f64 {
    let frames = samples.chunks_exact(FRAME).zip(of);
    let powers = frames.filter(|(_, it)| **it).map(|(frame, _)| {
        let squares = frame.iter().map(|it| f64::from(*it).powi(2));
        squares.sum::<f64>() / FRAME as f64
    });
    let powers: Vec<f64> = powers.collect();
    (powers.iter().sum::<f64>() / powers.len() as f64).sqrt()
}

#[test]
fn voices_of_every_loudness_come_to_the_same() {
    for dbov in [-39.0, -30.0, -20.0, -12.0] {
        let (mut samples, spoken) = scene(dbov, -80.0);
        let mut control = GainControl::default();
        samples
            .chunks_exact_mut(FRAME)
            .for_each(|frame| control.process(frame, context()));
        let third = spoken.len() / 3;
        let last = third * 2;
        let found = decibels(&samples[last * FRAME..], &spoken[last..]);
        println!("{dbov} dBov becomes {found:.1} dBov");
        assert!((found + 20.0).abs() < 2.0, "{dbov}: {found}");
        let clipped = |it: &&i16| it.unsigned_abs() >= 32_767;
        assert_eq!(samples.iter().filter(clipped).count(), 0, "{dbov}");
    }
}

#[test]
fn noise_does_not_swell_in_a_pause() {
    let (samples, _) = scene(-35.0, -60.0);
    let mut control = GainControl::default();
    let mut heard = samples.clone();
    heard
        .chunks_exact_mut(FRAME)
        .for_each(|frame| control.process(frame, context()));
    let gain = control.gain();
    assert!(gain > 3.0, "a faint voice is amplified: {gain}");
    let mut rng = StdRng::seed_from_u64(4);
    for _ in 0..3_000 {
        let mut noise: [i16; FRAME] = std::array::from_fn(|_| rng.random_range(-57..=57));
        control.process(&mut noise, context());
        let held = (control.gain() / gain - 1.0).abs();
        assert!(held < 0.05, "{} after a gain of {gain}", control.gain());
    }
    let mut silence = [0; FRAME];
    control.process(&mut silence, context());
    assert_eq!(silence, [0; FRAME]);
}

#[test]
fn a_sudden_shout_is_limited_and_not_cut_off() {
    let (samples, _) = scene(-38.0, -80.0);
    let mut control = GainControl::default();
    let mut quiet = samples.clone();
    quiet
        .chunks_exact_mut(FRAME)
        .for_each(|frame| control.process(frame, context()));
    let (shout, _) = scene(-8.0, -80.0);
    let mut shout = shout[..FRAME * 200].to_vec();
    shout
        .chunks_exact_mut(FRAME)
        .for_each(|frame| control.process(frame, context()));
    assert!(shout.iter().all(|it| it.unsigned_abs() < 32_767));
    assert!(control.gain() < 2.0, "{}", control.gain());
}
