//! What processors are given, what becomes of what they make, and that they do no harm.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::audio::AudioFormat;
use crate::codec::SampleRate;
use crate::frame_processor::{FrameContext, FrameProcessor, FrameProcessors};

/// Makes the sound fainter.
#[derive(Debug)]
struct Gain(f64);

impl FrameProcessor for Gain {
    fn process(&mut self, frame: &mut [i16], _: FrameContext<'_>) {
        for sample in frame {
            *sample = (f64::from(*sample) * self.0) as i16;
        }
    }
}

/// Keeps the sound back for 25 ms, which are 11 periods of 440 Hz.
#[derive(Debug)]
struct Delay(VecDeque<i16>);

impl Delay {
    fn new() -> Self {
        Self(VecDeque::from([0; 200]))
    }
}

impl FrameProcessor for Delay {
    fn process(&mut self, frame: &mut [i16], _: FrameContext<'_>) {
        for sample in frame {
            self.0.push_back(*sample);
            *sample = self.0.pop_front().unwrap_or(0);
        }
    }

    fn delay(&self) -> Duration {
        Duration::from_millis(25)
    }
}

type Seen = Arc<Mutex<Vec<(Vec<i16>, Vec<i16>)>>>;

/// Notes frames and references.
#[derive(Debug)]
struct Probe(Seen);

impl FrameProcessor for Probe {
    fn process(&mut self, frame: &mut [i16], context: FrameContext<'_>) {
        assert_eq!(frame.len(), context.sample_rate_hz as usize / 50);
        let seen = (frame.to_vec(), context.reference.to_vec());
        self.0.lock().unwrap().push(seen);
    }
}

fn set(call: &mut Call, party: usize, processors: &FrameProcessors) {
    let (now, party) = (call.now, &mut call.parties[party]);
    let controller = &mut party.controller;
    controller
        .set_processors(now, party.key, processors)
        .unwrap();
}

/// The level of the last second of a party's recording.
fn loudness(call: &Call, party: usize) -> f64 {
    let recorded = call.parties[party].recording.samples();
    let last = &recorded[recorded.len() - 8_000..];
    let squares: f64 = last.iter().map(|it| f64::from(*it).powi(2)).sum();
    (squares / 8_000.0).sqrt()
}

#[test]
fn what_is_received_is_changed_before_recording_and_application() {
    let mut call = Call::new([TONE, OTHER_TONE]);
    call.start();
    set(
        &mut call,
        0,
        &FrameProcessors::new().on_received(|| Gain(0.1)),
    );
    let (now, party) = (call.now, &mut call.parties[0]);
    let format = AudioFormat {
        read_ahead: Duration::from_secs(5),
        ..AudioFormat::at(SampleRate::Hz8000)
    };
    let ends = party.controller.attach_audio(now, party.key, format);
    let (mut reader, _) = ends.unwrap();
    call.run(Duration::from_secs(3));
    // Half of full scale is 11,585 effective.
    assert!((loudness(&call, 0) - 1_158.0).abs() < 30.0);
    assert!((loudness(&call, 1) - 11_585.0).abs() < 100.0);
    let frames = std::iter::from_fn(|| reader.try_recv()).skip(50);
    let loudest = frames.flat_map(|frame| frame.samples).max().unwrap();
    assert!((1_500..1_750).contains(&loudest), "{loudest}");
}

#[test]
fn what_is_sent_is_changed_before_it_is_encoded_but_for_digits() {
    let mut call = Call::new([TONE, OTHER_TONE]);
    call.start();
    let processors = FrameProcessors::new().on_sent(|| Gain(0.1));
    set(&mut call, 0, &processors);
    call.run(Duration::from_secs(2));
    assert!((loudness(&call, 1) - 1_158.0).abs() < 30.0);
    assert!((loudness(&call, 0) - 11_585.0).abs() < 100.0);
    // A mute is silence whatever a processor makes of it.
    let (now, party) = (call.now, &mut call.parties[0]);
    party.controller.set_muted(now, party.key, true).unwrap();
    call.run(Duration::from_secs(2));
    assert!(loudness(&call, 1) < 10.0);
}

