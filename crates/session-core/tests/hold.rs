//! Hold and resume: who holds, what is heard meanwhile, and what becomes of crossing and refused changes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(feature = "sim")]

use std::sync::Arc;
use std::time::Duration;

use rvoip_session_core::media_core::AudioSource;
use rvoip_session_core::sim::{
    Answering, CallSimulation, HostId, SimFaults, SimHost, for_each_seed, seeds,
};
use rvoip_session_core::{
    BasicSessionEvent, CallDecision, CallRecord, CallState, HoldState, OfferMethod, Operation,
    SessionError, TerminalCause,
};

const ALICE: &str = "sip:alice@10.0.0.1";
const BOB: &str = "sip:bob@10.0.0.2";
const SECOND: Duration = Duration::from_secs(1);

const NOBODY: HoldState = HoldState {
    local: false,
    remote: false,
};
const WE: HoldState = HoldState {
    local: true,
    remote: false,
};
const THEY: HoldState = HoldState {
    local: false,
    remote: true,
};
const BOTH: HoldState = HoldState {
    local: true,
    remote: true,
};

/// One side of the call under test.
#[derive(Clone)]
struct Side {
    host: HostId,
    call: Arc<CallRecord>,
}

impl Side {
    fn hold(&self, simulation: &mut CallSimulation) {
        let id = self.call.id();
        simulation
            .with(self.host, |core, now| core.hold(now, id))
            .unwrap();
    }

    fn resume(&self, simulation: &mut CallSimulation) {
        let id = self.call.id();
        simulation
            .with(self.host, |core, now| core.resume(now, id))
            .unwrap();
    }

    fn update_by(&self, simulation: &mut CallSimulation, method: OfferMethod) {
        let id = self.call.id();
        simulation
            .with(self.host, |core, now| {
                let sdp = core.media_info(id).unwrap().local_sdp.unwrap();
                core.update_media(now, id, &sdp, method)
            })
            .unwrap();
    }

    fn update(&self, simulation: &mut CallSimulation, sdp: &str) {
        let id = self.call.id();
        simulation
            .with(self.host, |core, now| {
                core.update_media(now, id, sdp, OfferMethod::Invite)
            })
            .unwrap();
    }

    /// Packets received so far.
    fn received(&self, simulation: &mut CallSimulation) -> u64 {
        let id = self.call.id();
        simulation.with(self.host, |core, now| core.report(now, id));
        simulation.run_for(Duration::from_millis(20));
        self.call
            .media_statistics()
            .map_or(0, |media| media.packets_received)
    }

    /// Whether packets arrive.
    fn hears(&self, simulation: &mut CallSimulation) -> bool {
        let before = self.received(simulation);
        simulation.run_for(SECOND);
        let packets = self.received(simulation) - before;
        assert!(packets == 0 || packets > 45, "{packets} packets");
        packets > 0
    }
}

fn host(address: &str) -> SimHost {
    let mut host = SimHost::new(address.parse().unwrap()).answering(Answering::at_once());
    host.media.source = AudioSource::Tone {
        frequency_hz: 440.0,
        amplitude: 0.5,
    };
    host
}

/// The call at the called side.
fn taken(simulation: &mut CallSimulation, host: HostId) -> Arc<CallRecord> {
    simulation.registry(host).calls().remove(0)
}

fn established(simulation: &mut CallSimulation, bob: SimHost) -> (Side, Side) {
    let alice = simulation.add(host("10.0.0.1")).unwrap();
    let bob = simulation.add(bob).unwrap();
    let call = simulation.call(alice, ALICE, BOB).unwrap();
    assert!(simulation.run_until_true(32 * SECOND, |_| call.state() == CallState::Active));
    simulation.run_for(2 * SECOND);
    let other = taken(simulation, bob);
    assert_eq!(other.state(), CallState::Active);
    (
        Side { host: alice, call },
        Side {
            host: bob,
            call: other,
        },
    )
}

fn assert_holds(simulation: &mut CallSimulation, (alice, bob): (&Side, &Side), hold: HoldState) {
    let mirrored = HoldState {
        local: hold.remote,
        remote: hold.local,
    };
    assert_eq!((alice.call.hold(), bob.call.hold()), (hold, mirrored));
    let state = if hold.is_held() {
        CallState::OnHold
    } else {
        CallState::Active
    };
    assert_eq!((alice.call.state(), bob.call.state()), (state, state));
    let _ = simulation;
}

