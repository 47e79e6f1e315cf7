//! Calls that are sent elsewhere: by 302, by a second leg, in circles, and past targets that fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(feature = "sim")]

use std::sync::Arc;
use std::time::Duration;

use rvoip_session_core::media_core::MediaMode;
use rvoip_session_core::sim::{
    Answering, CallSimulation, HostId, SimFaults, SimHost, WireMessage, for_each_seed, seeds,
};
use rvoip_session_core::{
    BasicSessionEvent, CallDecision, CallRecord, CallState, CauseKind, ForwardMode, TerminalCause,
};

const ALICE: &str = "sip:alice@10.0.0.1";
const BOB: &str = "sip:bob@10.0.0.2";
const CAROL: &str = "sip:carol@10.0.0.3";
const DAVE: &str = "sip:dave@10.0.0.4";
const SECOND: Duration = Duration::from_secs(1);

fn host(address: &str, decision: CallDecision) -> SimHost {
    let mut host = SimHost::new(address.parse().unwrap())
        .answering(Answering::After(Duration::from_millis(200), decision));
    host.media.mode = MediaMode::Inactive;
    host
}

fn accepts(address: &str) -> SimHost {
    host(address, CallDecision::Accept(None))
}

fn forwards(address: &str, target: &str) -> SimHost {
    host(address, CallDecision::Forward(target.to_owned()))
}

fn refuses(address: &str, reason: &str) -> SimHost {
    host(address, CallDecision::Reject(reason.to_owned()))
}

fn invites_to<'a>(messages: &'a [WireMessage], address: &str) -> Vec<&'a WireMessage> {
    let to = |message: &&WireMessage| {
        message.label() == "INVITE" && message.destination.ip().to_string() == address
    };
    messages.iter().filter(to).collect()
}

fn values(message: &WireMessage, name: &str) -> Vec<String> {
    let prefix = format!("{name}: ");
    let text = message.text();
    let values = text.lines().filter_map(|line| line.strip_prefix(&prefix));
    values.map(str::to_owned).collect()
}

fn ends(simulation: &mut CallSimulation, host: HostId) -> usize {
    let ended = |event: &BasicSessionEvent| matches!(event, BasicSessionEvent::Ended { .. });
    let events = simulation.events(host);
    events.iter().filter(|(_, event)| ended(event)).count()
}

fn terminate(simulation: &mut CallSimulation, host: HostId, call: &Arc<CallRecord>) {
    let id = call.id();
    simulation
        .with(host, |core, now| core.terminate(now, id))
        .unwrap();
    simulation.run_for(2 * SECOND);
}

fn only_call(simulation: &CallSimulation, host: HostId) -> Arc<CallRecord> {
    let mut calls = simulation.registry(host).calls();
    assert_eq!(calls.len(), 1);
    calls.remove(0)
}

#[test]
fn a_caller_follows_a_302_and_tells_the_way() {
    let mut simulation = CallSimulation::new(1);
    let alice = simulation.add(accepts("10.0.0.1")).unwrap();
    simulation.add(forwards("10.0.0.2", CAROL)).unwrap();
    let carol = simulation.add(accepts("10.0.0.3")).unwrap();
    let call = simulation.call(alice, ALICE, BOB).unwrap();
    simulation.run_for(3 * SECOND);
    assert_eq!(call.state(), CallState::Active);
    let messages = simulation.wire();
    let invites = invites_to(&messages, "10.0.0.3");
    let invite = invites[0];
    assert!(
        invite
            .text()
            .starts_with(&format!("INVITE {CAROL} SIP/2.0\r\n"))
    );
    assert_eq!(invite.header("To").unwrap(), format!("<{BOB}>"));
    assert_eq!(
        values(invite, "History-Info"),
        [
            format!("<{BOB}?Reason=SIP%3Bcause%3D302>;index=1"),
            format!("<{CAROL}>;index=1.1;mp=1"),
        ]
    );
    let redirection = messages
        .iter()
        .find(|message| message.label() == "302 INVITE")
        .unwrap();
    assert_eq!(
        redirection.header("Diversion").unwrap(),
        format!("<{BOB}>;reason=unconditional;counter=1")
    );
    let told = simulation
        .events(alice)
        .into_iter()
        .find_map(|(_, event)| match event {
            BasicSessionEvent::Redirected { target, .. } => Some(target),
            _ => None,
        });
    assert_eq!(told.as_deref(), Some(CAROL));
    let taken = only_call(&simulation, carol);
    terminate(&mut simulation, alice, &call);
    assert_eq!(taken.cause(), Some(&TerminalCause::RemoteHangup));
    assert_eq!(ends(&mut simulation, alice), 1);
}

