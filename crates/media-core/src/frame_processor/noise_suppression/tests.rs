//! Sentences in noise: how much of each is left.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::resample::resample;
use crate::voice_activity::tests::sentences;

/// What comes out for what goes in, without the delay.
fn suppressed(samples: &[i16], sample_rate_hz: u32) -> Vec<i16> {
    let mut processor = NoiseSuppression::new();
    let frame = sample_rate_hz as usize / 50;
    let mut out = samples.to_vec();
    out.resize(samples.len() + 2 * frame, 0);
    let reference = vec![0; frame];
    for frame in out.chunks_exact_mut(frame) {
        let context = FrameContext {
            sample_rate_hz,
            reference: &reference,
        };
        processor.process(frame, context);
    }
    let delay = processor.delay().as_secs_f64() * f64::from(sample_rate_hz);
    out[delay.round() as usize..][..samples.len()].to_vec()
}

fn power(samples: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = samples.fold((0.0, 0.0), |(sum, count), it| (sum + it * it, count + 1.0));
    sum / f64::max(count, 1.0)
}

#[test]
fn noise_goes_and_voices_stay() {
    let (clean, spoken) = sentences();
    for (rate, quieter_by) in [(8_000, 10.0), (16_000, 10.0)] {
        let clean = resample(&clean, 8_000, rate);
        let frame = rate as usize / 50;
        let mut rng = StdRng::seed_from_u64(9);
        let noisy: Vec<i16> = clean
            .iter()
            .map(|it| it.saturating_add(rng.random_range(-2_000..=2_000)))
            .collect();
        let heard = suppressed(&noisy, rate);
        // From the second sentence on, when the noise is known.
        let frames = spoken.iter().enumerate().skip(100);
        let of = |samples: &[i16], voice: bool| {
            let frames = frames.clone().filter(|(_, it)| **it == voice);
            power(frames.flat_map(|(n, _)| {
                let frame = samples.get(n * frame..(n + 1) * frame).unwrap_or_default();
                frame.iter().map(|it| f64::from(*it)).collect::<Vec<_>>()
            }))
        };
        let decibels = |ratio: f64| 10.0 * ratio.log10();
        let pauses = decibels(of(&noisy, false) / of(&heard, false));
        let voice = decibels(of(&clean, true) / of(&heard, true));
        let error = |samples: &[i16]| {
            let pairs = samples.iter().zip(&clean);
            power(pairs.map(|(it, clean)| f64::from(*it) - f64::from(*clean)))
        };
        let ratio = decibels(error(&noisy) / error(&heard));
        println!(
            "{rate} Hz: pauses {pauses:.1} dB quieter, voice {voice:.1} dB, SNR {ratio:+.1} dB"
        );
        assert!(pauses > quieter_by, "{pauses}");
        assert!(voice.abs() < 2.0, "{voice}");
        assert!(ratio > 1.0, "{ratio}");
    }
}

#[test]
fn a_clean_voice_is_left_alone() {
    let (clean, _) = sentences();
    let heard = suppressed(&clean, 8_000);
    let error = clean.iter().zip(&heard);
    let error = power(error.map(|(clean, it)| f64::from(*it) - f64::from(*clean)));
    let ratio = 10.0 * (power(clean.iter().map(|it| f64::from(*it))) / error).log10();
    println!("SNR {ratio:.1} dB");
    assert!(ratio > 8.0, "{ratio}");
}

#[test]
fn a_frame_leads_to_a_frame_at_every_rate() {
    for rate in [8_000, 16_000, 24_000, 32_000, 48_000] {
        let silence = vec![0; rate as usize];
        assert_eq!(suppressed(&silence, rate), silence);
    }
}