#[test]
fn a_hold_stops_the_sound_both_ways_and_a_resume_brings_it_back() {
    let mut simulation = CallSimulation::new(1);
    let (alice, bob) = established(&mut simulation, host("10.0.0.2"));
    let sides = (&alice, &bob);
    assert!(alice.hears(&mut simulation) && bob.hears(&mut simulation));
    for _ in 0..3 {
        alice.hold(&mut simulation);
        assert!(alice.call.is_offer_pending());
        simulation.run_for(SECOND);
        assert!(!alice.call.is_offer_pending());
        assert_holds(&mut simulation, sides, WE);
        assert!(!alice.hears(&mut simulation) && !bob.hears(&mut simulation));
        alice.resume(&mut simulation);
        simulation.run_for(SECOND);
        assert_holds(&mut simulation, sides, NOBODY);
        assert!(alice.hears(&mut simulation) && bob.hears(&mut simulation));
    }
    let held: Vec<HoldState> = simulation
        .events(bob.host)
        .into_iter()
        .filter_map(|(_, event)| match event {
            BasicSessionEvent::HoldChanged { hold, .. } => Some(hold),
            _ => None,
        })
        .collect();
    assert_eq!(held, [THEY, NOBODY, THEY, NOBODY, THEY, NOBODY]);
}

#[test]
fn who_is_held_hears_the_music_and_the_holder_hears_nothing() {
    let mut simulation = CallSimulation::new(2);
    let mut musical = host("10.0.0.2");
    musical.settings.music_on_hold = AudioSource::Tone {
        frequency_hz: 1000.0,
        amplitude: 0.5,
    };
    let (alice, bob) = established(&mut simulation, musical);
    bob.hold(&mut simulation);
    simulation.run_for(SECOND);
    assert_holds(&mut simulation, (&alice, &bob), THEY);
    assert!(alice.hears(&mut simulation) && !bob.hears(&mut simulation));
}

#[test]
fn the_holds_of_both_sides_are_unwound_in_any_order() {
    for first in 0..2 {
        let mut simulation = CallSimulation::new(3);
        let (alice, bob) = established(&mut simulation, host("10.0.0.2"));
        let sides = (&alice, &bob);
        alice.hold(&mut simulation);
        simulation.run_for(SECOND);
        bob.hold(&mut simulation);
        simulation.run_for(SECOND);
        assert_holds(&mut simulation, sides, BOTH);
        assert!(!alice.hears(&mut simulation) && !bob.hears(&mut simulation));
        if first == 0 {
            alice.resume(&mut simulation);
            simulation.run_for(SECOND);
            assert_holds(&mut simulation, sides, THEY);
            bob.resume(&mut simulation);
        } else {
            bob.resume(&mut simulation);
            simulation.run_for(SECOND);
            assert_holds(&mut simulation, sides, WE);
            alice.resume(&mut simulation);
        }
        simulation.run_for(SECOND);
        assert_holds(&mut simulation, sides, NOBODY);
        assert!(alice.hears(&mut simulation) && bob.hears(&mut simulation));
    }
}

#[test]
fn the_last_wish_counts_however_fast_they_follow() {
    let mut simulation = CallSimulation::new(4);
    let (alice, bob) = established(&mut simulation, host("10.0.0.2"));
    for wishes in 1..6 {
        for wish in 0..wishes {
            if wish % 2 == 0 {
                alice.hold(&mut simulation);
            } else {
                alice.resume(&mut simulation);
            }
        }
        simulation.run_for(5 * SECOND);
        let hold = if wishes % 2 == 1 { WE } else { NOBODY };
        assert_holds(&mut simulation, (&alice, &bob), hold);
        alice.resume(&mut simulation);
        simulation.run_for(5 * SECOND);
        assert_holds(&mut simulation, (&alice, &bob), NOBODY);
    }
}

#[test]
fn holds_that_cross_on_a_network_that_loses_agree_in_the_end() {
    for_each_seed(seeds(15), |simulation| {
        let (alice, bob) = established(simulation, host("10.0.0.2"));
        simulation.set_faults(SimFaults {
            loss: 0.1,
            duplicate: 0.05,
            reorder: 0.05,
            delay: Duration::from_millis(5)..Duration::from_millis(60),
        });
        alice.hold(simulation);
        bob.hold(simulation);
        simulation.run_for(60 * SECOND);
        assert_holds(simulation, (&alice, &bob), BOTH);
        bob.resume(simulation);
        alice.resume(simulation);
        simulation.run_for(60 * SECOND);
        assert_holds(simulation, (&alice, &bob), NOBODY);
    })
    .unwrap();
}

