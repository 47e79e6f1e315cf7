//! Sound of calls, to and from the application.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![cfg(feature = "sim")]

use std::f64::consts::TAU;
use std::future::Future;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rvoip_session_core::api::*;
use rvoip_session_core::sim::{Answering, CallSimulation, HostId, SimHost};

const PATIENCE: Duration = Duration::from_secs(20);

/// Seconds of a tone.
fn tone(frequency_hz: f64, rate: SampleRate, seconds: usize) -> Vec<i16> {
    let step = frequency_hz * TAU / f64::from(rate.hz());
    let count = rate.hz() as usize * seconds;
    (0..count)
        .map(|n| (8_000.0 * (n as f64 * step).sin()) as i16)
        .collect()
}

/// The share of a frequency in the power of a sound.
fn share(samples: &[i16], frequency_hz: f64, rate_hz: u32) -> f64 {
    let (mut cosine, mut sine, mut power) = (0.0, 0.0, 1.0);
    for (n, sample) in samples.iter().enumerate() {
        let phase = n as f64 * frequency_hz * TAU / f64::from(rate_hz);
        let sample = f64::from(*sample);
        cosine += sample * phase.cos();
        sine += sample * phase.sin();
        power += sample * sample;
    }
    2.0 * (cosine * cosine + sine * sine) / (power * samples.len() as f64)
}

/// An answered call in virtual time: the network, and each end's host and session.
fn answered(seed: u64) -> (CallSimulation, [(HostId, SessionId); 2]) {
    let mut simulation = CallSimulation::new(seed);
    let mut host = |address: &str| {
        let host = SimHost::new(address.parse().unwrap());
        simulation.add(host).unwrap()
    };
    let (alice, bob) = (host("10.0.0.1"), host("10.0.0.2"));
    let placed = simulation.call(alice, "sip:alice@10.0.0.1", "sip:bob@10.0.0.2");
    let placed = placed.unwrap().id();
    simulation.run_for(Duration::from_secs(1));
    let received = simulation.events(bob).into_iter().find_map(|(_, event)| {
        matches!(event, BasicSessionEvent::CallReceived { .. }).then(|| event.session_id().unwrap())
    });
    let received = received.expect("a call");
    simulation.with(bob, |core, now| {
        core.decide(now, received, CallDecision::Accept(None))
            .unwrap();
    });
    simulation.run_for(Duration::from_secs(1));
    (simulation, [(alice, placed), (bob, received)])
}

fn attach(
    simulation: &mut CallSimulation,
    (host, id): (HostId, SessionId),
    rate: SampleRate,
) -> (AudioFrameSubscriber, AudioWriter) {
    simulation.with(host, |core, now| {
        core.attach_audio(now, id, AudioFormat::at(rate)).unwrap()
    })
}

#[test]
fn both_parties_hear_the_other_at_the_rate_they_want() {
    let (mut simulation, [alice, bob]) = answered(1);
    let (narrow, wide) = (SampleRate::Hz8000, SampleRate::Hz24000);
    let (mut to_alice, mut from_alice) = attach(&mut simulation, alice, narrow);
    let (mut to_bob, mut from_bob) = attach(&mut simulation, bob, wide);
    let (said_by_alice, said_by_bob) = (tone(400.0, narrow, 3), tone(1_000.0, wide, 3));
    assert_eq!(
        from_alice.try_write(&said_by_alice),
        Ok(said_by_alice.len())
    );
    assert_eq!(from_bob.try_write(&said_by_bob), Ok(said_by_bob.len()));
    let (mut heard_by_alice, mut heard_by_bob) = (Vec::new(), Vec::new());
    for _ in 0..10 {
        simulation.run_for(Duration::from_millis(200));
        while let Some(frame) = to_alice.try_recv() {
            heard_by_alice.extend(frame.samples);
        }
        while let Some(frame) = to_bob.try_recv() {
            heard_by_bob.extend(frame.samples);
        }
    }
    assert_eq!((heard_by_alice.len(), heard_by_bob.len()), (16_000, 48_000));
    let purity = share(&heard_by_alice[8_000..], 1_000.0, narrow.hz());
    assert!(purity > 0.999, "what bob said through G.711: {purity}");
    let purity = share(&heard_by_bob[24_000..], 400.0, wide.hz());
    assert!(purity > 0.999, "what alice said through G.711: {purity}");

    simulation.with(alice.0, |core, now| core.terminate(now, alice.1).unwrap());
    simulation.run_for(Duration::from_secs(1));
    assert!(from_alice.is_closed() && from_bob.is_closed());
    assert_eq!(from_bob.try_write(&[0; 160]), Err(AudioClosed));
}

