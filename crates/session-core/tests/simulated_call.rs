//! Whole calls with media in virtual time.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::expect_used)]
#![cfg(feature = "sim")]

use std::sync::Arc;
use std::time::Duration;

use rvoip_session_core::media_core::{AudioSource, MediaMode, MemoryRecording, RecordingSink};
use rvoip_session_core::sim::{CallSimulation, HostId, SimHost};
use rvoip_session_core::{
    BasicSessionEvent, CallDecision, CallRecord, CallState, SessionId, TerminalCause,
};

const ALICE: &str = "sip:alice@10.0.0.1";
const BOB: &str = "sip:bob@10.0.0.2";

fn host(address: &str, frequency_hz: f64) -> SimHost {
    let mut host = SimHost::new(address.parse().unwrap());
    host.media.source = AudioSource::Tone {
        frequency_hz,
        amplitude: 0.5,
    };
    host
}

fn pair(seed: u64) -> (CallSimulation, HostId, HostId) {
    let mut simulation = CallSimulation::new(seed);
    let alice = simulation.add(host("10.0.0.1", 1000.0)).unwrap();
    let bob = simulation.add(host("10.0.0.2", 440.0)).unwrap();
    (simulation, alice, bob)
}

/// The call that has reached `host` since the last look.
fn received(simulation: &mut CallSimulation, host: HostId) -> Arc<CallRecord> {
    let received = |event| match event {
        BasicSessionEvent::CallReceived { call, .. } => Some(call),
        _ => None,
    };
    simulation
        .events(host)
        .into_iter()
        .find_map(|(_, event)| received(event))
        .expect("a call")
}

fn ends(simulation: &mut CallSimulation, host: HostId) -> Vec<(SessionId, TerminalCause)> {
    let ended = |event| match event {
        BasicSessionEvent::Ended { call, cause } => Some((call.id(), cause)),
        _ => None,
    };
    simulation
        .events(host)
        .into_iter()
        .filter_map(|(_, event)| ended(event))
        .collect()
}

fn assert_nothing_is_left(simulation: &mut CallSimulation, hosts: [HostId; 2]) {
    // Transactions linger for at most 64 * T1, ports rest five seconds.
    simulation.run_for(Duration::from_secs(40));
    for host in hosts {
        let stats = simulation.core(host).stats();
        let left = [
            stats.active_sessions,
            stats.dialogs,
            stats.transactions,
            stats.media_sessions,
            stats.media_ports,
        ];
        assert_eq!(left, [0; 5], "{stats:?}");
        assert!(simulation.registry(host).is_empty());
    }
}

/// CPU time of this thread: the second and third of its figures in clock ticks of 10 ms would be too coarse, so the
/// scheduler's own count of nanoseconds is read.
fn cpu_time() -> Duration {
    let schedstat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = schedstat
        .split_whitespace()
        .next()
        .and_then(|word| word.parse().ok())
        .unwrap_or(0);
    Duration::from_nanos(nanos)
}

#[test]
fn a_call_of_a_minute_with_audio_both_ways() {
    let start = cpu_time();
    let (mut simulation, alice, bob) = pair(1);
    let placed = simulation.call(alice, ALICE, BOB).unwrap();
    assert_eq!(placed.state(), CallState::Initiating);
    simulation.run_for(Duration::from_secs(1));
    assert_eq!(
        placed.state(),
        CallState::Ringing,
        "the caller hears it ringing while nobody decides"
    );

    let taken = received(&mut simulation, bob);
    assert_eq!((taken.from(), taken.to()), (ALICE, BOB));
    let heard = MemoryRecording::new(61 * 8000);
    let sink = RecordingSink::Memory(heard.clone());
    simulation
        .with(alice, |core, now| {
            core.record(now, placed.id(), Some(sink.into()))
        })
        .unwrap();
    simulation
        .with(bob, |core, now| {
            core.decide(now, taken.id(), CallDecision::Accept(None))
        })
        .unwrap();
    simulation.run_for(Duration::from_secs(60));
    assert_eq!(
        (placed.state(), taken.state()),
        (CallState::Active, CallState::Active)
    );

    simulation
        .with(alice, |core, now| core.terminate(now, placed.id()))
        .unwrap();
    simulation.run_for(Duration::from_secs(1));
    let spent = cpu_time() - start;
    println!("a call of 60 s with RTP both ways: {spent:?} of CPU");

    assert_eq!(
        ends(&mut simulation, alice),
        [(placed.id(), TerminalCause::LocalHangup)]
    );
    assert_eq!(
        ends(&mut simulation, bob),
        [(taken.id(), TerminalCause::RemoteHangup)]
    );
    for call in [&placed, &taken] {
        assert_eq!(call.state(), CallState::Terminated);
        assert_eq!(call.duration(simulation.now()).as_secs(), 60);
        let media = call.media_statistics().expect("final figures");
        assert!((2990..=3005).contains(&media.packets_received), "{media:?}");
        assert_eq!(media.packets_lost, 0);
        let mos = media
            .quality_metrics
            .and_then(|quality| quality.mos_score)
            .expect("a score");
        assert!(mos > 4.3, "{mos}");
    }
    assert!(
        heard.samples().len() > 59 * 8000,
        "{} samples",
        heard.samples().len()
    );
    assert_nothing_is_left(&mut simulation, [alice, bob]);
}