#[test]
fn each_direction_is_given_what_went_the_other_way() {
    let (received, sent) = (Seen::default(), Seen::default());
    let mut call = Call::new([TONE, OTHER_TONE]);
    call.start();
    let (heard, said) = (received.clone(), sent.clone());
    let processors = FrameProcessors::new()
        .on_received(move || Probe(heard.clone()))
        .on_sent(|| Gain(0.5))
        .on_sent(move || Probe(said.clone()));
    set(&mut call, 0, &processors);
    call.run(Duration::from_secs(1));
    let (received, sent) = (received.lock().unwrap(), sent.lock().unwrap());
    assert_eq!((received.len(), sent.len()), (50, 50));
    assert_eq!(received[0].1, [0; 160], "nothing was sent yet");
    for frame in 0..50 {
        assert_eq!(sent[frame].1, received[frame].0, "heard in this frame");
        // The first frame that is sent is still fading over.
        if frame > 1 {
            assert_eq!(received[frame].1, sent[frame - 1].0, "sent before");
        }
    }
    let loud = |frame: &[i16]| frame.iter().any(|it| it.unsigned_abs() > 8_000);
    assert!(loud(&received[40].0) && loud(&received[40].1));
}

#[test]
fn processors_come_and_go_without_a_click_or_a_gap() {
    let mut call = Call::new([TONE, AudioSource::Silence]);
    call.start();
    call.run(Duration::from_secs(1));
    let chains = [
        FrameProcessors::new().on_received(|| Gain(0.3)),
        FrameProcessors::new().on_received(Delay::new),
        FrameProcessors::new()
            .on_received(Delay::new)
            .on_received(|| Gain(0.5)),
        FrameProcessors::new(),
    ];
    for processors in chains.iter().cycle().take(12) {
        set(&mut call, 1, processors);
        // Changed again before the last change is done, now and then.
        call.run(Duration::from_millis(20));
        set(&mut call, 1, processors);
        call.run(Duration::from_millis(333));
    }
    call.stop();
    let recorded = call.parties[1].recording.samples();
    let heard = &heard(&recorded)[32..];
    // The steepest step of 440 Hz is 5,661, and 300 more of the codec's; a jump to or from 0.3 is up to 11,500 more.
    let steepest = heard.windows(2).map(|pair| pair[0].abs_diff(pair[1]));
    assert!(steepest.max().unwrap() < 6_200);
    let faintest = heard.chunks_exact(40).map(|it| it.iter().max());
    let faintest = faintest.min().flatten().unwrap();
    assert!(*faintest > 4_500, "{faintest}");
}

#[test]
fn a_change_of_codec_changes_the_rate_of_the_frames() {
    let seen = Seen::default();
    let g722 = Capabilities {
        codecs: vec![crate::codec::Codec::G722],
        ..Capabilities::default()
    };
    let mut call = Call::knowing([TONE, OTHER_TONE], [g722.clone(), g722]);
    let probe = seen.clone();
    set(
        &mut call,
        0,
        &FrameProcessors::new().on_sent(move || Probe(probe.clone())),
    );
    call.start();
    call.run(Duration::from_secs(1));
    assert!(seen.lock().unwrap().iter().all(|(it, _)| it.len() == 320));
}

/// Goes on by 3 ms whenever it is looked at.
fn slow_clock() -> Instant {
    static LOOKS: AtomicU64 = AtomicU64::new(0);
    static BEGINNING: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let looks = LOOKS.fetch_add(1, Ordering::Relaxed);
    *BEGINNING.get_or_init(Instant::now) + Duration::from_millis(3) * looks as u32
}

