//! Alarms about how calls sound, in virtual time.
#![allow(clippy::unwrap_used, clippy::expect_used)]
#![cfg(feature = "sim")]

use std::time::Duration;

use rvoip_session_core::api::{QualityChange, QualityFigure, QualityThresholds};
use rvoip_session_core::sim::{Answering, CallSimulation, HostId, SimFaults, SimHost};
use rvoip_session_core::{BasicSessionEvent, CallDecision};

/// The changes that a host has told, and when since the simulation began.
fn changes(simulation: &mut CallSimulation, host: HostId) -> Vec<QualityChange> {
    let events = simulation.events(host).into_iter();
    let changed = |(_, event)| match event {
        BasicSessionEvent::QualityChanged { change, .. } => Some(change),
        _ => None,
    };
    events.filter_map(changed).collect()
}

/// What a host has told of the flow of its media.
fn flows(simulation: &mut CallSimulation, host: HostId) -> Vec<bool> {
    let events = simulation.events(host).into_iter();
    let flow = |(_, event)| match event {
        BasicSessionEvent::MediaFlowChanged { active, .. } => Some(active),
        _ => None,
    };
    events.filter_map(flow).collect()
}

#[test]
fn a_flow_that_a_hold_interrupts_has_not_failed_and_one_that_is_lost_has() {
    let mut simulation = CallSimulation::new(5);
    let [alice, bob] = ["10.0.0.1", "10.0.0.2"].map(|address| {
        let host = SimHost::new(address.parse().unwrap());
        let host = host.answering(Answering::at_once());
        simulation.add(host).unwrap()
    });
    let call = simulation.call(alice, "sip:alice@10.0.0.1", "sip:bob@10.0.0.2");
    let id = call.unwrap().id();
    simulation.run_for(Duration::from_secs(5));
    let both = |simulation: &mut CallSimulation| [alice, bob].map(|host| flows(simulation, host));
    assert_eq!(both(&mut simulation), [[true], [true]]);
    simulation.with(alice, |core, now| core.hold(now, id).unwrap());
    simulation.run_for(Duration::from_secs(20));
    assert_eq!(both(&mut simulation), [[]; 2] as [[bool; 0]; 2], "held");
    simulation.with(alice, |core, now| core.resume(now, id).unwrap());
    simulation.run_for(Duration::from_secs(5));
    assert_eq!(both(&mut simulation), [[true], [true]], "resumed");
    simulation.set_faults(SimFaults {
        loss: 1.0,
        ..SimFaults::default()
    });
    simulation.run_for(Duration::from_secs(5));
    assert_eq!(both(&mut simulation), [[false], [false]], "lost");
}

#[test]
fn loss_raises_one_alarm_and_hold_none() {
    for seed in 0..10 {
        let mut simulation = CallSimulation::new(seed);
        let alice = SimHost::new("10.0.0.1".parse().unwrap());
        let bob = SimHost::new("10.0.0.2".parse().unwrap());
        let (alice, bob) = (simulation.add(alice).unwrap(), simulation.add(bob).unwrap());
        let call = simulation
            .call(alice, "sip:alice@10.0.0.1", "sip:bob@10.0.0.2")
            .unwrap();
        let id = call.id();
        simulation.run_for(Duration::from_secs(1));
        let received = simulation.events(bob).into_iter().find_map(|(_, event)| {
            matches!(event, BasicSessionEvent::CallReceived { .. })
                .then(|| event.session_id().unwrap())
        });
        simulation.with(bob, |core, now| {
            core.decide(now, received.unwrap(), CallDecision::Accept(None))
                .unwrap();
        });
        simulation.run_for(Duration::from_secs(1));
        let thresholds = QualityThresholds::default();
        simulation.with(alice, |core, _| {
            core.watch_quality(id, Some(thresholds)).unwrap();
        });
        simulation.run_for(Duration::from_secs(20));
        assert_eq!(changes(&mut simulation, alice), []);

        let lossy = SimFaults {
            loss: 0.3,
            ..SimFaults::default()
        };
        simulation.set_faults(lossy);
        simulation.run_for(Duration::from_secs(20));
        let told = changes(&mut simulation, alice);
        let [QualityChange::Degraded { figure, value, .. }] = told[..] else {
            panic!("seed {seed}: {told:?}");
        };
        assert!(
            figure == QualityFigure::MosScore && value < 3.5,
            "seed {seed}"
        );

        simulation.set_faults(SimFaults::default());
        simulation.run_for(Duration::from_secs(20));
        assert_eq!(changes(&mut simulation, alice), [QualityChange::Recovered]);

        simulation.with(alice, |core, now| core.hold(now, id).unwrap());
        simulation.run_for(Duration::from_secs(60));
        assert_eq!(changes(&mut simulation, alice), [], "seed {seed}: held");
    }
}