#[test]
fn an_undecided_call_is_answered_480_in_the_end() {
    let (mut simulation, alice, bob) = pair(2);
    let placed = simulation.call(alice, ALICE, BOB).unwrap();
    simulation.run_for(Duration::from_secs(1));
    let taken = received(&mut simulation, bob);
    simulation
        .with(bob, |core, now| {
            core.decide(now, taken.id(), CallDecision::Defer)
        })
        .unwrap();
    simulation.run_for(Duration::from_secs(200));
    assert_eq!(
        placed
            .cause()
            .and_then(TerminalCause::status)
            .map(|status| status.code()),
        Some(480)
    );
    assert_eq!(taken.cause(), Some(&TerminalCause::NoAnswer));
    assert_eq!(
        (placed.state(), taken.state()),
        (CallState::Failed, CallState::Failed)
    );
    assert_nothing_is_left(&mut simulation, [alice, bob]);
}

#[test]
fn every_decision_is_carried_out() {
    let decisions = [
        (CallDecision::Reject("486 Busy Here".to_owned()), 486),
        (CallDecision::Reject("no thanks".to_owned()), 603),
        (CallDecision::Forward("sip:carol@10.0.0.3".to_owned()), 302),
        (CallDecision::Forward("nonsense".to_owned()), 480),
    ];
    for (decision, code) in decisions {
        let mut simulation = CallSimulation::new(3);
        let mut stays = host("10.0.0.1", 1000.0);
        stays.settings.redirects.follow = false;
        let alice = simulation.add(stays).unwrap();
        let bob = simulation.add(host("10.0.0.2", 440.0)).unwrap();
        let placed = simulation.call(alice, ALICE, BOB).unwrap();
        simulation.run_for(Duration::from_millis(50));
        let taken = received(&mut simulation, bob);
        let _ = simulation.with(bob, |core, now| {
            core.decide(now, taken.id(), decision.clone())
        });
        simulation.run_for(Duration::from_secs(1));
        assert_eq!(
            placed
                .cause()
                .and_then(TerminalCause::status)
                .map(|status| status.code()),
            Some(code)
        );
        let again = simulation.with(bob, |core, now| core.decide(now, taken.id(), decision));
        assert!(again.is_err(), "a decision counts once");
        assert_eq!(ends(&mut simulation, bob).len(), 1);
        assert_nothing_is_left(&mut simulation, [alice, bob]);
    }
}

#[test]
fn a_caller_who_gives_up_cancels_the_call_on_both_sides() {
    let (mut simulation, alice, bob) = pair(4);
    let placed = simulation.call(alice, ALICE, BOB).unwrap();
    simulation.run_for(Duration::from_secs(2));
    let taken = received(&mut simulation, bob);
    simulation
        .with(alice, |core, now| core.terminate(now, placed.id()))
        .unwrap();
    simulation.run_for(Duration::from_secs(1));
    assert_eq!(
        (placed.state(), taken.state()),
        (CallState::Cancelled, CallState::Cancelled)
    );
    let late = simulation.with(bob, |core, now| {
        core.decide(now, taken.id(), CallDecision::Accept(None))
    });
    assert!(late.is_err());
    assert_nothing_is_left(&mut simulation, [alice, bob]);
}