#[test]
fn a_refused_hold_leaves_the_call_as_it_was() {
    let mut simulation = CallSimulation::new(6);
    let sdp = description(1, "10.0.0.2", "sendrecv");
    let accept = CallDecision::Accept(Some(sdp));
    let own = host("10.0.0.2").answering(Answering::After(Duration::ZERO, accept));
    let (alice, bob) = established(&mut simulation, own);
    alice.hold(&mut simulation);
    simulation.run_for(SECOND);
    assert_eq!(
        (alice.call.hold(), alice.call.state()),
        (NOBODY, CallState::Active)
    );
    let refused = simulation
        .events(alice.host)
        .into_iter()
        .find_map(|(_, event)| match event {
            BasicSessionEvent::OfferRefused { status, .. } => Some(status.code()),
            _ => None,
        });
    assert_eq!(refused, Some(488));
    assert!(!alice.call.is_offer_pending());
    let id = bob.call.id();
    let none = simulation.with(bob.host, |core, now| core.hold(now, id));
    assert!(
        matches!(none, Err(SessionError::NoMedia { .. })),
        "{none:?}"
    );
}

/// The description of an application that handles its own media.
fn description(version: u32, address: &str, direction: &str) -> String {
    format!(
        "v=0\r\no=- 7 {version} IN IP4 10.0.0.2\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n\
         m=audio 4000 RTP/AVP 0\r\na={direction}\r\n"
    )
}

#[test]
fn a_peer_holds_when_it_no_longer_wants_what_it_wanted() {
    let mut simulation = CallSimulation::new(7);
    let accept = CallDecision::Accept(Some(description(1, "10.0.0.2", "sendrecv")));
    let own = host("10.0.0.2").answering(Answering::After(Duration::ZERO, accept));
    let (alice, bob) = established(&mut simulation, own);
    let changes = [
        ("10.0.0.2", "sendonly", THEY),
        ("10.0.0.2", "inactive", THEY),
        ("10.0.0.2", "sendrecv", NOBODY),
        ("0.0.0.0", "sendrecv", THEY),
        ("10.0.0.2", "recvonly", NOBODY),
        ("10.0.0.2", "inactive", THEY),
        ("10.0.0.2", "sendrecv", NOBODY),
    ];
    for (version, (address, direction, hold)) in (2..).zip(changes) {
        bob.update(&mut simulation, &description(version, address, direction));
        simulation.run_for(SECOND);
        assert!(!bob.call.is_offer_pending());
        assert_eq!(alice.call.hold(), hold, "{address} {direction}");
        let state = if hold.is_held() {
            CallState::OnHold
        } else {
            CallState::Active
        };
        assert_eq!(alice.call.state(), state);
    }
}

#[test]
fn a_peer_that_never_wanted_sound_does_not_hold() {
    for direction in ["inactive", "sendonly"] {
        let mut simulation = CallSimulation::new(8);
        let accept = CallDecision::Accept(Some(description(1, "10.0.0.2", direction)));
        let own = host("10.0.0.2").answering(Answering::After(Duration::ZERO, accept));
        let (alice, bob) = established(&mut simulation, own);
        assert_eq!(alice.call.hold(), NOBODY);
        bob.update(&mut simulation, &description(2, "10.0.0.2", "sendrecv"));
        simulation.run_for(SECOND);
        bob.update(&mut simulation, &description(3, "10.0.0.2", direction));
        simulation.run_for(SECOND);
        assert_eq!(alice.call.hold(), THEY, "now it does");
    }
}

#[test]
fn a_call_that_is_not_answered_cannot_be_held_and_says_what_it_can() {
    let mut simulation = CallSimulation::new(9);
    let alice = simulation.add(host("10.0.0.1")).unwrap();
    let ringing = host("10.0.0.2").answering(Answering::ByHand);
    simulation.add(ringing).unwrap();
    let call = simulation.call(alice, ALICE, BOB).unwrap();
    simulation.run_for(SECOND);
    let id = call.id();
    let refused = simulation
        .with(alice, |core, now| core.hold(now, id))
        .unwrap_err();
    let SessionError::InvalidState {
        state,
        operation,
        allowed,
        ..
    } = &refused
    else {
        panic!("{refused}")
    };
    assert_eq!((*state, *operation), (CallState::Ringing, Operation::Hold));
    assert_eq!(*allowed, [Operation::Bridge, Operation::Terminate]);
    assert!(
        refused.to_string().ends_with("it can bridge, terminate"),
        "{refused}"
    );
    let named = format!("{id} (Call-ID {})", call.call_id().unwrap());
    assert!(refused.to_string().contains(&named), "{refused}");
    let wire = simulation.wire();
    let invite = String::from_utf8_lossy(&wire[0].octets).into_owned();
    assert!(invite.contains(&**call.call_id().unwrap()), "{invite}");
}

