//! Calls to a user who is registered with several phones: which ring, which takes the call, which refusal counts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg(feature = "sim")]

use std::sync::Arc;
use std::time::Duration;

use rvoip_dialog_core::registrar::RegistrarConfig;
use rvoip_session_core::sim::{
    Answering, CallSimulation, HostId, SimFaults, SimHost, for_each_seed,
};
use rvoip_session_core::{
    BasicSessionEvent, CallDecision, CallRecord, CallState, ForwardMode, RegistrationConfig,
    TerminalCause,
};

const ALICE: &str = "sip:alice@10.0.0.1";
const BOB: &str = "sip:bob@10.0.0.2";
const SECOND: Duration = Duration::from_secs(1);

fn host(address: &str, answering: Answering) -> SimHost {
    SimHost::new(address.parse().unwrap()).answering(answering)
}

fn accepts(milliseconds: u64) -> Answering {
    Answering::After(
        Duration::from_millis(milliseconds),
        CallDecision::Accept(None),
    )
}

fn refuses(reason: &str) -> Answering {
    Answering::After(
        Duration::from_millis(200),
        CallDecision::Reject(reason.to_owned()),
    )
}

/// A caller, a registrar that sends calls on, and the phones of bob.
struct Scene<'a> {
    simulation: &'a mut CallSimulation,
    alice: HostId,
    registrar: HostId,
    phones: Vec<HostId>,
}

impl<'a> Scene<'a> {
    /// Each phone with the `q` of its contact.
    fn new(simulation: &'a mut CallSimulation, phones: &[(&str, Answering)]) -> Scene<'a> {
        Self::hearing(simulation, phones, false)
    }

    /// The same, with the early media of the first phone that has any, or none.
    fn hearing(
        simulation: &'a mut CallSimulation,
        phones: &[(&str, Answering)],
        early: bool,
    ) -> Scene<'a> {
        let alice = simulation.add(host("10.0.0.1", Answering::ByHand)).unwrap();
        let forward = CallDecision::Forward(BOB.to_owned());
        let mut registrar = host("10.0.0.2", Answering::After(Duration::ZERO, forward));
        registrar.settings.forwarding = ForwardMode::NewLeg;
        registrar.settings.forked_early_media = early;
        registrar.registrar = Some(RegistrarConfig::default());
        let registrar = simulation.add(registrar).unwrap();
        let mut contacts = Vec::new();
        let phones = phones
            .iter()
            .zip(11..)
            .map(|((q, answering), number)| {
                let address = format!("10.0.0.{number}");
                contacts.push(format!("<sip:bob@{address}:5060>;q={q}"));
                simulation.add(host(&address, answering.clone())).unwrap()
            })
            .collect();
        // One of them registers all; its own contact comes with the others.
        let mut config = RegistrationConfig::new(BOB);
        config.contacts = contacts;
        let agent = simulation
            .add(host("10.0.0.9", refuses("500 Server Internal Error")))
            .unwrap();
        simulation.with(agent, |core, now| core.register(now, &config).unwrap());
        simulation.run_for(SECOND);
        Scene {
            simulation,
            alice,
            registrar,
            phones,
        }
    }

    fn call(&mut self) -> Arc<CallRecord> {
        self.simulation.call(self.alice, ALICE, BOB).unwrap()
    }

    /// The messages of a kind that have gone to a phone.
    fn sent(&self, phone: usize, label: &str) -> usize {
        let address = format!("10.0.0.{}", phone + 11);
        let messages = self.simulation.wire();
        let is_it = |message: &&rvoip_session_core::sim::WireMessage| {
            message.label() == label && message.destination.ip().to_string() == address
        };
        messages.iter().filter(is_it).count()
    }

    fn assert_empty(&mut self) {
        self.simulation.run_for(40 * SECOND);
        for host in self.phones.iter().chain([&self.alice, &self.registrar]) {
            let stats = self.simulation.core(*host).stats();
            let left = [stats.active_sessions, stats.dialogs, stats.transactions];
            assert_eq!(left, [0; 3], "{stats:?}");
        }
    }

    fn status(call: &CallRecord) -> Option<u16> {
        let status = call.cause().and_then(TerminalCause::status);
        status.map(|status| status.code())
    }
}

