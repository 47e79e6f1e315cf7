//! Limits of users and endpoints, sessions that end with others, draining, and what is left.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(feature = "sim")]

use std::sync::Arc;
use std::time::Duration;

use rvoip_session_core::media_core::MediaMode;
use rvoip_session_core::sim::{Answering, CallSimulation, HostId, SimHost};
use rvoip_session_core::{
    BasicSessionEvent, CallRecord, CallState, CauseKind, ErrorCategory, LimitScope, SessionError,
    TerminalCause, WaitsFor,
};

const BOB: &str = "sip:bob@10.0.0.2";
const SECOND: Duration = Duration::from_secs(1);

fn host(address: &str) -> SimHost {
    let mut host = SimHost::new(address.parse().unwrap()).answering(Answering::at_once());
    host.media.mode = MediaMode::Inactive;
    host
}

fn call(simulation: &mut CallSimulation, host: HostId, from: &str) -> Arc<CallRecord> {
    let call = simulation.call(host, from, BOB).unwrap();
    simulation.run_for(SECOND);
    call
}

fn status(call: &CallRecord) -> Option<u16> {
    let status = call.cause().and_then(TerminalCause::status);
    status.map(|status| status.code())
}

fn end(simulation: &mut CallSimulation, host: HostId, call: &CallRecord) {
    let id = call.id();
    simulation
        .with(host, |core, now| core.terminate(now, id))
        .unwrap();
    simulation.run_for(SECOND);
}

/// The value of Retry-After in the last response with this status.
fn retry_after(simulation: &CallSimulation, label: &str) -> Option<String> {
    let messages = simulation.wire();
    let refusal = messages.iter().rfind(|message| message.label() == label);
    refusal.unwrap().header("Retry-After")
}

#[test]
fn a_user_who_has_as_many_calls_as_it_may_is_busy_until_one_ends() {
    let mut simulation = CallSimulation::new(1);
    let alice = simulation.add(host("10.0.0.1")).unwrap();
    let mut limited = host("10.0.0.2");
    limited.settings.limits.per_user = Some(2);
    let bob = simulation.add(limited).unwrap();
    let [first, second] = [(); 2].map(|()| call(&mut simulation, alice, "sip:a@example.com"));
    let third = call(&mut simulation, alice, "sip:A@EXAMPLE.com");
    let other = call(&mut simulation, alice, "sip:b@example.com");
    let shouting = call(&mut simulation, alice, "sip:a@EXAMPLE.com:5070;x=y");
    assert_eq!(first.state(), CallState::Active);
    assert_eq!(second.state(), CallState::Active);
    assert_eq!(third.state(), CallState::Active, "users differ by case");
    assert_eq!(other.state(), CallState::Active);
    assert_eq!(status(&shouting), Some(486), "hosts do not");
    assert_eq!(shouting.cause().unwrap().kind(), CauseKind::Busy);
    assert_eq!(
        retry_after(&simulation, "486 INVITE").as_deref(),
        Some("30")
    );
    assert_eq!(simulation.core(bob).stats().refused_for_limits, 1);
    end(&mut simulation, alice, &first);
    let again = call(&mut simulation, alice, "sip:a@example.com");
    assert_eq!(again.state(), CallState::Active);
}

#[test]
fn an_endpoint_that_has_as_many_calls_as_it_may_is_told_to_come_back() {
    let mut simulation = CallSimulation::new(2);
    let alice = simulation.add(host("10.0.0.1")).unwrap();
    let carol = simulation.add(host("10.0.0.3")).unwrap();
    let mut limited = host("10.0.0.2");
    limited.settings.limits.per_endpoint = Some(1);
    let bob = simulation.add(limited).unwrap();
    let first = call(&mut simulation, alice, "sip:a@example.com");
    let second = call(&mut simulation, alice, "sip:b@example.com");
    let elsewhere = call(&mut simulation, carol, "sip:a@example.com");
    assert_eq!(first.state(), CallState::Active);
    assert_eq!(status(&second), Some(503));
    assert!(retry_after(&simulation, "503 INVITE").is_some());
    assert_eq!(elsewhere.state(), CallState::Active);

    let refused = simulation
        .with(bob, |core, now| {
            core.prepare(now, BOB, "sip:c@10.0.0.1", None)
        })
        .unwrap_err();
    let SessionError::LimitReached { scope, limit } = refused else {
        panic!("{refused}")
    };
    assert_eq!((scope, limit), (LimitScope::Endpoint, 1));
    end(&mut simulation, alice, &first);
    let placed = simulation.with(bob, |core, now| {
        core.prepare(now, BOB, "sip:c@10.0.0.1", None)
    });
    assert!(placed.is_ok());
}