#[test]
fn what_is_played_comes_back_when_the_writer_is_dropped() {
    let (mut simulation, [alice, bob]) = answered(2);
    simulation.with(alice.0, |core, now| {
        let source = AudioSource::Tone {
            frequency_hz: 700.0,
            amplitude: 0.3,
        };
        core.set_source(now, alice.1, source).unwrap();
    });
    let rate = SampleRate::Hz8000;
    let (mut to_bob, _) = attach(&mut simulation, bob, rate);
    let (_, mut from_alice) = attach(&mut simulation, alice, rate);
    let speech = tone(400.0, rate, 1);
    assert_eq!(from_alice.try_write(&speech), Ok(speech.len()));
    let mut heard = |simulation: &mut CallSimulation| {
        while to_bob.try_recv().is_some() {}
        simulation.run_for(Duration::from_millis(400));
        let mut heard = Vec::new();
        while let Some(frame) = to_bob.try_recv() {
            heard.extend(frame.samples);
        }
        heard
    };
    simulation.run_for(Duration::from_millis(200));
    assert!(share(&heard(&mut simulation), 400.0, 8_000) > 0.99);
    drop(from_alice);
    simulation.run_for(Duration::from_secs(1));
    assert!(share(&heard(&mut simulation), 700.0, 8_000) > 0.99);
}

#[test]
fn frames_of_the_readme_are_sent_and_bounded() {
    let (mut simulation, [alice, bob]) = answered(3);
    let (mut to_bob, _) = attach(&mut simulation, bob, SampleRate::Hz8000);
    let frame = AudioFrame::new(tone(400.0, SampleRate::Hz16000, 1), 16_000);
    let send = |simulation: &mut CallSimulation, frame: &AudioFrame| {
        simulation.with(alice.0, |core, now| {
            core.send_audio_frame(now, alice.1, frame)
        })
    };
    for _ in 0..10 {
        send(&mut simulation, &frame).unwrap();
    }
    let full = send(&mut simulation, &frame);
    assert!(matches!(full, Err(SessionError::ResourceExhausted)));
    let odd = send(&mut simulation, &AudioFrame::new(vec![0; 441], 22_050));
    assert!(matches!(odd, Err(SessionError::SampleRate(22_050))));
    simulation.run_for(Duration::from_millis(400));
    let mut heard = Vec::new();
    while let Some(frame) = to_bob.try_recv() {
        heard.extend(frame.samples);
    }
    assert!(share(&heard[1_600..], 400.0, 8_000) > 0.99);
    simulation.with(alice.0, |core, now| core.terminate(now, alice.1).unwrap());
    let late = send(&mut simulation, &frame);
    assert!(late.is_err(), "{late:?}");
}

/// What a reader has by now.
fn read(reader: &mut AudioFrameSubscriber) -> Vec<i16> {
    let frames = std::iter::from_fn(|| reader.try_recv());
    frames.flat_map(|frame| frame.samples).collect()
}

/// From the first to the last sample that is loud.
fn loud(samples: &[i16]) -> &[i16] {
    let is_loud = |sample: &i16| sample.unsigned_abs() > 500;
    let first = samples.iter().position(is_loud).unwrap_or(samples.len());
    let last = samples.iter().rposition(is_loud).map_or(first, |it| it + 1);
    &samples[first..last]
}

#[test]
fn speech_of_every_rate_in_pieces_of_any_length_arrives_whole() {
    for (seed, rate) in [
        SampleRate::Hz8000,
        SampleRate::Hz16000,
        SampleRate::Hz24000,
        SampleRate::Hz48000,
    ]
    .into_iter()
    .enumerate()
    {
        let (mut simulation, [alice, bob]) = answered(seed as u64);
        let (mut to_bob, _) = attach(&mut simulation, bob, SampleRate::Hz8000);
        let (_, mut from_alice) = attach(&mut simulation, alice, rate);
        let speech = tone(440.0, rate, 2);
        let (mut rest, mut heard) = (&speech[..], Vec::new());
        for number in 0.. {
            if rest.is_empty() {
                break;
            }
            // From one sample to a tenth of a second, faster than it is spoken.
            let length = rest.len().min(1 + number * 977 % (rate.hz() as usize / 10));
            assert_eq!(from_alice.try_write(&rest[..length]), Ok(length));
            rest = &rest[length..];
            simulation.run_for(Duration::from_millis(10));
            heard.extend(read(&mut to_bob));
        }
        for _ in 0..10 {
            simulation.run_for(Duration::from_millis(300));
            heard.extend(read(&mut to_bob));
        }
        let heard = loud(&heard);
        let missing = heard.len().abs_diff(16_000);
        assert!(missing < 40, "{rate:?}: {} samples heard", heard.len());
        let purity = share(&heard[400..15_600], 440.0, 8_000);
        assert!(purity > 0.999, "{rate:?}: {purity}");
        assert_eq!(from_alice.underruns().0, 0);
    }
}

