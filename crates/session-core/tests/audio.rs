//! Sound of calls, to and from the application.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![cfg(feature = "sim")]

use std::f64::consts::TAU;
use std::time::Duration;

use rvoip_session_core::api::*;
use rvoip_session_core::sim::{CallSimulation, HostId, SimHost};

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