#[test]
fn children_end_with_their_parent_and_no_circle_can_be_made() {
    let mut simulation = CallSimulation::new(3);
    let alice = simulation.add(host("10.0.0.1")).unwrap();
    simulation.add(host("10.0.0.2")).unwrap();
    let calls = [(); 4].map(|()| call(&mut simulation, alice, "sip:a@example.com"));
    let [parent, child, grandchild, stranger] = calls.each_ref().map(|call| call.id());
    simulation.with(alice, |core, _| {
        core.link(parent, child).unwrap();
        core.link(child, grandchild).unwrap();
        let circle = core.link(grandchild, parent).unwrap_err();
        assert!(matches!(circle, SessionError::Dependency { .. }));
        assert_eq!(circle.category(), ErrorCategory::Misuse);
        assert_eq!(core.children(parent), [child]);
    });
    end(&mut simulation, alice, &calls[0]);
    assert_eq!(calls[0].cause(), Some(&TerminalCause::LocalHangup));
    for call in &calls[1..3] {
        assert_eq!(call.cause(), Some(&TerminalCause::ParentEnded));
    }
    assert_eq!(calls[3].state(), CallState::Active);
    let gone = simulation.with(alice, |core, _| core.link(parent, stranger));
    assert!(matches!(gone, Err(SessionError::SessionNotFound(id)) if id == parent));
    let ends = simulation.events(alice);
    let ended = |event: &BasicSessionEvent| matches!(event, BasicSessionEvent::Ended { .. });
    assert_eq!(ends.iter().filter(|(_, event)| ended(event)).count(), 3);
}

#[test]
fn a_drain_lets_calls_go_on_and_refuses_new_ones() {
    let mut simulation = CallSimulation::new(4);
    let alice = simulation.add(host("10.0.0.1")).unwrap();
    let bob = simulation.add(host("10.0.0.2")).unwrap();
    let standing = call(&mut simulation, alice, "sip:a@example.com");
    let prepared = simulation
        .with(bob, |core, now| {
            core.prepare(now, BOB, "sip:a@10.0.0.1", None)
        })
        .unwrap();
    simulation.with(bob, |core, now| core.drain(now));
    assert_eq!(prepared.cause(), Some(&TerminalCause::Shutdown));
    let late = call(&mut simulation, alice, "sip:a@example.com");
    assert_eq!(status(&late), Some(503));
    let placed = simulation.with(bob, |core, now| {
        core.prepare(now, BOB, "sip:a@10.0.0.1", None)
    });
    let error = placed.unwrap_err();
    assert!(matches!(error, SessionError::Draining) && error.is_retryable());
    assert_eq!(standing.state(), CallState::Active);
    assert!(!simulation.core(bob).is_idle());
    end(&mut simulation, alice, &standing);
    assert!(simulation.core(bob).is_idle());
}

#[test]
fn what_is_left_is_named_with_what_it_waits_for() {
    let mut simulation = CallSimulation::new(5);
    let alice = simulation.add(host("10.0.0.1")).unwrap();
    let bob = host("10.0.0.2").answering(Answering::ByHand);
    let bob = simulation.add(bob).unwrap();
    let waits_for = |simulation: &CallSimulation, host: HostId| -> Vec<WaitsFor> {
        let left = simulation
            .core(host)
            .leftovers(simulation.now(), Duration::ZERO);
        left.iter().map(|leftover| leftover.waits_for).collect()
    };
    let prepared = simulation
        .with(alice, |core, now| {
            core.prepare(now, "sip:a@10.0.0.1", BOB, None)
        })
        .unwrap();
    assert_eq!(waits_for(&simulation, alice), [WaitsFor::Decision]);
    let id = prepared.id();
    simulation
        .with(alice, |core, now| core.initiate(now, id))
        .unwrap();
    simulation.run_for(SECOND);
    assert_eq!(waits_for(&simulation, alice), [WaitsFor::Answer]);
    assert_eq!(waits_for(&simulation, bob), [WaitsFor::Decision]);

    let taken = simulation.registry(bob).calls().remove(0).id();
    let call_id = simulation.core(bob).call_id(taken).unwrap().to_owned();
    assert_eq!(simulation.core(alice).sessions_of(&call_id), [id]);
    assert_eq!(simulation.core(bob).sessions_of(&call_id), [taken]);
    assert!(simulation.core(bob).sessions_of("another").is_empty());

    simulation
        .with(bob, |core, now| {
            core.decide(now, taken, rvoip_session_core::CallDecision::Accept(None))
        })
        .unwrap();
    simulation.run_for(SECOND);
    assert_eq!(waits_for(&simulation, alice), [WaitsFor::Hangup]);
    simulation.kill(bob);
    simulation
        .with(alice, |core, now| core.terminate(now, id))
        .unwrap();
    simulation.run_for(SECOND);
    assert_eq!(waits_for(&simulation, alice), [WaitsFor::Farewell]);
    let old = simulation
        .core(alice)
        .leftovers(simulation.now(), Duration::from_secs(60));
    assert!(old.is_empty());
    simulation.run_for(40 * SECOND);
    assert!(waits_for(&simulation, alice).is_empty());
}
