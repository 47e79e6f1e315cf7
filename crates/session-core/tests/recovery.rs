//! Connections that break and hosts that die under calls: what goes on, and how the rest ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(feature = "sim")]

use std::sync::Arc;
use std::time::Duration;

use rvoip_session_core::media_core::AudioSource;
use rvoip_session_core::sim::{Answering, CallSimulation, HostId, Ladder, SimHost};
use rvoip_session_core::{
    BasicSessionEvent, CallDecision, CallRecord, CallState, CauseKind, TerminalCause,
};

const ALICE: &str = "sip:alice@10.0.0.1";
const SECOND: Duration = Duration::from_secs(1);

fn host(address: &str) -> SimHost {
    let mut host = SimHost::new(address.parse().unwrap()).answering(Answering::at_once());
    host.media.source = AudioSource::None;
    host
}

/// A call from the first to the second host over this transport.
fn call(simulation: &mut CallSimulation, transport: &str) -> ([HostId; 2], [Arc<CallRecord>; 2]) {
    let alice = simulation.add(host("10.0.0.1")).unwrap();
    let bob = simulation.add(host("10.0.0.2")).unwrap();
    let target = format!("sip:bob@10.0.0.2;transport={transport}");
    let placed = simulation.call(alice, ALICE, &target).unwrap();
    simulation.run_for(2 * SECOND);
    assert_eq!(placed.state(), CallState::Active);
    let taken = simulation.registry(bob).calls().remove(0);
    ([alice, bob], [placed, taken])
}

fn ends(simulation: &mut CallSimulation, host: HostId) -> usize {
    let ended = |event: &BasicSessionEvent| matches!(event, BasicSessionEvent::Ended { .. });
    let events = simulation.events(host);
    events.iter().filter(|(_, event)| ended(event)).count()
}

#[test]
fn a_call_outlives_its_connection_and_is_changed_and_ended_over_another() {
    for side in 0..2 {
        let mut simulation = CallSimulation::new(1);
        let (hosts, calls) = call(&mut simulation, "tcp");
        simulation.break_connections(hosts[0]);
        simulation.run_for(SECOND);
        assert!(calls.iter().all(|call| call.state() == CallState::Active));
        let id = calls[side].id();
        simulation
            .with(hosts[side], |core, now| core.hold(now, id))
            .unwrap();
        simulation.run_for(2 * SECOND);
        assert!(
            calls[side].hold().local && calls[1 - side].hold().remote,
            "side {side}\n{}",
            simulation.ladder()
        );
        simulation.break_connections(hosts[1]);
        simulation.run_for(SECOND);
        simulation
            .with(hosts[side], |core, now| core.terminate(now, id))
            .unwrap();
        simulation.run_for(2 * SECOND);
        assert_eq!(calls[side].cause(), Some(&TerminalCause::LocalHangup));
        assert_eq!(calls[1 - side].cause(), Some(&TerminalCause::RemoteHangup));
        for host in hosts {
            assert_eq!(ends(&mut simulation, host), 1);
        }
    }
}

#[test]
fn a_peer_that_dies_leaves_nothing_behind() {
    for transport in ["udp", "tcp"] {
        let mut simulation = CallSimulation::new(2);
        let (hosts, calls) = call(&mut simulation, transport);
        simulation.kill(hosts[1]);
        let id = calls[0].id();
        simulation
            .with(hosts[0], |core, now| core.terminate(now, id))
            .unwrap();
        simulation.run_for(40 * SECOND);
        assert_eq!(calls[0].cause(), Some(&TerminalCause::LocalHangup));
        assert_eq!(ends(&mut simulation, hosts[0]), 1);
        let stats = simulation.core(hosts[0]).stats();
        assert_eq!((stats.active_sessions, stats.dialogs), (0, 0));
    }
}

#[test]
fn a_call_with_a_dead_peer_ends_when_its_session_expires() {
    let mut simulation = CallSimulation::new(3);
    let (hosts, calls) = call(&mut simulation, "udp");
    simulation.kill(hosts[1]);
    simulation.run_for(Duration::from_secs(2000));
    for (host, call) in hosts.into_iter().zip(&calls) {
        let kind = call.cause().map(TerminalCause::kind);
        assert!(
            matches!(kind, Some(CauseKind::Timeout | CauseKind::PeerMisbehaved)),
            "{:?}",
            call.cause()
        );
        assert_eq!(ends(&mut simulation, host), 1);
    }
}

#[test]
fn a_caller_who_dies_while_it_rings_is_not_waited_for() {
    let mut simulation = CallSimulation::new(4);
    let alice = simulation.add(host("10.0.0.1")).unwrap();
    let bob = host("10.0.0.2").answering(Answering::After(5 * SECOND, CallDecision::Accept(None)));
    let bob = simulation.add(bob).unwrap();
    simulation.call(alice, ALICE, "sip:bob@10.0.0.2").unwrap();
    simulation.run_for(SECOND);
    let taken = simulation.registry(bob).calls().remove(0);
    simulation.kill(alice);
    simulation.run_for(60 * SECOND);
    assert_eq!(taken.cause(), Some(&TerminalCause::Unacknowledged));
    assert_eq!(taken.cause().unwrap().kind(), CauseKind::PeerMisbehaved);
    assert_eq!(ends(&mut simulation, bob), 1);
}
