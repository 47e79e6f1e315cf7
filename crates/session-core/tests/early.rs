//! Media before the answer: announced in provisional responses, reliable or not, and what the answer makes of it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(feature = "sim")]

use std::sync::Arc;
use std::time::Duration;

use rvoip_session_core::media_core::AudioSource;
use rvoip_session_core::sim::{CallSimulation, HostId, SimFaults, SimHost, for_each_seed, seeds};
use rvoip_session_core::{
    BasicSessionEvent, CallDecision, CallRecord, CallState, Operation, SessionError, TerminalCause,
};

const ALICE: &str = "sip:alice@10.0.0.1";
const BOB: &str = "sip:bob@10.0.0.2";
const SECOND: Duration = Duration::from_secs(1);

fn host(address: &str) -> SimHost {
    let mut host = SimHost::new(address.parse().unwrap());
    host.media.source = AudioSource::Tone {
        frequency_hz: 425.0,
        amplitude: 0.5,
    };
    host
}

fn packets(simulation: &mut CallSimulation, host: HostId, call: &CallRecord) -> u64 {
    let id = call.id();
    simulation.with(host, |core, now| core.report(now, id));
    simulation.run_for(Duration::from_millis(20));
    let media = call.media_statistics();
    media.map_or(0, |media| media.packets_received)
}

/// A call that rings with early media at both ends.
fn ringing(
    simulation: &mut CallSimulation,
    reliable: bool,
) -> ((HostId, Arc<CallRecord>), (HostId, Arc<CallRecord>)) {
    let alice = simulation.add(host("10.0.0.1")).unwrap();
    let bob = simulation.add(host("10.0.0.2")).unwrap();
    let call = simulation.call(alice, ALICE, BOB).unwrap();
    assert!(simulation.run_until_true(20 * SECOND, |simulation| {
        !simulation.registry(bob).is_empty()
    }));
    let taken = simulation.registry(bob).calls().remove(0);
    let id = taken.id();
    simulation
        .with(bob, |core, now| {
            core.start_early_media(now, id, None, reliable)
        })
        .unwrap();
    ((alice, call), (bob, taken))
}

fn accept(simulation: &mut CallSimulation, (host, call): &(HostId, Arc<CallRecord>)) {
    let id = call.id();
    simulation
        .with(*host, |core, now| {
            core.decide(now, id, CallDecision::Accept(None))
        })
        .unwrap();
}

#[test]
fn early_media_is_heard_before_the_answer_and_goes_on_after_it() {
    for reliable in [false, true] {
        let mut simulation = CallSimulation::new(1);
        let (alice, bob) = ringing(&mut simulation, reliable);
        simulation.run_for(2 * SECOND);
        for (_, call) in [&alice, &bob] {
            assert_eq!(call.state(), CallState::Ringing);
            assert!(call.has_early_media());
        }
        assert!(packets(&mut simulation, alice.0, &alice.1) > 90);
        let back = packets(&mut simulation, bob.0, &bob.1);
        assert_eq!(back, 0, "nothing is sent before the answer");
        let started = |event: &BasicSessionEvent| {
            matches!(event, BasicSessionEvent::EarlyMediaStarted { .. })
        };
        let events = simulation.events(alice.0);
        assert_eq!(events.iter().filter(|(_, event)| started(event)).count(), 1);

        accept(&mut simulation, &bob);
        simulation.run_for(2 * SECOND);
        for (host, call) in [&alice, &bob] {
            assert_eq!(call.state(), CallState::Active);
            assert!(!call.has_early_media());
            let before = packets(&mut simulation, *host, call);
            simulation.run_for(SECOND);
            let after = packets(&mut simulation, *host, call);
            assert!((45..=55).contains(&(after - before)), "{before} {after}");
        }
        let messages = simulation.wire();
        let pracks = messages.iter().filter(|it| it.label() == "PRACK").count();
        assert_eq!(pracks, usize::from(reliable));
    }
}

#[test]
fn a_call_with_early_media_can_still_be_refused_or_given_up() {
    for reliable in [false, true] {
        let mut simulation = CallSimulation::new(2);
        let (alice, bob) = ringing(&mut simulation, reliable);
        simulation.run_for(SECOND);
        let id = bob.1.id();
        simulation
            .with(bob.0, |core, now| {
                core.decide(now, id, CallDecision::Reject("486 Busy Here".to_owned()))
            })
            .unwrap();
        simulation.run_for(SECOND);
        let status = alice.1.cause().and_then(TerminalCause::status);
        assert_eq!(status.map(|status| status.code()), Some(486));

        let (alice, bob) = ringing(&mut CallSimulation::new(3), reliable);
        assert!(alice.1.state().is_in_progress() && bob.1.state().is_in_progress());
    }
}

#[test]
fn who_has_answered_cannot_send_early_media() {
    let mut simulation = CallSimulation::new(4);
    let (_, bob) = ringing(&mut simulation, false);
    accept(&mut simulation, &bob);
    let id = bob.1.id();
    let late = simulation.with(bob.0, |core, now| {
        core.start_early_media(now, id, None, false)
    });
    let Err(SessionError::InvalidState { operation, .. }) = late else {
        panic!("{late:?}")
    };
    assert_eq!(operation, Operation::StartEarlyMedia);
}

#[test]
fn early_media_and_its_answer_arrive_whatever_is_lost() {
    for_each_seed(seeds(15), |simulation| {
        simulation.set_faults(SimFaults {
            loss: 0.2,
            duplicate: 0.1,
            reorder: 0.1,
            delay: Duration::from_millis(1)..Duration::from_millis(60),
        });
        let (alice, bob) = ringing(simulation, true);
        simulation.run_for(5 * SECOND);
        accept(simulation, &bob);
        simulation.run_for(30 * SECOND);
        assert_eq!(alice.1.state(), CallState::Active);
        assert_eq!(bob.1.state(), CallState::Active);
        let id = alice.1.id();
        simulation
            .with(alice.0, |core, now| core.terminate(now, id))
            .unwrap();
        simulation.run_for(60 * SECOND);
        assert_eq!(bob.1.cause(), Some(&TerminalCause::RemoteHangup));
    })
    .unwrap();
}
