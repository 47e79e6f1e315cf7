//! Connections that break and hosts that die under calls: what goes on, and how the rest ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(feature = "sim")]

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use rvoip_session_core::media_core::AudioSource;
use rvoip_session_core::sim::{Answering, CallSimulation, HostId, Ladder, SimFaults, SimHost};
use rvoip_session_core::{
    BasicSessionEvent, CallDecision, CallRecord, CallState, CauseKind, OfferMethod, SessionId,
    TerminalCause, TransferProgress,
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

/// Does `act` in a call over TCP whose connections break a while later, at every moment that matters and at either side, and
/// hands the outcome to `check`.
fn with_every_break(
    mut act: impl FnMut(&mut CallSimulation, HostId, SessionId),
    mut check: impl FnMut(&mut CallSimulation, [HostId; 2], &[Arc<CallRecord>; 2]) -> bool,
) {
    for (side, breaker) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        for later in (0..90).step_by(9) {
            let mut simulation = CallSimulation::new(later);
            simulation.set_faults(SimFaults {
                delay: Duration::from_millis(10)..Duration::from_millis(11),
                ..SimFaults::default()
            });
            let (hosts, calls) = call(&mut simulation, "tcp");
            for host in hosts {
                simulation.events(host);
            }
            act(&mut simulation, hosts[side], calls[side].id());
            simulation.run_for(Duration::from_millis(later));
            simulation.break_connections(hosts[breaker]);
            simulation.run_for(45 * SECOND);
            let calls = [calls[side].clone(), calls[1 - side].clone()];
            let hosts = [hosts[side], hosts[1 - side]];
            assert!(
                check(&mut simulation, hosts, &calls),
                "side {side}, broken by {breaker} after {later} ms\n{}",
                simulation.ladder()
            );
        }
    }
}

fn refused(simulation: &mut CallSimulation, host: HostId) -> bool {
    let events = simulation.events(host);
    let mut events = events.iter().map(|(_, event)| event);
    events.any(|event| matches!(event, BasicSessionEvent::OfferRefused { .. }))
}

#[test]
fn a_reinvite_whose_connection_breaks_goes_over_another() {
    with_every_break(
        |simulation, host, id| {
            simulation
                .with(host, |core, now| core.hold(now, id))
                .unwrap();
        },
        |simulation, hosts, calls| {
            let held = calls[0].hold().local && calls[1].hold().remote;
            held && !refused(simulation, hosts[0])
        },
    );
}

#[test]
fn an_update_whose_connection_breaks_goes_over_another() {
    with_every_break(
        |simulation, host, id| {
            let sdp = simulation
                .core(host)
                .media_info(id)
                .unwrap()
                .local_sdp
                .unwrap();
            let by = OfferMethod::Update;
            simulation
                .with(host, |core, now| core.update_media(now, id, &sdp, by))
                .unwrap();
        },
        |simulation, hosts, calls| {
            let active = calls.iter().all(|call| call.state() == CallState::Active);
            active && !calls[0].is_offer_pending() && !refused(simulation, hosts[0])
        },
    );
}

#[test]
fn a_transfer_whose_connection_breaks_is_asked_for_over_another() {
    let transfer = RefCell::new(None);
    with_every_break(
        |simulation, host, id| {
            simulation.add(self::host("10.0.0.3")).unwrap();
            let target = "sip:carol@10.0.0.3";
            let begun = simulation.with(host, |core, now| core.transfer(now, id, target));
            *transfer.borrow_mut() = Some(begun.unwrap());
        },
        |_, _, calls| {
            let progress = transfer.borrow().as_ref().unwrap().progress();
            progress == TransferProgress::Completed
                && calls[0].cause() == Some(&TerminalCause::LocalHangup)
                && calls[1].cause() == Some(&TerminalCause::RemoteHangup)
        },
    );
}
