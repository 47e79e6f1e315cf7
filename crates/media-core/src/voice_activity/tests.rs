//! Voices in noise, and noise that is none: what is told, against what is known of each frame.

use std::f64::consts::TAU;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;

const RATE: usize = 8_000;
const FRAME: usize = 160;

/// Words of half a second to a second and a half with pauses between them; the frames in which somebody speaks.
fn speech(seed: u64, words: usize, rate: usize) -> (Vec<f64>, Vec<bool>) {
    let mut rng = StdRng::seed_from_u64(seed);
    let (mut sound, mut spoken) = (Vec::new(), Vec::new());
    for _ in 0..words {
        let pause = rng.random_range(25..100);
        sound.extend(vec![0.0; pause * rate / 50]);
        spoken.extend(vec![false; pause]);
        let frames = rng.random_range(25..75);
        let pitch = rng.random_range(90.0..250.0);
        for n in 0..frames * rate / 50 {
            let time = n as f64 / rate as f64;
            // Syllables of a fifth of a second.
            let loud = 0.15 + 0.85 * (TAU * 2.5 * time).sin().abs();
            let harmonics =
                (1..=10).map(|k| (TAU * pitch * f64::from(k) * time).sin() / f64::from(k));
            sound.push(harmonics.sum::<f64>() * loud * 3_000.0);
        }
        spoken.extend(vec![true; frames]);
    }
    (sound, spoken)
}

/// How many of the frames with a voice were not told, and how many without one were, in per cent.
fn errors(sound: &[f64], spoken: &[bool], noise: f64, rate: usize) -> (f64, f64) {
    let mut rng = StdRng::seed_from_u64(1);
    let mut detector = VoiceActivity::new();
    let (mut missed, mut invented, mut voiced) = (0, 0, 0);
    for (frame, spoken) in sound.chunks_exact(rate / 50).zip(spoken) {
        let frame: Vec<i16> = frame
            .iter()
            .map(|sample| (sample + noise * rng.random_range(-1.0..1.0)) as i16)
            .collect();
        let told = detector.hear(&frame);
        assert_eq!(told, detector.is_voice());
        missed += u32::from(*spoken && !told);
        invented += u32::from(!*spoken && told);
        voiced += u32::from(*spoken);
    }
    let silent = spoken.len() as u32 - voiced;
    let percent = |part: u32, whole: u32| f64::from(part) * 100.0 / f64::from(whole);
    (percent(missed, voiced), percent(invented, silent))
}

/// Four sentences of two voices at 8 kHz, spoken by espeak-ng with silence of 1.2 s between them; with the frames in which somebody
/// speaks: those less than 35 dB below the loudest.
pub(crate) fn sentences() -> (Vec<i16>, Vec<bool>) {
    let octets = include_bytes!("../../tests/data/spoken.ulaw");
    let mut samples = Vec::new();
    crate::Decoder::new(crate::Codec::Pcmu).decode(octets, &mut samples);
    let powers: Vec<f32> = samples.chunks_exact(FRAME).map(power).collect();
    let loudest = powers.iter().copied().fold(0.0, f32::max);
    let spoken = powers.iter().map(|it| *it > loudest / 3_162.0);
    (samples, spoken.collect())
}

/// Pauses inside sentences, and a quarter of a second after them, may be taken for voice.
#[test]
fn sentences_that_another_program_speaks_are_told_from_noise() {
    let (samples, spoken) = sentences();
    // Two seconds first, in which noise becomes known.
    let mut sound = vec![0.0; 2 * RATE];
    sound.extend(samples.iter().map(|it| f64::from(*it)));
    let spoken = [vec![false; 100], spoken].concat();
    let mut near = vec![false; spoken.len()];
    near[..100].fill(true);
    for (frame, _) in spoken.iter().enumerate().filter(|(_, spoken)| **spoken) {
        let end = spoken.len().min(frame + 15);
        near[frame..end].fill(true);
    }
    for noise in [0.0, 80.0, 250.0, 630.0] {
        let (missed, _) = errors(&sound, &spoken, noise, RATE);
        let (_, invented) = errors(&sound, &near, noise, RATE);
        println!("noise {noise}: {missed:.1} % missed, {invented:.1} % invented");
        assert!(missed < 8.0, "{missed} % of the voice at noise {noise}");
        assert!(
            invented < 1.0,
            "{invented} % of the pauses at noise {noise}"
        );
    }
}

#[test]
fn a_voice_is_told_from_the_noise_around_it() {
    for rate in [8_000, 16_000] {
        let (sound, spoken) = speech(2, 30, rate);
        // Without noise, and with noise 30 dB, 20 dB and 12 dB below the voice.
        for noise in [0.0, 80.0, 250.0, 630.0] {
            let (missed, invented) = errors(&sound, &spoken, noise, rate);
            println!("noise {noise} at {rate} Hz: {missed:.1} % missed, {invented:.1} % invented");
            assert!(missed < 8.0, "{missed} % of the voice at noise {noise}");
            // A quarter of a second after each word is told as voice, of 1.25 s of pause on average.
            assert!(
                invented < 22.0,
                "{invented} % of the pauses at noise {noise}"
            );
        }
    }
}

#[test]
fn a_word_is_told_within_its_first_frames() {
    let mut detector = VoiceActivity::new();
    (0..50).for_each(|_| assert!(!detector.hear(&[0; FRAME])));
    let (sound, _) = speech(4, 1, RATE);
    let word: Vec<i16> = sound
        .iter()
        .skip_while(|sample| **sample == 0.0)
        .map(|sample| *sample as i16)
        .collect();
    let first = word
        .chunks_exact(FRAME)
        .position(|frame| detector.hear(frame));
    assert!(first.unwrap() <= 2, "{first:?}");
}

#[test]
fn noise_and_tones_that_go_on_are_no_voice() {
    let mut rng = StdRng::seed_from_u64(5);
    for level in [100.0, 1_000.0, 10_000.0] {
        let mut detector = VoiceActivity::new();
        let mut told = 0;
        for number in 0..1_000 {
            let frame: Vec<i16> = (0..FRAME)
                .map(|n| match number < 500 {
                    true => (level * rng.random_range(-1.0..1.0)) as i16,
                    false => (level * (TAU * 425.0 * n as f64 / RATE as f64).sin()) as i16,
                })
                .collect();
            told += u32::from(detector.hear(&frame));
        }
        // Two seconds until each is known.
        assert!(told <= 230, "{level}: {told}");
        assert!(!detector.is_voice());
    }
}

#[test]
fn silence_and_an_offset_are_no_voice() {
    let mut detector = VoiceActivity::new();
    for sample in [0, 1, -1, 20, 3_000, i16::MAX, i16::MIN] {
        assert!(
            !(0..100).any(|_| detector.hear(&[sample; FRAME])),
            "{sample}"
        );
    }
    assert!(!detector.hear(&[]));
}
