//! Conferences of tones: who hears what, how loud, and whether it clicks.

use std::f64::consts::TAU;

use super::*;

/// A member that says a sine wave.
struct Speaker {
    key: MemberKey,
    rate_hz: u32,
    hz: f64,
    amplitude: f64,
    heard: Vec<i16>,
    last: Option<Heard>,
}

impl Speaker {
    fn new(mixer: &mut Mixer, rate_hz: u32, hz: f64, amplitude: f64) -> Self {
        Self {
            key: mixer.join(rate_hz).unwrap(),
            rate_hz,
            hz,
            amplitude,
            heard: Vec::new(),
            last: None,
        }
    }

    fn say(&self, mixer: &mut Mixer, frame: usize) {
        if self.amplitude == 0.0 {
            return;
        }
        let samples = self.rate_hz as usize / 50;
        let at = |n: usize| TAU * self.hz * (frame * samples + n) as f64 / f64::from(self.rate_hz);
        for (n, sample) in mixer.input(self.key).iter_mut().enumerate() {
            *sample = (at(n).sin() * self.amplitude).round() as i16;
        }
    }

    fn hear(&mut self, mixer: &mut Mixer) {
        let begin = self.heard.len();
        self.heard.resize(begin + self.rate_hz as usize / 50, 0);
        self.last = Some(mixer.read(self.key, &mut self.heard[begin..]));
    }

    /// The amplitude of a frequency in what was heard, a second or what there is of it.
    fn level(&self, hz: f64) -> f64 {
        let begin = self.heard.len().saturating_sub(self.rate_hz as usize);
        goertzel(&self.heard[begin..], hz, f64::from(self.rate_hz))
    }

    /// The steepest second difference: a click is one, a tone of moderate frequency is not.
    fn sharpest(&self) -> i32 {
        let bends = self.heard.windows(3);
        let bends = bends.map(|three| {
            (i32::from(three[0]) - 2 * i32::from(three[1]) + i32::from(three[2])).abs()
        });
        bends.max().unwrap_or(0)
    }
}

fn goertzel(samples: &[i16], hz: f64, rate_hz: f64) -> f64 {
    let coefficient = 2.0 * (TAU * hz / rate_hz).cos();
    let (mut one, mut two) = (0.0, 0.0);
    for sample in samples {
        (one, two) = (f64::from(*sample) + coefficient * one - two, one);
    }
    let power = one * one + two * two - coefficient * one * two;
    2.0 * power.max(0.0).sqrt() / samples.len() as f64
}

fn run(mixer: &mut Mixer, speakers: &mut [Speaker], frames: std::ops::Range<usize>) {
    for frame in frames {
        for speaker in speakers.iter() {
            speaker.say(mixer, frame);
        }
        mixer.mix();
        for speaker in speakers.iter_mut() {
            speaker.hear(mixer);
        }
    }
}

#[test]
fn each_of_many_hears_the_others_and_not_itself() {
    for count in [2, 3, 20, 64] {
        let mut mixer = Mixer::default();
        let mut speakers: Vec<Speaker> = (0..count)
            .map(|n| Speaker::new(&mut mixer, 8_000, 300.0 + 50.0 * n as f64, 300.0))
            .collect();
        run(&mut mixer, &mut speakers, 0..60);
        let tones: Vec<f64> = speakers.iter().map(|speaker| speaker.hz).collect();
        for speaker in &speakers {
            assert_eq!(speaker.last, Some(Heard::Own));
            for hz in &tones {
                let level = speaker.level(*hz);
                match *hz == speaker.hz {
                    true => assert!(level < 2.0, "{count}: {hz} {level}"),
                    false => assert!((295.0..305.0).contains(&level), "{count}: {hz} {level}"),
                }
            }
        }
    }
}

#[test]
fn members_of_different_rates_hear_each_other() {
    let mut mixer = Mixer::default();
    let mut all: Vec<Speaker> = [
        (8_000, 400.0),
        (16_000, 500.0),
        (48_000, 600.0),
        (8_000, 700.0),
        (48_000, 5_000.0),
    ]
    .map(|(rate_hz, hz)| Speaker::new(&mut mixer, rate_hz, hz, 3_000.0))
    .into();
    run(&mut mixer, &mut all, 0..100);
    let tones: Vec<f64> = all.iter().map(|speaker| speaker.hz).collect();
    for speaker in &all {
        assert_eq!(speaker.heard.len(), 2 * speaker.rate_hz as usize);
        for hz in &tones {
            let level = speaker.level(*hz);
            let audible = *hz != speaker.hz && *hz < 0.4 * f64::from(speaker.rate_hz);
            match audible {
                true => assert!(
                    (2_900.0..3_100.0).contains(&level),
                    "{hz} at {}: {level}",
                    speaker.rate_hz
                ),
                // 5 kHz do not fold back to 3 kHz.
                false => assert!(level < 6.0, "{hz} at {}: {level}", speaker.rate_hz),
            }
        }
        let folded = speaker.level(3_000.0);
        assert!(folded < 6.0, "{folded}");
    }
}

#[test]
fn the_sum_is_exact() {
    let mut mixer = Mixer::default();
    let keys: Vec<MemberKey> = (0..3).map(|_| mixer.join(8_000).unwrap()).collect();
    let mut frame = [0; 160];
    for number in 0..3_i16 {
        for (key, says) in keys.iter().zip([1_000, 200, -30]) {
            mixer.input(*key).fill(says + number);
        }
        mixer.mix();
        let heard = keys.iter().map(|key| {
            mixer.read(*key, &mut frame);
            frame[80]
        });
        let heard: Vec<i16> = heard.collect();
        if number == 2 {
            // The last says nothing above the threshold of silence.
            assert_eq!(heard, [202, 1_002, 1_204]);
        }
    }
}

