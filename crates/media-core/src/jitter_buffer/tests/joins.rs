//! Every kind of join by itself: none may step further than the sound does and its cross-fade adds.

use super::*;
use crate::jitter_buffer::pitch;

const AMPLITUDE: f64 = 0.5 * 32_767.0;

/// Tones from 100 Hz to 3,400 Hz that have no common period.
fn tones() -> impl Iterator<Item = f64> {
    (0..90).map(|number| 100.0 + 37.0 * f64::from(number))
}

/// The steepest step of a tone, and of a cross-fade of at least 4 ms between opposite phases of it.
fn limit(hz: f64) -> i32 {
    let step = 2.0 * AMPLITUDE * (std::f64::consts::PI * hz / 8_000.0).sin();
    (step + 2.0 * AMPLITUDE / 32.0) as i32 + 2
}

/// A sender whose packets arrive as they are sent, and what is played of them.
struct Line {
    now: Instant,
    timestamp: u32,
    tone: Tone,
    buffer: JitterBuffer,
    number: u32,
    under_way: Vec<(Instant, u32, u32, [i16; 160])>,
    heard: Vec<i16>,
}

impl Line {
    fn new(hz: f64) -> Self {
        Self {
            now: Instant::now(),
            timestamp: 5_000,
            tone: Tone::new(hz, 0.5, 8_000),
            buffer: JitterBuffer::new(8_000),
            number: 0,
            under_way: Vec::new(),
            heard: Vec::new(),
        }
    }

    /// A frame whose packet arrives `late`.
    fn packet(&mut self, late: Duration) {
        let mut samples = [0; 160];
        self.tone.fill(&mut samples);
        let arrival = (self.now + late, self.number, self.timestamp, samples);
        self.under_way.push(arrival);
        self.pass();
    }

    /// A frame of whose packet only these samples arrive.
    fn fragment(&mut self, part: std::ops::Range<usize>) {
        let mut samples = [0; 160];
        self.tone.fill(&mut samples);
        let timestamp = self.timestamp.wrapping_add(part.start as u32);
        let samples = &samples[part];
        arrive(&mut self.buffer, self.now, self.number, timestamp, samples);
        self.pass();
    }

    fn pass(&mut self) {
        let mut frame = [0; 160];
        self.now += FRAME;
        self.timestamp = self.timestamp.wrapping_add(160);
        let now = self.now;
        self.number += 1;
        for packet in self.under_way.extract_if(.., |(at, ..)| *at < now) {
            let (at, number, timestamp, samples) = packet;
            arrive(&mut self.buffer, at, number, timestamp, &samples);
        }
        self.buffer.play(self.now, &mut frame);
        self.heard.extend(frame);
    }

    fn packets(&mut self, count: u32) {
        (0..count).for_each(|_| self.packet(Duration::ZERO));
    }

    fn check(&self, hz: f64, what: &str) {
        let steepest = steepest(&self.heard);
        assert!(steepest <= limit(hz), "{what} at {hz} Hz: {steepest}");
    }
}

#[test]
fn sound_goes_over_into_made_up_sound_and_back() {
    for hz in tones() {
        for lost in [1, 2, 3, 4, 10] {
            let mut line = Line::new(hz);
            line.packets(20);
            for _ in 0..lost {
                line.fragment(0..0);
            }
            line.packets(20);
            line.check(hz, &format!("{lost} packets lost"));
        }
    }
}

#[test]
fn gaps_may_begin_and_end_anywhere() {
    let mut rng = StdRng::seed_from_u64(3);
    for hz in tones() {
        let mut line = Line::new(hz);
        line.packets(20);
        for _ in 0..200 {
            let from = rng.random_range(0..160);
            line.fragment(from..rng.random_range(from..=160));
        }
        line.check(hz, "fragments");
    }
}

#[test]
fn a_period_is_cut_out_or_put_in_without_a_step() {
    for hz in tones() {
        let mut tone = Tone::new(hz, 0.5, 8_000);
        let mut sound = [0; 960];
        tone.fill(&mut sound);
        let mut frame = [0; 160];
        let (past, rest) = sound.split_first_chunk::<320>().unwrap();
        let (two, after) = rest.split_first_chunk::<320>().unwrap();
        let cut = pitch::shorten(two, &mut frame);
        let shorter = [&past[..], &frame, &two[160 + cut..], after].concat();
        let one = two.first_chunk::<160>().unwrap();
        let added = pitch::lengthen(past, one, &mut frame);
        let longer = [&past[..], &frame, &two[160 - added..], after].concat();
        for (what, heard) in [("shorter", shorter), ("longer", longer)] {
            assert!(steepest(&heard) <= limit(hz), "{what} at {hz} Hz");
            let pure = purity(&heard[240..560], hz);
            assert!(pure > 0.97, "{what} at {hz} Hz: {pure}");
        }
    }
}

