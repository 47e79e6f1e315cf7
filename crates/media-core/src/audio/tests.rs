//! The rings, with a hand for the engine and one for the application.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use super::*;
use crate::tone::purity;

fn rings(sample_rate: SampleRate) -> (AudioTap, AudioFrameSubscriber, AudioWriter) {
    application_audio(AudioFormat::at(sample_rate))
}

/// What a future is ready with now.
fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn said(tap: &mut AudioTap) -> [i16; 160] {
    let mut frame = [7; 160];
    tap.say(8_000, &mut frame);
    frame
}

#[test]
fn pieces_of_any_length_are_one_stream() {
    let (mut tap, _reader, mut writer) = rings(SampleRate::Hz8000);
    let speech: Vec<i16> = (1..=3_201).collect();
    for piece in speech.chunks(77) {
        assert_eq!(now(writer.write(piece)), Some(Ok(())));
    }
    let heard: Vec<i16> = (0..21).flat_map(|_| said(&mut tap)).collect();
    assert_eq!(heard[..3_201], speech);
    assert!(heard[3_201..].iter().all(|sample| *sample == 0));
    let progress = writer.progress();
    assert_eq!(
        (progress.heard, progress.discarded, progress.waiting),
        (3_201, 0, 0)
    );
    assert_eq!(progress.heard_for(), Duration::from_micros(400_125));
}

#[test]
fn a_full_ring_makes_the_writer_wait_until_there_is_room() {
    let config = AudioFormat {
        write_ahead: Duration::from_millis(40),
        ..AudioFormat::at(SampleRate::Hz8000)
    };
    let (mut tap, _reader, mut writer) = application_audio(config);
    assert_eq!(writer.try_write(&[1; 500]), Ok(320));
    {
        let mut write = pin!(writer.write(&[2; 200]));
        let mut context = Context::from_waker(Waker::noop());
        assert!(write.as_mut().poll(&mut context).is_pending());
        said(&mut tap);
        assert!(write.as_mut().poll(&mut context).is_pending());
        said(&mut tap);
        assert_eq!(write.as_mut().poll(&mut context), Poll::Ready(Ok(())));
    }
    assert_eq!(said(&mut tap), [2; 160]);
}

#[test]
fn a_flush_fades_within_the_next_frame_and_tells_what_was_heard() {
    let (mut tap, _reader, mut writer) = rings(SampleRate::Hz8000);
    assert_eq!(writer.try_write(&[8_000; 16_000]), Ok(16_000));
    for _ in 0..10 {
        assert_eq!(said(&mut tap), [8_000; 160]);
    }
    let mark = writer.mark();
    assert_eq!(now(writer.flush()), None, "the engine has not seen it");
    let frame = said(&mut tap);
    assert!(
        frame[..40].windows(2).all(|pair| pair[0] > pair[1]),
        "fades"
    );
    assert!(frame[40..].iter().all(|sample| *sample == 0));
    let progress = now(writer.flush()).unwrap();
    assert_eq!((progress.heard, progress.discarded), (1_640, 14_360));
    assert_eq!(now(writer.reached(mark)), Some(progress));
    assert_eq!(writer.try_write(&[5; 160]), Ok(160));
    assert_eq!(
        said(&mut tap),
        [5; 160],
        "what comes after a flush is heard"
    );
}

#[test]
fn another_task_stops_a_write_that_waits_for_room() {
    let config = AudioFormat {
        write_ahead: Duration::from_millis(40),
        ..AudioFormat::at(SampleRate::Hz8000)
    };
    let (mut tap, _reader, mut writer) = application_audio(config);
    let control = writer.control();
    let mut context = Context::from_waker(Waker::noop());
    {
        let mut write = pin!(writer.write(&[9_000; 10_000]));
        assert!(write.as_mut().poll(&mut context).is_pending());
        assert_eq!(said(&mut tap), [9_000; 160]);
        let mut flush = pin!(control.flush());
        let mut other = pin!(control.flush());
        assert!(flush.as_mut().poll(&mut context).is_pending());
        assert!(other.as_mut().poll(&mut context).is_pending());
        assert_eq!(said(&mut tap)[40..], [0; 120]);
        let Poll::Ready(progress) = flush.as_mut().poll(&mut context) else {
            panic!("not stopped")
        };
        assert_eq!((progress.heard, progress.waiting), (200, 0));
        assert_eq!(other.as_mut().poll(&mut context), Poll::Ready(progress));
        assert_eq!(write.as_mut().poll(&mut context), Poll::Ready(Ok(())));
    }
    assert_eq!(said(&mut tap), [0; 160], "nothing of the rest");
    assert_eq!(writer.try_write(&[5; 160]), Ok(160));
    assert_eq!(said(&mut tap), [5; 160]);
}

/// A waker that counts.
#[derive(Default)]
struct Woken(AtomicU64);

impl std::task::Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
}