#[test]
fn frames_that_take_too_long_are_counted_and_the_call_goes_on() {
    for (budget, counted) in [(Duration::from_millis(2), true), (FRAME, false)] {
        let mut call = Call::new([TONE, OTHER_TONE]);
        let processors = FrameProcessors::new().on_received(|| Gain(1.0));
        set(
            &mut call,
            0,
            &processors.timed_by(slow_clock).with_budget(budget),
        );
        call.start();
        call.run(Duration::from_secs(2));
        assert!((loudness(&call, 0) - 11_585.0).abs() < 100.0);
        let overruns = call.stop()[0].processor_overruns;
        assert_eq!(overruns, if counted { 100 } else { 0 });
    }
}

/// Panics at the fiftieth frame.
#[derive(Debug)]
struct Faulty(u32);

impl FrameProcessor for Faulty {
    fn process(&mut self, frame: &mut [i16], _: FrameContext<'_>) {
        self.0 += 1;
        assert!(self.0 < 50, "a fault of the application's");
        frame.fill(0);
    }
}

#[test]
fn a_processor_that_panics_is_taken_out_and_the_call_goes_on() {
    let mut call = Call::new([TONE, OTHER_TONE]);
    call.start();
    let processors = FrameProcessors::new().on_received(|| Faulty(0));
    set(&mut call, 0, &processors);
    call.run(Duration::from_secs(3));
    assert!((loudness(&call, 0) - 11_585.0).abs() < 100.0);
    let failed = |event: &&MediaEvent| {
        let error = MediaError::ProcessorPanicked;
        matches!(event, MediaEvent::Failed { error: it, .. } if *it == error)
    };
    assert_eq!(call.parties[0].events.iter().filter(failed).count(), 1);
    call.stop();
}

/// An echo canceller as short as it can be: an adaptive filter (NLMS) over the last 125 ms of the reference.
#[derive(Debug)]
struct Canceller {
    weights: Vec<f64>,
    past: VecDeque<f64>,
}

impl Canceller {
    fn new() -> Self {
        Self {
            weights: vec![0.0; 1_000],
            past: VecDeque::from(vec![0.0; 1_000]),
        }
    }
}

impl FrameProcessor for Canceller {
    fn process(&mut self, frame: &mut [i16], context: FrameContext<'_>) {
        for (sample, reference) in frame.iter_mut().zip(context.reference) {
            self.past.pop_back();
            self.past.push_front(f64::from(*reference));
            let pairs = || self.weights.iter().zip(&self.past);
            let echo: f64 = pairs().map(|(weight, it)| weight * it).sum();
            let energy: f64 = self.past.iter().map(|it| it * it).sum();
            let left = f64::from(*sample) - echo;
            let step = 0.5 * left / (energy + 1e6);
            for (weight, it) in self.weights.iter_mut().zip(&self.past) {
                *weight += step * it;
            }
            *sample = left as i16;
        }
    }
}

/// The peer sends back what it hears, through two jitter buffers and the network.
#[test]
fn an_echo_canceller_is_given_what_it_needs() {
    let mut rng = StdRng::seed_from_u64(12);
    let noise = (0..8_000 * 10).map(|_| rng.random_range(-6_000..=6_000));
    let audio = Arc::new(Audio::new(noise.collect::<Vec<i16>>(), SampleRate::Hz8000));
    let source = AudioSource::File {
        audio,
        repeat: true,
    };
    let mut call = Call::new([source, AudioSource::Echo]);
    call.start();
    call.run(Duration::from_secs(5));
    let echo = loudness(&call, 0);
    assert!(echo > 3_000.0, "{echo}");
    let processors = FrameProcessors::new().on_received(Canceller::new);
    set(&mut call, 0, &processors);
    call.run(Duration::from_secs(8));
    let left = loudness(&call, 0);
    let enhancement = 20.0 * (echo / left).log10();
    println!("echo return loss enhancement {enhancement:.1} dB");
    assert!(enhancement > 20.0, "{enhancement}");
}