#[test]
fn a_target_that_fails_is_followed_by_the_next_and_the_last_failure_counts() {
    let mut simulation = CallSimulation::new(2);
    let alice = simulation.add(accepts("10.0.0.1")).unwrap();
    simulation.add(forwards("10.0.0.2", CAROL)).unwrap();
    simulation.add(forwards("10.0.0.3", DAVE)).unwrap();
    simulation
        .add(refuses("10.0.0.4", "486 Busy Here"))
        .unwrap();
    let call = simulation.call(alice, ALICE, BOB).unwrap();
    simulation.run_for(3 * SECOND);
    let status = call.cause().and_then(TerminalCause::status);
    assert_eq!(status.map(|status| status.code()), Some(486));
    assert_eq!(call.cause().unwrap().kind(), CauseKind::Busy);
    assert_eq!(ends(&mut simulation, alice), 1);
    let messages = simulation.wire();
    let history = values(invites_to(&messages, "10.0.0.4")[0], "History-Info");
    assert_eq!(history.len(), 3);
    assert!(history[2].ends_with(";index=1.1.1;mp=1.1"), "{history:?}");
}

#[test]
fn a_circle_of_redirections_ends() {
    let mut simulation = CallSimulation::new(3);
    let alice = simulation.add(accepts("10.0.0.1")).unwrap();
    simulation.add(forwards("10.0.0.2", CAROL)).unwrap();
    simulation.add(forwards("10.0.0.3", BOB)).unwrap();
    let call = simulation.call(alice, ALICE, BOB).unwrap();
    simulation.run_for(5 * SECOND);
    let Some(TerminalCause::Redirected { status }) = call.cause() else {
        panic!("{:?}", call.cause())
    };
    assert_eq!(status.code(), 302);
    assert_eq!(call.cause().unwrap().kind(), CauseKind::Redirected);
    let messages = simulation.wire();
    assert_eq!(invites_to(&messages, "10.0.0.2").len(), 1);
    assert_eq!(invites_to(&messages, "10.0.0.3").len(), 1);
}

#[test]
fn who_does_not_follow_learns_that_the_call_was_sent_elsewhere() {
    let mut simulation = CallSimulation::new(4);
    let mut alice = accepts("10.0.0.1");
    alice.settings.redirects.follow = false;
    let alice = simulation.add(alice).unwrap();
    simulation.add(forwards("10.0.0.2", CAROL)).unwrap();
    simulation.add(accepts("10.0.0.3")).unwrap();
    let call = simulation.call(alice, ALICE, BOB).unwrap();
    simulation.run_for(3 * SECOND);
    assert_eq!(call.cause().unwrap().kind(), CauseKind::Redirected);
    assert!(invites_to(&simulation.wire(), "10.0.0.3").is_empty());
}

#[test]
fn a_caller_who_gives_up_while_redirected_cancels_the_present_target() {
    let mut simulation = CallSimulation::new(5);
    let alice = simulation.add(accepts("10.0.0.1")).unwrap();
    simulation.add(forwards("10.0.0.2", CAROL)).unwrap();
    let silent = accepts("10.0.0.3").answering(Answering::ByHand);
    let carol = simulation.add(silent).unwrap();
    let call = simulation.call(alice, ALICE, BOB).unwrap();
    simulation.run_for(2 * SECOND);
    let taken = only_call(&simulation, carol);
    terminate(&mut simulation, alice, &call);
    assert_eq!(call.cause(), Some(&TerminalCause::Cancelled));
    assert_eq!(taken.cause(), Some(&TerminalCause::Cancelled));
}

/// Alice calls bob, who sends the call on to carol in a leg of its own.
fn legs(seed: u64, carol: SimHost) -> (CallSimulation, [HostId; 3], Arc<CallRecord>) {
    let mut simulation = CallSimulation::new(seed);
    let mut alice = accepts("10.0.0.1");
    alice.media.mode = MediaMode::Active;
    let alice = simulation.add(alice).unwrap();
    let mut bob = forwards("10.0.0.2", CAROL);
    bob.settings.forwarding = ForwardMode::NewLeg;
    let bob = simulation.add(bob).unwrap();
    let mut carol = carol;
    carol.media.mode = MediaMode::Active;
    let carol = simulation.add(carol).unwrap();
    let call = simulation.call(alice, ALICE, BOB).unwrap();
    simulation.run_for(3 * SECOND);
    (simulation, [alice, bob, carol], call)
}