/// The delay grows in the middle of a gap, and falls again in another.
#[test]
fn the_delay_changes_in_gaps_without_a_step() {
    for hz in tones().step_by(9) {
        let mut line = Line::new(hz);
        line.packets(100);
        for _ in 0..3 {
            // Five packets 60 ms late, of which the first are missed, and a loss after them.
            for _ in 0..5 {
                line.packet(milliseconds(60.0));
            }
            line.fragment(0..0);
            line.packets(10);
        }
        let held = line.buffer.statistics();
        for _ in 0..1_500 {
            line.packets(1);
        }
        for _ in 0..5 {
            line.fragment(0..0);
            line.fragment(0..0);
            line.fragment(0..0);
            line.packets(5);
        }
        line.check(hz, "delay changes");
        let end = line.buffer.statistics();
        assert!(held.delay > end.delay, "{hz} Hz: {held:?} {end:?}");
        assert!(held.expanded > milliseconds(10.0), "{hz} Hz: {held:?}");
    }
}

#[test]
fn a_restart_lets_the_old_sound_fade_and_joins_the_new() {
    for hz in tones() {
        for pause in [0, 1, 2, 10] {
            let mut line = Line::new(hz);
            line.packets(20);
            line.buffer.restart();
            let played = line.heard.len();
            (0..pause).for_each(|_| line.pass());
            let quiet = line.heard[played..].iter().all(|sample| *sample == 0);
            assert_eq!(quiet, pause == 0, "what was heard last goes on first");
            if pause == 10 {
                assert_eq!(line.heard[line.heard.len() - 320..], [0; 320]);
            }
            // The new source is at another phase and another timestamp.
            line.tone = Tone::new(hz, 0.5, 8_000);
            line.timestamp = line.timestamp.wrapping_add(1 << 30);
            line.packets(20);
            line.check(hz, &format!("a new source after {pause} frames"));
            assert_eq!(line.buffer.statistics().restarts, 1);
        }
    }
}

#[test]
fn a_timestamp_jump_is_no_click() {
    for hz in tones() {
        for jump in [3_000, 9_000, 1 << 20, 1 << 31, u32::MAX - 20_000] {
            let mut line = Line::new(hz);
            line.packets(20);
            line.timestamp = line.timestamp.wrapping_add(jump);
            line.tone = Tone::new(hz, 0.5, 8_000);
            line.packets(40);
            line.check(hz, &format!("a jump by {jump}"));
            let end = &line.heard[line.heard.len() - 1_600..];
            let pure = purity(end, hz);
            assert!(
                pure > 0.98,
                "{hz} Hz, {jump}: {pure}, {:?}",
                line.buffer.statistics()
            );
        }
    }
}

#[test]
fn a_talkspurt_after_silence_is_faded_in() {
    for hz in tones() {
        let mut line = Line::new(hz);
        for _ in 0..4 {
            line.packets(25);
            // The sender is silent and time runs on; the talkspurt begins at the tone's peak.
            (0..60).for_each(|_| line.pass());
            line.tone = Tone::new(hz, 0.5, 8_000);
            line.tone.fill(&mut vec![0; (2_000.0 / hz) as usize]);
        }
        line.packets(25);
        line.check(hz, "talkspurts");
    }
}

#[test]
fn sound_that_is_back_too_early_is_held_back_without_a_step() {
    // Sound comes back while the delay lacks 60 ms, at every place within a frame.
    for place in 0..160 {
        let mut line = Line::new(TONE_HZ);
        line.packets(60);
        line.fragment(0..place);
        for number in 0..30 {
            line.packet(milliseconds(if number % 3 == 0 { 60.0 } else { 0.0 }));
        }
        line.check(TONE_HZ, &format!("a gap that ends at {place}"));
    }
}

/// A voice: a gliding pitch with harmonics, louder and softer.
#[test]
fn a_voice_is_no_rougher_than_it_is() {
    let mut rng = StdRng::seed_from_u64(9);
    let (mut phase, mut voice) = (0.0_f64, Vec::new());
    for number in 0..8_000 * 20 {
        let time = f64::from(number) / 8_000.0;
        let pitch = 140.0 + 50.0 * (2.1 * time).sin();
        phase += std::f64::consts::TAU * pitch / 8_000.0;
        let loudness = 0.6 + 0.4 * (7.0 * time).sin();
        let harmonics = (1..=12).map(|n| (f64::from(n) * phase).sin() / f64::from(n));
        voice.push((harmonics.sum::<f64>() * loudness * 8_000.0) as i16);
    }
    let clean = steepest(&voice);
    let start = Instant::now();
    let mut arrivals: Vec<_> = voice
        .chunks_exact(160)
        .zip(0..)
        .filter_map(|(samples, number)| {
            let delay = milliseconds(rng.random::<f64>() * 80.0);
            let arrived = !rng.random_bool(0.05);
            arrived.then_some((start + FRAME * number + delay, number, samples))
        })
        .collect();
    arrivals.sort_by_key(|(at, ..)| *at);
    let mut arrivals = arrivals.into_iter().peekable();
    let (mut buffer, mut heard) = (JitterBuffer::new(8_000), Vec::new());
    for number in 0..1_000 {
        let now = start + FRAME * number;
        while let Some((at, number, samples)) = arrivals.next_if(|(at, ..)| *at <= now) {
            arrive(&mut buffer, at, number, number * 160, samples);
        }
        let mut frame = [0; 160];
        buffer.play(now, &mut frame);
        heard.extend(frame);
    }
    let steepest = steepest(&heard);
    println!(
        "a voice of steps up to {clean}: up to {steepest}, {:?}",
        buffer.statistics()
    );
    assert!(steepest < clean + clean / 10, "{clean} {steepest}");
    assert!(buffer.statistics().concealed > milliseconds(750.0));
}