#[test]
fn marks_are_reached_in_order_and_once_across_a_flush_too() {
    let (mut tap, _reader, mut writer) = rings(SampleRate::Hz8000);
    let control = writer.control();
    let marks = [(); 3].map(|()| {
        assert_eq!(writer.try_write(&[1; 400]), Ok(400));
        writer.mark()
    });
    let woken: [Arc<Woken>; 3] = Default::default();
    let wakers = woken.clone().map(Waker::from);
    let mut waits = marks.map(|mark| Some(Box::pin(control.reached(mark))));
    let mut reached = Vec::new();
    for frame in 0..=4 {
        if frame == 4 {
            assert_eq!(now(control.flush()), None);
        }
        if frame > 0 {
            said(&mut tap);
        }
        for (number, place) in waits.iter_mut().enumerate() {
            let mut context = Context::from_waker(&wakers[number]);
            let wait = place.as_mut().map(|wait| wait.as_mut().poll(&mut context));
            if let Some(Poll::Ready(progress)) = wait {
                reached.push((number, frame, progress.heard, progress.discarded));
                *place = None;
            }
        }
    }
    // They lie at 400, 800 and 1,200 samples; in the fourth frame all is flushed after 520.
    let expected = [(0, 3, 480, 0), (1, 4, 520, 680), (2, 4, 520, 680)];
    assert_eq!(reached, expected);
    let counts = woken.map(|it| it.0.load(std::sync::atomic::Ordering::Relaxed));
    assert!(counts.iter().all(|count| *count >= 3), "{counts:?}");
}

#[test]
fn a_flush_while_nothing_is_sent_is_answered() {
    let (mut tap, _reader, mut writer) = rings(SampleRate::Hz8000);
    assert_eq!(writer.try_write(&[1; 1_000]), Ok(1_000));
    assert_eq!(now(writer.flush()), None);
    tap.wait();
    assert_eq!(
        now(writer.flush()).map(|progress| progress.discarded),
        Some(1_000)
    );
    drop(tap);
    assert_eq!(now(writer.write(&[1])), Some(Err(AudioClosed)));
    assert!(now(writer.flush()).is_some(), "not for ever after the end");
}

#[test]
fn a_pause_keeps_what_waits() {
    let (mut tap, _reader, mut writer) = rings(SampleRate::Hz8000);
    assert_eq!(writer.try_write(&[1; 320]), Ok(320));
    writer.pause();
    assert_eq!(said(&mut tap), [0; 160]);
    writer.resume();
    assert_eq!(said(&mut tap), [1; 160]);
    assert_eq!(writer.underruns(), (0, Duration::ZERO));
}

#[test]
fn sound_that_comes_late_is_an_underrun_and_a_new_utterance_is_none() {
    let (mut tap, _reader, mut writer) = rings(SampleRate::Hz8000);
    let mut speak = |tap: &mut AudioTap, silent: usize| {
        for _ in 0..silent {
            said(tap);
        }
        assert_eq!(writer.try_write(&[1; 160]), Ok(160));
        said(tap);
        writer.underruns()
    };
    assert_eq!(
        speak(&mut tap, 3),
        (0, Duration::ZERO),
        "nothing said before"
    );
    assert_eq!(speak(&mut tap, 0), (0, Duration::ZERO));
    assert_eq!(speak(&mut tap, 2), (1, Duration::from_millis(40)));
    assert_eq!(speak(&mut tap, 50), (1, Duration::from_millis(40)));
}

#[test]
fn a_reader_that_is_too_slow_loses_frames_and_knows_which() {
    let (mut tap, mut reader, _writer) = rings(SampleRate::Hz8000);
    assert_eq!(now(reader.recv()), None);
    for n in 0..30 {
        tap.hear(8_000, &[n; 160]);
    }
    assert_eq!(reader.dropped_frames(), 5);
    for n in 0..25 {
        let frame = reader.try_recv().unwrap();
        assert_eq!(
            (frame.position, frame.samples),
            (160 * n, vec![n as i16; 160])
        );
    }
    tap.hear(8_000, &[30; 160]);
    drop(tap);
    let frame = now(reader.recv()).flatten().unwrap();
    assert_eq!(
        (frame.position, frame.duration()),
        (4_800, Duration::from_millis(20))
    );
    assert_eq!(now(reader.recv()), Some(None), "the end");
}

#[test]
fn rates_meet_in_the_middle() {
    for (own, codec_hz) in [(SampleRate::Hz24000, 8_000), (SampleRate::Hz8000, 48_000)] {
        let (mut tap, mut reader, mut writer) = rings(own);
        let tone = |hz: u32, n: usize| {
            let phase = n as f64 * 1_000.0 * std::f64::consts::TAU / f64::from(hz);
            (8_000.0 * phase.sin()) as i16
        };
        let speech: Vec<i16> = (0..own.hz() as usize).map(|n| tone(own.hz(), n)).collect();
        assert_eq!(writer.try_write(&speech), Ok(speech.len()));
        let (mut sent, mut heard) = (Vec::new(), Vec::new());
        for _ in 0..50 {
            let mut frame = vec![0; codec_hz as usize / 50];
            tap.say(codec_hz, &mut frame);
            tap.hear(codec_hz, &frame);
            sent.extend(frame);
            heard.extend(reader.try_recv().unwrap().samples);
        }
        assert_eq!((sent.len(), heard.len()), (codec_hz as usize, speech.len()));
        for (samples, hz) in [(&sent, codec_hz), (&heard, own.hz())] {
            // `purity` takes samples for those of 8 kHz.
            let share = purity(&samples[samples.len() / 2..], 8_000_000.0 / f64::from(hz));
            assert!(share > 0.999_999, "{hz}: {share}");
        }
    }
}