#[test]
fn a_flush_stops_within_a_frame_and_tells_what_the_far_end_heard() {
    let rate = SampleRate::Hz24000;
    for seed in 0..5 {
        let (mut simulation, [alice, bob]) = answered(seed);
        let (mut to_bob, _) = attach(&mut simulation, bob, SampleRate::Hz8000);
        let (_, mut from_alice) = attach(&mut simulation, alice, rate);
        let speech = tone(1_000.0, rate, 8);
        assert_eq!(from_alice.try_write(&speech), Ok(speech.len()));
        let mut heard = Vec::new();
        simulation.run_for(Duration::from_millis(473 + 7 * seed));
        heard.extend(read(&mut to_bob));
        let control = from_alice.control();
        let mut flush = Box::pin(control.flush());
        let mut context = Context::from_waker(Waker::noop());
        let mut waited = 0;
        let progress = loop {
            if let Poll::Ready(progress) = flush.as_mut().poll(&mut context) {
                break progress;
            }
            waited += 1;
            simulation.run_for(Duration::from_millis(1));
        };
        assert!(waited <= 20, "{waited} ms");
        assert_eq!(progress.waiting, 0);
        assert_eq!(progress.heard + progress.discarded, speech.len() as u64);
        simulation.run_for(Duration::from_millis(400));
        heard.extend(read(&mut to_bob));
        // The last 5 ms fade out.
        let (told, heard) = (progress.heard as usize / 3, loud(&heard).len());
        assert!(
            (heard..heard + 24).contains(&told),
            "{told} told, {heard} heard"
        );
    }
}

#[test]
fn what_an_agent_says_waits_while_the_call_is_held() {
    let (mut simulation, [alice, bob]) = answered(7);
    let rate = SampleRate::Hz16000;
    let (mut to_bob, _) = attach(&mut simulation, bob, SampleRate::Hz8000);
    let (_, mut from_alice) = attach(&mut simulation, alice, rate);
    let speech = tone(440.0, rate, 3);
    assert_eq!(from_alice.try_write(&speech), Ok(speech.len()));
    let mut heard = Vec::new();
    for step in 0..40 {
        match step {
            10 => simulation.with(bob.0, |core, now| core.hold(now, bob.1).unwrap()),
            20 => simulation.with(bob.0, |core, now| core.resume(now, bob.1).unwrap()),
            _ => {}
        }
        simulation.run_for(Duration::from_millis(100));
        if step == 19 {
            let waiting = from_alice.progress().waiting;
            assert!((30_000..34_000).contains(&waiting), "{waiting}");
        }
        heard.extend(read(&mut to_bob));
    }
    simulation.run_for(Duration::from_millis(400));
    heard.extend(read(&mut to_bob));
    assert_eq!(from_alice.progress().waiting, 0);
    // What was under way when bob held is lost to him.
    let sounding = heard.chunks_exact(160).filter(|it| loud(it).len() > 40);
    let frames = sounding.count();
    assert!((140..=158).contains(&frames), "{frames}");
}