/// The caller hears the first phone that says something before anybody answers, where that is set, and in the end whoever takes
/// the call.
#[test]
fn the_caller_hears_the_first_phone_that_has_early_media_by_policy() {
    for (heard, winner) in [(true, 0), (true, 1), (false, 0)] {
        let mut simulation = CallSimulation::new(9);
        let by_hand = || ("1.0", Answering::ByHand);
        let mut scene = Scene::hearing(&mut simulation, &[by_hand(), by_hand()], heard);
        let call = scene.call();
        scene.simulation.run_for(SECOND);
        for phone in [0, 1] {
            let host = scene.phones[phone];
            let id = scene.simulation.registry(host).calls().remove(0).id();
            scene.simulation.with(host, |core, now| {
                core.start_early_media(now, id, None, false).unwrap();
            });
            scene.simulation.run_for(SECOND);
        }
        assert_eq!(call.state(), CallState::Ringing);
        // Their sound comes to the caller directly, described or not.
        assert!(call.has_early_media());
        let remote = |scene: &mut Scene<'_>| {
            let (alice, id) = (scene.alice, call.id());
            let info = scene.simulation.with(alice, |core, _| core.media_info(id));
            info.unwrap().remote_rtp_address.to_string()
        };
        let first = if heard { "10.0.0.11" } else { "0.0.0.0" };
        assert_eq!(remote(&mut scene), first);
        let host = scene.phones[winner];
        let id = scene.simulation.registry(host).calls().remove(0).id();
        scene.simulation.with(host, |core, now| {
            core.decide(now, id, CallDecision::Accept(None)).unwrap();
        });
        scene.simulation.run_for(SECOND);
        assert_eq!(call.state(), CallState::Active);
        assert_eq!(remote(&mut scene), format!("10.0.0.1{}", winner + 1));
        let (alice, id) = (scene.alice, call.id());
        let ended = scene
            .simulation
            .with(alice, |core, now| core.terminate(now, id));
        ended.unwrap();
        scene.assert_empty();
    }
}

#[test]
fn phones_of_equal_preference_ring_together_and_the_first_to_answer_takes_the_call() {
    let mut simulation = CallSimulation::new(1);
    let mut scene = Scene::new(
        &mut simulation,
        &[("1.0", accepts(4000)), ("1.0", accepts(1500))],
    );
    let call = scene.call();
    scene.simulation.run_for(SECOND);
    assert_eq!(call.state(), CallState::Ringing);
    assert_eq!((scene.sent(0, "INVITE"), scene.sent(1, "INVITE")), (1, 1));
    scene.simulation.run_for(2 * SECOND);
    assert_eq!(call.state(), CallState::Active);
    assert_eq!((scene.sent(0, "CANCEL"), scene.sent(1, "CANCEL")), (1, 0));
    assert_eq!(
        scene
            .simulation
            .core(scene.registrar)
            .stats()
            .active_sessions,
        2
    );
    let taken = scene.simulation.registry(scene.phones[1]).calls();
    assert_eq!(taken[0].state(), CallState::Active);
    // Each sees the other's media, and the end comes through.
    let id = call.id();
    let alice = scene.alice;
    scene
        .simulation
        .with(alice, |core, now| core.hold(now, id))
        .unwrap();
    scene.simulation.run_for(SECOND);
    assert!(taken[0].hold().remote);
    scene
        .simulation
        .with(alice, |core, now| core.terminate(now, id))
        .unwrap();
    scene.simulation.run_for(2 * SECOND);
    assert_eq!(taken[0].cause(), Some(&TerminalCause::RemoteHangup));
    assert_eq!(scene.sent(1, "BYE"), 1);
    scene.assert_empty();
}

#[test]
fn a_phone_of_lower_preference_rings_when_the_preferred_ones_refuse() {
    let mut simulation = CallSimulation::new(2);
    let mut scene = Scene::new(
        &mut simulation,
        &[("0.9", refuses("486 Busy Here")), ("0.5", accepts(500))],
    );
    let call = scene.call();
    scene.simulation.run_for(Duration::from_millis(150));
    assert_eq!(scene.sent(1, "INVITE"), 0);
    scene.simulation.run_for(2 * SECOND);
    assert_eq!(call.state(), CallState::Active);
    assert_eq!((scene.sent(0, "INVITE"), scene.sent(1, "INVITE")), (1, 1));
    let id = call.id();
    let alice = scene.alice;
    scene
        .simulation
        .with(alice, |core, now| core.terminate(now, id))
        .unwrap();
    scene.assert_empty();
}