#[test]
fn calls_beyond_the_limit_are_answered_503_and_the_first_goes_on() {
    let mut simulation = CallSimulation::new(5);
    let alice = simulation.add(host("10.0.0.1", 1000.0)).unwrap();
    let mut small = host("10.0.0.2", 440.0);
    small.settings.max_sessions = 1;
    let bob = simulation.add(small).unwrap();
    let first = simulation.call(alice, ALICE, BOB).unwrap();
    simulation.run_for(Duration::from_millis(20));
    let taken = received(&mut simulation, bob);
    simulation
        .with(bob, |core, now| {
            core.decide(now, taken.id(), CallDecision::Accept(None))
        })
        .unwrap();
    let second = simulation.call(alice, ALICE, BOB).unwrap();
    simulation.run_for(Duration::from_secs(1));
    assert_eq!(
        second
            .cause()
            .and_then(TerminalCause::status)
            .map(|status| status.code()),
        Some(503)
    );
    assert_eq!(first.state(), CallState::Active);
    assert!(
        simulation
            .with(bob, |core, now| core.prepare(now, BOB, ALICE, None))
            .is_err()
    );
}

#[test]
fn a_call_without_media_here_opens_no_port() {
    let mut simulation = CallSimulation::new(6);
    let alice = simulation.add(host("10.0.0.1", 1000.0)).unwrap();
    let mut silent = host("10.0.0.2", 440.0);
    silent.media.mode = MediaMode::Inactive;
    let bob = simulation.add(silent).unwrap();
    let placed = simulation.call(alice, ALICE, BOB).unwrap();
    simulation.run_for(Duration::from_millis(20));
    let taken = received(&mut simulation, bob);
    simulation
        .with(bob, |core, now| {
            core.decide(now, taken.id(), CallDecision::Accept(None))
        })
        .unwrap();
    simulation.run_for(Duration::from_secs(1));
    assert_eq!(
        (placed.state(), taken.state()),
        (CallState::Active, CallState::Active),
        "a peer that never wanted audio holds nothing"
    );
    assert_eq!(simulation.core(bob).stats().media_ports, 0);
    simulation
        .with(bob, |core, now| core.terminate(now, taken.id()))
        .unwrap();
    simulation.run_for(Duration::from_secs(1));
    assert_eq!(placed.cause(), Some(&TerminalCause::RemoteHangup));
    assert_nothing_is_left(&mut simulation, [alice, bob]);
}

#[test]
fn a_call_ends_after_its_time() {
    let mut simulation = CallSimulation::new(8);
    let alice = simulation.add(host("10.0.0.1", 1000.0)).unwrap();
    let mut short = host("10.0.0.2", 440.0);
    short.settings.session_timeout = Some(Duration::from_secs(5));
    let bob = simulation.add(short).unwrap();
    let placed = simulation.call(alice, ALICE, BOB).unwrap();
    simulation.run_for(Duration::from_millis(20));
    let taken = received(&mut simulation, bob);
    simulation
        .with(bob, |core, now| {
            core.decide(now, taken.id(), CallDecision::Accept(None))
        })
        .unwrap();
    simulation.run_for(Duration::from_secs(7));
    assert_eq!(taken.cause(), Some(&TerminalCause::TimeLimit));
    assert_eq!(placed.cause(), Some(&TerminalCause::RemoteHangup));
    assert_nothing_is_left(&mut simulation, [alice, bob]);
}

#[test]
fn a_shutdown_ends_every_call_with_bye() {
    let (mut simulation, alice, bob) = pair(9);
    let calls: Vec<_> = (0..10)
        .map(|_| simulation.call(alice, ALICE, BOB).unwrap())
        .collect();
    simulation.run_for(Duration::from_millis(50));
    for (_, event) in simulation.events(bob) {
        if let BasicSessionEvent::CallReceived { call, .. } = event {
            simulation
                .with(bob, |core, now| {
                    core.decide(now, call.id(), CallDecision::Accept(None))
                })
                .unwrap();
        }
    }
    simulation.run_for(Duration::from_secs(1));
    simulation.with(bob, |core, now| core.shutdown(now));
    simulation.run_for(Duration::from_secs(1));
    for call in calls {
        assert_eq!(call.cause(), Some(&TerminalCause::RemoteHangup));
    }
    let ended = ends(&mut simulation, bob);
    assert_eq!(ended.len(), 10);
    assert!(
        ended
            .iter()
            .all(|(_, cause)| *cause == TerminalCause::Shutdown),
        "{ended:?}"
    );
    assert_nothing_is_left(&mut simulation, [alice, bob]);
}