#[test]
fn an_agent_stays_with_its_call_in_and_out_of_a_bridge() {
    let (mut simulation, [alice, bob]) = answered(8);
    let carol =
        simulation.add(SimHost::new("10.0.0.3".parse().unwrap()).answering(Answering::at_once()));
    let carol = carol.unwrap();
    let to_carol = simulation.call(alice.0, "sip:alice@10.0.0.1", "sip:carol@10.0.0.3");
    let to_carol = to_carol.unwrap().id();
    simulation.run_for(Duration::from_secs(1));
    let at_carol = simulation.registry(carol).calls()[0].id();
    let rate = SampleRate::Hz8000;
    let (mut bob_hears, mut bob_says) = attach(&mut simulation, bob, rate);
    let (mut carol_hears, mut carol_says) = attach(&mut simulation, (carol, at_carol), rate);
    let (mut agent_hears, mut agent_says) = attach(&mut simulation, alice, rate);
    for (writer, hz) in [
        (&mut bob_says, 500.0),
        (&mut carol_says, 700.0),
        (&mut agent_says, 900.0),
    ] {
        let speech = tone(hz, rate, 9);
        assert_eq!(writer.try_write(&speech), Ok(speech.len()));
    }
    for bridged in [false, true, false] {
        simulation
            .with(alice.0, |core, now| match bridged {
                true => core.bridge_sessions(now, alice.1, to_carol).map(|_| ()),
                false => core
                    .bridge_of(alice.1)
                    .map_or(Ok(()), |bridge| core.destroy_bridge(now, bridge)),
            })
            .unwrap();
        simulation.run_for(Duration::from_millis(600));
        for reader in [&mut bob_hears, &mut carol_hears, &mut agent_hears] {
            read(reader);
        }
        simulation.run_for(Duration::from_millis(400));
        let (bob, carol, agent) = (
            read(&mut bob_hears),
            read(&mut carol_hears),
            read(&mut agent_hears),
        );
        let parts =
            |samples: &[i16]| [500.0, 700.0, 900.0].map(|hz| share(samples, hz, 8_000) > 0.3);
        assert_eq!(
            parts(&agent),
            [true, false, false],
            "the agent hears its caller: {bridged}"
        );
        assert_eq!(parts(&bob), [false, bridged, true], "{bridged}");
        assert_eq!(parts(&carol), [bridged, false, false], "{bridged}");
    }
}

#[test]
fn an_application_that_is_late_or_slow_is_told_so() {
    let (mut simulation, [alice, _]) = answered(9);
    let rate = SampleRate::Hz8000;
    let (mut to_alice, mut from_alice) = attach(&mut simulation, alice, rate);
    for _ in 0..3 {
        assert_eq!(from_alice.try_write(&[1_000; 1_600]), Ok(1_600));
        simulation.run_for(Duration::from_millis(260));
    }
    simulation.run_for(Duration::from_secs(2));
    let (mut underruns, mut silences, mut dropped) = (0, Duration::ZERO, 0);
    for (_, event) in simulation.events(alice.0) {
        match event {
            BasicSessionEvent::AudioUnderrun {
                underruns: new,
                silence,
                ..
            } => {
                underruns += new;
                silences += silence;
            }
            BasicSessionEvent::AudioDropped { frames, .. } => dropped += frames,
            _ => {}
        }
    }
    assert_eq!((underruns, silences), from_alice.underruns());
    assert_eq!((underruns, silences), (2, Duration::from_millis(120)));
    assert!(dropped > 60 && dropped <= to_alice.dropped_frames());
    assert_eq!(read(&mut to_alice).len(), 4_000, "half a second was kept");
}

#[test]
fn the_speaker_that_came_last_is_heard_and_then_the_one_before() {
    let (mut simulation, [alice, bob]) = answered(10);
    let rate = SampleRate::Hz8000;
    let (mut to_bob, _) = attach(&mut simulation, bob, rate);
    let (_, mut first) = attach(&mut simulation, alice, rate);
    let (_, mut second) = attach(&mut simulation, alice, rate);
    let (one, other) = (tone(400.0, rate, 3), tone(800.0, rate, 1));
    assert_eq!(first.try_write(&one), Ok(one.len()));
    assert_eq!(second.try_write(&other), Ok(other.len()));
    simulation.run_for(Duration::from_millis(500));
    read(&mut to_bob);
    simulation.run_for(Duration::from_millis(300));
    assert!(share(&read(&mut to_bob), 800.0, 8_000) > 0.99);
    assert_eq!(first.progress().heard, 0, "waits");
    // What the second has said is sent to its end.
    drop(second);
    simulation.run_for(Duration::from_millis(500));
    read(&mut to_bob);
    simulation.run_for(Duration::from_millis(300));
    assert!(share(&read(&mut to_bob), 400.0, 8_000) > 0.99);
}

#[test]
fn an_application_adds_less_than_30_ms_beyond_the_jitter_buffer() {
    for seed in 0..5 {
        let (mut simulation, [alice, bob]) = answered(20 + seed);
        let rate = SampleRate::Hz24000;
        let (mut to_bob, _) = attach(&mut simulation, bob, rate);
        let (_, mut from_alice) = attach(&mut simulation, alice, rate);
        simulation.run_for(Duration::from_millis(3_000 + 3 * seed));
        while to_bob.try_recv().is_some() {}
        let speech = tone(1_000.0, rate, 1);
        assert_eq!(from_alice.try_write(&speech), Ok(speech.len()));
        let mut waited = 0.0;
        let heard_at = loop {
            simulation.run_for(Duration::from_millis(1));
            waited += 1.0;
            let Some(frame) = to_bob.try_recv() else {
                continue;
            };
            if let Some(first) = frame.samples.iter().position(|it| it.unsigned_abs() > 500) {
                // The frame is handed over at the beginning of the time in which it is played.
                break waited + first as f64 * 1_000.0 / f64::from(rate.hz());
            }
        };
        simulation.with(bob.0, |core, now| core.report(now, bob.1));
        simulation.run_for(Duration::from_millis(1));
        let record = simulation.registry(bob.0).get(bob.1).unwrap();
        let statistics = record.media_statistics().unwrap();
        let buffered = statistics.jitter_buffer.delay.as_secs_f64() * 1_000.0;
        let added = heard_at - buffered;
        println!("{heard_at:.1} ms, of which {buffered:.1} in the jitter buffer");
        // Of both directions together.
        assert!(added <= 30.0, "{added}");
    }
}