fn assert_empty(simulation: &mut CallSimulation, hosts: [HostId; 3]) {
    simulation.run_for(40 * SECOND);
    for host in hosts {
        let stats = simulation.core(host).stats();
        let left = [
            stats.active_sessions,
            stats.dialogs,
            stats.transactions,
            stats.media_ports,
        ];
        assert_eq!(left, [0; 4], "{stats:?}");
    }
}

#[test]
fn a_second_leg_joins_both_parties_and_media_flows_between_them() {
    let (mut simulation, hosts, call) = legs(6, accepts("10.0.0.3"));
    let [alice, bob, carol] = hosts;
    assert_eq!(call.state(), CallState::Active);
    let taken = only_call(&simulation, carol);
    assert_eq!(taken.state(), CallState::Active);
    assert_eq!(simulation.core(bob).stats().active_sessions, 2);
    assert_eq!(simulation.core(bob).stats().media_ports, 0);
    simulation.with(alice, |core, now| core.report(now, call.id()));
    simulation.run_for(SECOND);
    let media = call.media_statistics().unwrap();
    assert!(media.packets_received > 40, "{media:?}");
    let messages = simulation.wire();
    let invite = invites_to(&messages, "10.0.0.3")[0];
    assert!(invite.header("Diversion").is_some());

    // Either party holds: the other one sees it.
    for (holder, held) in [((alice, &call), &taken), ((carol, &taken), &call)] {
        let id = holder.1.id();
        simulation
            .with(holder.0, |core, now| core.hold(now, id))
            .unwrap();
        simulation.run_for(SECOND);
        assert!(holder.1.hold().local && held.hold().remote);
        simulation
            .with(holder.0, |core, now| core.resume(now, id))
            .unwrap();
        simulation.run_for(SECOND);
        assert!(!holder.1.hold().is_held() && !held.hold().is_held());
    }

    terminate(&mut simulation, carol, &taken);
    assert_eq!(call.cause(), Some(&TerminalCause::RemoteHangup));
    assert_eq!(ends(&mut simulation, bob), 2);
    assert_empty(&mut simulation, hosts);
}

#[test]
fn a_second_leg_that_fails_refuses_the_first_in_the_same_way() {
    let (mut simulation, hosts, call) = legs(7, refuses("10.0.0.3", "486 Busy Here"));
    let status = call.cause().and_then(TerminalCause::status);
    assert_eq!(status.map(|status| status.code()), Some(486));
    assert_eq!(ends(&mut simulation, hosts[1]), 2);
    assert_empty(&mut simulation, hosts);
}

#[test]
fn a_caller_who_gives_up_takes_the_second_leg_back() {
    let silent = accepts("10.0.0.3").answering(Answering::ByHand);
    let (mut simulation, hosts, call) = legs(8, silent);
    assert_eq!(call.state(), CallState::Ringing);
    let ringing = only_call(&simulation, hosts[2]);
    terminate(&mut simulation, hosts[0], &call);
    assert_eq!(ringing.cause(), Some(&TerminalCause::Cancelled));
    assert_empty(&mut simulation, hosts);
}

#[test]
fn forwarded_calls_end_once_on_every_side_whatever_is_lost() {
    for_each_seed(seeds(60), |simulation| {
        let alice = simulation.add(accepts("10.0.0.1")).unwrap();
        let mut bob = forwards("10.0.0.2", CAROL);
        if simulation.seed() % 2 == 0 {
            bob.settings.forwarding = ForwardMode::NewLeg;
        }
        let bob = simulation.add(bob).unwrap();
        let carol = simulation.add(accepts("10.0.0.3")).unwrap();
        simulation.set_faults(SimFaults {
            loss: 0.15,
            duplicate: 0.1,
            reorder: 0.1,
            delay: Duration::from_millis(1)..Duration::from_millis(80),
        });
        let call = simulation.call(alice, ALICE, BOB).unwrap();
        let id = call.id();
        let patience = Duration::from_millis(100 * (simulation.seed() % 40));
        simulation.after(patience, move |simulation| {
            let _ = simulation.with(alice, |core, now| core.terminate(now, id));
        });
        simulation.run_for(300 * SECOND);
        assert_eq!(ends(simulation, alice), 1);
        assert_empty(simulation, [alice, bob, carol]);
    })
    .unwrap();
}