#[test]
fn the_best_refusal_is_told_and_a_global_one_ends_the_search() {
    let mut simulation = CallSimulation::new(3);
    let mut scene = Scene::new(
        &mut simulation,
        &[
            ("1.0", refuses("500 Server Internal Error")),
            ("1.0", refuses("486 Busy Here")),
            ("0.2", refuses("480 Temporarily Unavailable")),
        ],
    );
    let call = scene.call();
    scene.simulation.run_for(5 * SECOND);
    assert_eq!(Scene::status(&call), Some(486));
    assert_eq!(scene.sent(2, "INVITE"), 1);
    scene.assert_empty();

    let mut simulation = CallSimulation::new(4);
    let mut scene = Scene::new(
        &mut simulation,
        &[
            ("1.0", refuses("603 Decline")),
            ("1.0", Answering::ByHand),
            ("0.2", accepts(0)),
        ],
    );
    let call = scene.call();
    scene.simulation.run_for(2 * SECOND);
    assert_eq!(Scene::status(&call), Some(603));
    assert_eq!((scene.sent(1, "CANCEL"), scene.sent(2, "INVITE")), (1, 0));
    scene.assert_empty();
}

#[test]
fn a_caller_who_gives_up_takes_every_phone_back() {
    let silent = || Answering::ByHand;
    let mut simulation = CallSimulation::new(5);
    let mut scene = Scene::new(
        &mut simulation,
        &[("1.0", silent()), ("1.0", silent()), ("0.5", silent())],
    );
    let call = scene.call();
    scene.simulation.run_for(2 * SECOND);
    let (alice, id) = (scene.alice, call.id());
    scene
        .simulation
        .with(alice, |core, now| core.terminate(now, id))
        .unwrap();
    scene.simulation.run_for(2 * SECOND);
    assert_eq!(call.cause(), Some(&TerminalCause::Cancelled));
    assert_eq!((scene.sent(0, "CANCEL"), scene.sent(1, "CANCEL")), (1, 1));
    assert_eq!(scene.sent(2, "INVITE"), 0);
    scene.assert_empty();
}

#[test]
fn whoever_answers_one_call_remains_and_every_leg_ends_once() {
    for_each_seed(0..60, |simulation| {
        let seed = simulation.seed();
        let quick = 300 + 10 * (seed % 7);
        let mut scene = Scene::new(
            simulation,
            &[
                ("1.0", accepts(300)),
                ("1.0", accepts(quick)),
                ("0.5", accepts(100)),
            ],
        );
        scene.simulation.set_faults(SimFaults {
            loss: 0.1,
            duplicate: 0.1,
            reorder: 0.1,
            delay: Duration::from_millis(1)..Duration::from_millis(60),
        });
        let call = scene.call();
        scene.simulation.run_for(20 * SECOND);
        let (alice, registrar, id) = (scene.alice, scene.registrar, call.id());
        let active = |simulation: &CallSimulation, host: HostId| {
            let calls = simulation.registry(host).calls();
            let active = calls.iter().filter(|it| it.state() == CallState::Active);
            active.count()
        };
        if call.state() == CallState::Active {
            let phones = scene.phones.iter();
            let taken: usize = phones.map(|it| active(scene.simulation, *it)).sum();
            assert_eq!((taken, active(scene.simulation, registrar)), (1, 2));
        }
        let _ = scene
            .simulation
            .with(alice, |core, now| core.terminate(now, id));
        scene.simulation.run_for(300 * SECOND);
        let events = scene.simulation.events(registrar);
        let count = |is_it: fn(&BasicSessionEvent) -> bool| {
            events.iter().filter(|(_, event)| is_it(event)).count()
        };
        let begun = count(|event| {
            matches!(
                event,
                BasicSessionEvent::CallPlaced { .. } | BasicSessionEvent::CallReceived { .. }
            )
        });
        let ended = count(|event| matches!(event, BasicSessionEvent::Ended { .. }));
        assert_eq!(begun, ended);
        scene.assert_empty();
    })
    .unwrap();
}