#[test]
fn those_who_say_nothing_share_what_they_hear() {
    let mut mixer = Mixer::default();
    let mut all = vec![
        Speaker::new(&mut mixer, 8_000, 400.0, 5_000.0),
        Speaker::new(&mut mixer, 8_000, 0.0, 0.0),
        Speaker::new(&mut mixer, 8_000, 500.0, 50.0),
    ];
    run(&mut mixer, &mut all, 0..10);
    let last: Vec<Option<Heard>> = all.iter().map(|speaker| speaker.last).collect();
    assert_eq!(
        last,
        [
            Some(Heard::Silence),
            Some(Heard::Shared),
            Some(Heard::Shared)
        ]
    );
    assert_eq!(all[1].heard[160..], all[2].heard[160..]);
    assert!(!mixer.is_heard(all[2].key));
}

#[test]
fn comings_goings_and_mutings_do_not_click() {
    let mut mixer = Mixer::default();
    let mut all = vec![
        Speaker::new(&mut mixer, 8_000, 0.0, 0.0),
        Speaker::new(&mut mixer, 8_000, 300.0, 8_000.0),
        Speaker::new(&mut mixer, 8_000, 440.0, 8_000.0),
    ];
    // In the middle of the wave: it is there at once.
    run(&mut mixer, &mut all, 3..20);
    mixer.set_muted(all[1].key, true);
    run(&mut mixer, &mut all, 20..30);
    mixer.set_muted(all[1].key, false);
    run(&mut mixer, &mut all, 30..40);
    mixer.set_gain(all[1].key, 0.3);
    run(&mut mixer, &mut all, 40..50);
    // It breaks off, as when its call ends.
    mixer.leave(all[2].key);
    let gone = all.pop().unwrap();
    run(&mut mixer, &mut all, 50..60);
    // Without a word.
    let silent = std::mem::replace(&mut all[1].amplitude, 0.0);
    run(&mut mixer, &mut all, 60..63);
    all[1].amplitude = silent;
    run(&mut mixer, &mut all, 63..70);
    // 440 Hz and 300 Hz of 8,000 bend by at most 8,000 (0.345^2 + 0.236^2) from sample to sample; a fade that ends in a kink
    // adds the slope of the wave, 2,800.
    assert!(all[0].sharpest() < 4_300, "{}", all[0].sharpest());
    assert!(gone.sharpest() < 4_300, "{}", gone.sharpest());
    assert_eq!(mixer.len(), 2);
}

#[test]
fn many_loud_voices_are_turned_down_and_not_cut_off() {
    let mut mixer = Mixer::default();
    let mut all: Vec<Speaker> = (0..6)
        .map(|n| Speaker::new(&mut mixer, 8_000, 300.0 + 110.0 * f64::from(n), 20_000.0))
        .collect();
    run(&mut mixer, &mut all, 0..150);
    let listener = &all[0];
    let settled = &listener.heard[8_000..];
    let loudest = settled.iter().map(|sample| sample.unsigned_abs()).max();
    assert!(loudest < Some(23_500), "{loudest:?}");
    // What is not one of the five tones is 40 dB below them: no distortion by cutting or by a gain that flutters.
    let energy: f64 = settled
        .iter()
        .map(|sample| f64::from(*sample).powi(2))
        .sum();
    let tones: f64 = all[1..]
        .iter()
        .map(|speaker| listener.level(speaker.hz).powi(2) / 2.0)
        .sum();
    let total = energy / settled.len() as f64;
    let rest = (total - tones).abs() / total;
    assert!(rest < 0.001, "{rest}");
}

#[test]
fn a_gain_is_what_it_says() {
    let mut mixer = Mixer::default();
    let mut all = vec![
        Speaker::new(&mut mixer, 8_000, 400.0, 4_000.0),
        Speaker::new(&mut mixer, 8_000, 0.0, 0.0),
    ];
    for (gain, level) in [
        (1.0, 4_000.0),
        (0.5, 2_000.0),
        (100.0, 16_000.0),
        (f32::NAN, 0.0),
    ] {
        mixer.set_gain(all[0].key, gain);
        run(&mut mixer, &mut all, 0..60);
        assert!((all[1].level(400.0) - level).abs() < 20.0, "{gain}");
    }
}

#[test]
fn a_mixer_has_limits() {
    let mut mixer = Mixer::new(MixerConfig { max_members: 2 });
    let first = mixer.join(8_000).unwrap();
    assert_eq!(mixer.join(11_025), Err(MixerError::SampleRate(11_025)));
    mixer.join(8_000).unwrap();
    assert_eq!(mixer.join(8_000), Err(MixerError::Full { max_members: 2 }));
    mixer.leave(first);
    assert!(mixer.input(first).is_empty());
    mixer.mix();
    mixer.join(8_000).unwrap();
}

#[test]
fn a_stranger_hears_nothing() {
    let mut mixer = Mixer::default();
    let speaker = mixer.join(8_000).unwrap();
    let gone = mixer.join(8_000).unwrap();
    mixer.leave(gone);
    mixer.mix();
    let other = mixer.join(8_000).unwrap();
    assert_ne!(gone, other);
    for _ in 0..2 {
        mixer.input(speaker).fill(5_000);
        assert!(mixer.input(gone).is_empty());
        mixer.mix();
        let mut frame = [1; 160];
        assert_eq!(mixer.read(gone, &mut frame), Heard::Silence);
        assert_eq!(frame, [0; 160]);
        assert_ne!(mixer.read(other, &mut frame), Heard::Silence);
    }
}