/// Half as loud.
#[derive(Debug)]
struct Softer;

impl FrameProcessor for Softer {
    fn process(&mut self, frame: &mut [i16], _: FrameContext<'_>) {
        frame.iter_mut().for_each(|sample| *sample /= 2);
    }
}

#[test]
fn a_call_is_listened_to_and_its_sound_is_changed() {
    let (mut simulation, [alice, bob]) = answered(11);
    let rate = SampleRate::Hz8000;
    let (mut to_bob, _) = attach(&mut simulation, bob, rate);
    let (_, mut from_alice) = attach(&mut simulation, alice, rate);
    simulation.with(bob.0, |core, now| {
        let listening = Listening {
            voice_activity: true,
            ..Listening::default()
        };
        core.listen_for(now, bob.1, listening).unwrap();
        let processors = FrameProcessors::new().on_received(|| Softer);
        core.set_processors(now, bob.1, &processors).unwrap();
    });
    simulation.run_for(Duration::from_secs(1));
    let speech = tone(400.0, rate, 1);
    assert_eq!(from_alice.try_write(&speech), Ok(speech.len()));
    read(&mut to_bob);
    simulation.run_for(Duration::from_millis(500));
    let loudest = read(&mut to_bob).into_iter().max().unwrap();
    assert!((3_800..4_200).contains(&loudest), "{loudest}");
    simulation.run_for(Duration::from_secs(2));
    let spoken = simulation.events(bob.0).into_iter();
    let spoken: Vec<bool> = spoken
        .filter_map(|(_, event)| match event {
            BasicSessionEvent::VoiceChanged { speaking, .. } => Some(speaking),
            _ => None,
        })
        .collect();
    assert_eq!(spoken, [true, false]);
}

/// A voice agent on real sockets: speaks, is interrupted, and knows how much of it was heard.
#[tokio::test]
async fn an_agent_that_is_interrupted_knows_what_was_heard() -> Result<()> {
    let mut parties = Vec::new();
    for _ in 0..2 {
        let party = SessionManagerBuilder::new()
            .with_local_bind_addr("127.0.0.1:0".parse().unwrap())
            .with_media_ports(31_000, 31_999)
            .with_handler(Arc::new(AutoAnswerHandler))
            .build()
            .await?;
        party.start().await?;
        parties.push(party);
    }
    let [agent, caller] = &parties[..] else {
        unreachable!();
    };
    let target = format!("sip:bob@{}", caller.get_bound_address());
    let call = agent.create_outgoing_call("sip:agent@127.0.0.1", &target, None);
    let call = call.await?;
    call.wait_for_answer(PATIENCE).await?;
    let rate = SampleRate::Hz24000;
    let (mut heard, mut speech) = call.audio(AudioFormat::at(rate)).await?;
    assert_eq!(heard.recv().await.unwrap().samples.len(), 480);

    let words = tone(440.0, rate, 30);
    let (first, rest) = words.split_at(2_400);
    speech.write(first).await.unwrap();
    let mark = speech.mark();
    // Waits for room twice: ten seconds is what may be ahead.
    let started = speech.reached(mark).await;
    assert!(started.heard >= 2_400);
    assert!(speech.try_write(rest).unwrap() > 0);
    let interrupted = speech.flush().await;
    assert_eq!(interrupted.waiting, 0);
    assert!(interrupted.heard >= 2_400 && interrupted.discarded > 0);
    assert_eq!(
        interrupted.heard + interrupted.discarded,
        speech.progress().heard + speech.progress().discarded
    );
    call.terminate().await?;
    call.wait_for_end().await;
    while heard.recv().await.is_some() {}
    assert_eq!(speech.write(&[0]).await, Err(AudioClosed));
    for party in &parties {
        party.stop().await?;
    }
    Ok(())
}
