//! Opus repeats in a packet what the one before had, and goes on by itself where that is lost too.

use super::*;
use crate::codec::OpusConfig;

const CODEC: Codec = Codec::Opus(SampleRate::Hz16000);

/// The first target, a packet that is waited for, and a pitch period at most that is put in to get there.
const LONGEST: Duration = Duration::from_millis(40 + 21 + 20);

/// A voice over a network: every packet comes just too late for the frame that is played when it is sent.
struct Call {
    start: Instant,
    encoder: Encoder,
    buffer: JitterBuffer,
    number: u32,
    phase: f64,
    said: Vec<i16>,
    heard: Vec<i16>,
    lost: u32,
    runs: u32,
    losing: bool,
    longest: Duration,
}

impl Call {
    fn new(loss: f64) -> Self {
        let mut encoder = Encoder::new(CODEC);
        encoder.configure(&OpusConfig::default());
        encoder.set_packet_loss(loss);
        Self {
            start: Instant::now(),
            encoder,
            buffer: JitterBuffer::new(16_000),
            number: 0,
            phase: 0.0,
            said: Vec::new(),
            heard: Vec::new(),
            lost: 0,
            runs: 0,
            losing: false,
            longest: Duration::ZERO,
        }
    }

    /// So many seconds of voice, nine tenths of every second; a sentence has its pauses.
    fn speak(&mut self, seconds: u32, mut lost: impl FnMut() -> bool) -> JitterBufferStatistics {
        for _ in 0..seconds * 50 {
            let number = self.number;
            let now = self.start + FRAME * number;
            self.number += 1;
            let loudness = if number % 50 < 45 { 5_000.0 } else { 0.0 };
            let first = self.said.len();
            for n in 0..320 {
                let time = f64::from(number * 320 + n) / 16_000.0;
                let hz = 150.0 + 40.0 * (2.0 * time).sin();
                self.phase += std::f64::consts::TAU * hz / 16_000.0;
                let voice = (1..=12).map(|k| (f64::from(k) * self.phase).sin() / f64::from(k));
                self.said.push((voice.sum::<f64>() * loudness) as i16);
            }
            let mut payload = Vec::new();
            self.encoder.encode(&self.said[first..], &mut payload);
            let mut output = [0; 320];
            self.buffer.play(now, &mut output);
            self.heard.extend(output);
            self.longest = self.longest.max(self.buffer.statistics().delay);
            let loses = lost();
            self.lost += u32::from(loses);
            self.runs += u32::from(loses && !self.losing);
            self.losing = loses;
            if !loses {
                let encoded = (CODEC, &payload[..]);
                arrive_as(&mut self.buffer, now, number, number * 960, encoded);
            }
        }
        self.buffer.statistics()
    }
}

#[test]
fn opus_recovers_what_is_lost_from_the_next_packet() {
    let mut rng = StdRng::seed_from_u64(4);
    let mut call = Call::new(0.2);
    let statistics = call.speak(60, || rng.random_bool(0.1));
    println!("{} lost in {} runs: {statistics:?}", call.lost, call.runs);
    // Nine tenths of the time there is something to repeat, and of every run of losses the last one can be.
    let best = FRAME * call.runs;
    assert!(statistics.recovered >= best * 4 / 5, "{statistics:?}");
    let all = FRAME * call.lost;
    let made_up = all - statistics.recovered;
    assert!(
        statistics.concealed <= made_up + 2 * FRAME,
        "{statistics:?}"
    );
    assert_eq!((statistics.late, statistics.restarts), (0, 0));
    assert_eq!(statistics.redundancy_delay, FRAME);
    assert!(call.longest <= LONGEST, "{:?}", call.longest);
}

#[test]
fn opus_recovers_the_end_of_every_burst() {
    let mut rng = StdRng::seed_from_u64(8);
    let mut lost = gilbert();
    let mut call = Call::new(0.05);
    let statistics = call.speak(120, || lost(&mut rng));
    println!("{} lost in {} runs: {statistics:?}", call.lost, call.runs);
    assert!(
        statistics.recovered >= FRAME * call.runs * 4 / 5,
        "{statistics:?}"
    );
    assert_eq!((statistics.late, statistics.restarts), (0, 0));
    assert!(call.longest <= LONGEST, "{:?}", call.longest);
}

#[test]
fn the_wait_for_repetitions_ends_with_the_losses() {
    let mut rng = StdRng::seed_from_u64(5);
    let mut call = Call::new(0.05);
    let before = call.speak(5, || false);
    assert_eq!(before.redundancy_delay, Duration::ZERO);
    let bad = call.speak(20, || rng.random_bool(0.05));
    assert_eq!(bad.redundancy_delay, FRAME);
    assert!(bad.delay >= before.delay + FRAME / 2, "{before:?} {bad:?}");
    let calm = call.speak(15, || false);
    assert_eq!(calm.redundancy_delay, Duration::ZERO);
    assert!(calm.delay <= bad.delay - FRAME / 2, "{bad:?} {calm:?}");
    // The delay changes without a click, and what is lost clicks no more than the voice does.
    let (said, heard) = (steepest(&call.said), steepest(&call.heard));
    assert!(heard <= said + said / 10, "{said} {heard}");
}