#[test]
fn a_hold_that_crosses_the_end_of_the_call_comes_to_nothing() {
    for_each_seed(seeds(15), |simulation| {
        let (alice, bob) = established(simulation, host("10.0.0.2"));
        simulation.set_faults(SimFaults {
            loss: 0.1,
            delay: Duration::from_millis(1)..Duration::from_millis(30),
            ..SimFaults::default()
        });
        alice.hold(simulation);
        let id = bob.call.id();
        let host = bob.host;
        simulation.after(Duration::from_millis(15), move |simulation| {
            let _ = simulation.with(host, |core, now| core.terminate(now, id));
        });
        simulation.run_for(60 * SECOND);
        assert_eq!(bob.call.cause(), Some(&TerminalCause::LocalHangup));
        // When his BYE is lost, the 481 to the re-INVITE tells that he is gone.
        let cause = alice.call.cause();
        let gone =
            matches!(cause, Some(TerminalCause::DialogLost { status }) if status.code() == 481);
        assert!(
            gone || cause == Some(&TerminalCause::RemoteHangup),
            "{cause:?}"
        );
        for side in [&alice, &bob] {
            let ends = |(_, event): &(_, BasicSessionEvent)| {
                matches!(event, BasicSessionEvent::Ended { .. })
            };
            let events = simulation.events(side.host);
            assert_eq!(events.iter().filter(|event| ends(event)).count(), 1);
        }
    })
    .unwrap();
}

#[test]
fn digits_go_out_while_the_call_stands_and_the_peer_takes_them() {
    let mut simulation = CallSimulation::new(10);
    let (alice, bob) = established(&mut simulation, host("10.0.0.2"));
    let id = alice.call.id();
    let send = |simulation: &mut CallSimulation, digits: &str| {
        let digits = digits.to_owned();
        simulation.with(alice.host, |core, now| core.send_dtmf(now, id, &digits))
    };
    send(&mut simulation, "12#").unwrap();
    let wrong = send(&mut simulation, "1x");
    assert!(matches!(wrong, Err(SessionError::InvalidDigit('x'))));
    simulation.run_for(2 * SECOND);
    let host = bob.host;
    let id = bob.call.id();
    simulation.with(host, |core, now| core.report(now, id));
    simulation.run_for(SECOND);
    let ignored = bob.call.media_statistics().unwrap().packets_ignored;
    assert_eq!(ignored, 3 * 7, "events, which are not played");
    bob.hold(&mut simulation);
    simulation.run_for(SECOND);
    let held = send(&mut simulation, "1");
    assert!(matches!(held, Err(SessionError::Media { .. })), "{held:?}");
}

#[test]
fn a_session_is_changed_by_update_as_by_reinvite() {
    for (method, label) in [
        (OfferMethod::Update, "UPDATE"),
        (OfferMethod::Invite, "INVITE"),
    ] {
        let mut simulation = CallSimulation::new(7);
        let (alice, bob) = established(&mut simulation, host("10.0.0.2"));
        for side in [&alice, &bob] {
            let before = simulation.wire().len();
            side.update_by(&mut simulation, method);
            assert!(side.call.is_offer_pending());
            simulation.run_for(SECOND);
            assert!(!side.call.is_offer_pending());
            let refused =
                |event: &BasicSessionEvent| matches!(event, BasicSessionEvent::OfferRefused { .. });
            let events = simulation.events(side.host);
            assert!(!events.iter().any(|(_, event)| refused(event)));
            let sent = simulation.wire()[before].label();
            assert!(sent.starts_with(label), "{sent}");
        }
        assert!(alice.hears(&mut simulation) && bob.hears(&mut simulation));
    }
}

#[test]
fn a_refresh_of_the_session_is_no_event_for_anybody() {
    let mut simulation = CallSimulation::new(8);
    let (alice, bob) = established(&mut simulation, host("10.0.0.2"));
    for host in [alice.host, bob.host] {
        simulation.events(host);
    }
    let before = simulation.wire().len();
    simulation.run_for(Duration::from_secs(1000));
    let sent: Vec<String> = simulation.wire()[before..]
        .iter()
        .map(|it| it.label())
        .collect();
    assert_eq!(sent, ["UPDATE", "200 UPDATE"]);
    for host in [alice.host, bob.host] {
        let events = simulation.events(host);
        assert!(events.is_empty(), "{events:?}");
    }
}
