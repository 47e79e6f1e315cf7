//! Transfers among simulated hosts: blind and attended, every part in them, and the orders that break others.

#![allow(clippy::unwrap_used, clippy::panic)]
#![cfg(feature = "sim")]

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use rvoip_session_core::dialog_core::sip_core::StatusCode;
use rvoip_session_core::sim::{
    Answering, CallSimulation, HostId, SimFaults, SimHost, for_each_seed, seeds,
};
use rvoip_session_core::{
    BasicSessionEvent, CallDecision, CallRecord, CallState, SessionError, SessionId, TerminalCause,
    Transfer, TransferDecision, TransferFailure, TransferId, TransferProgress, TransferRole,
    TransferType,
};

const SECOND: Duration = Duration::from_secs(1);

fn host(last: u8, answering: Answering) -> SimHost {
    let mut host = SimHost::new([10, 0, 0, last].into()).answering(answering);
    host.settings.sends_audio = false;
    host
}

/// Alice, Bob and Carol, each answering by itself unless said otherwise.
struct Scene<'a> {
    sim: &'a mut CallSimulation,
    hosts: Vec<HostId>,
    seen: Vec<Vec<BasicSessionEvent>>,
}

const ALICE: usize = 0;
const BOB: usize = 1;
const CAROL: usize = 2;

fn uri(host: usize) -> String {
    format!(
        "sip:{}@10.0.0.{}",
        ["alice", "bob", "carol", "dave"][host],
        host + 1
    )
}

impl<'a> Scene<'a> {
    fn new(sim: &'a mut CallSimulation, answering: &[Answering]) -> Scene<'a> {
        let hosts: Vec<HostId> = (1..)
            .zip(answering)
            .map(|(last, answering)| sim.add(host(last, answering.clone())).unwrap())
            .collect();
        let seen = hosts.iter().map(|_| Vec::new()).collect();
        Scene { sim, hosts, seen }
    }

    fn run(&mut self, time: Duration) {
        self.sim.run_for(time);
        for (host, seen) in self.hosts.iter().zip(&mut self.seen) {
            seen.extend(self.sim.events(*host).into_iter().map(|(_, event)| event));
        }
    }

    /// An answered call; its record at the caller.
    fn call(&mut self, from: usize, to: usize) -> Arc<CallRecord> {
        let call = self
            .sim
            .call(self.hosts[from], &uri(from), &uri(to))
            .unwrap();
        self.run(SECOND);
        assert_eq!(call.state(), CallState::Active);
        call
    }

    fn transfer(&mut self, host: usize, call: &CallRecord, to: &str) -> Arc<Transfer> {
        let id = call.id();
        self.sim
            .with(self.hosts[host], |core, now| core.transfer(now, id, to))
            .unwrap()
    }

    /// How the transfers of a host went, by their role.
    fn story(&self, host: usize, role: TransferRole) -> Vec<TransferProgress> {
        let told = |event: &BasicSessionEvent| match event {
            BasicSessionEvent::Transfer {
                transfer, progress, ..
            } if transfer.role() == role => Some(*progress),
            _ => None,
        };
        self.seen[host].iter().filter_map(told).collect()
    }

    /// The calls of a host that exist.
    fn calls(&self, host: usize) -> Vec<Arc<CallRecord>> {
        self.sim.registry(self.hosts[host]).calls()
    }

    fn hang_up_all(&mut self) {
        for host in self.hosts.clone() {
            for call in self.sim.registry(host).calls() {
                let _ = self
                    .sim
                    .with(host, |core, now| core.terminate(now, call.id()));
            }
        }
        self.run(300 * SECOND);
    }

    /// Every call and every transfer has ended once, and nothing is left.
    fn assert_over(&mut self) {
        self.hang_up_all();
        for (host, seen) in self.hosts.iter().zip(&self.seen) {
            let mut calls: HashMap<SessionId, u32> = HashMap::new();
            let mut transfers: HashMap<TransferId, u32> = HashMap::new();
            for event in seen {
                match event {
                    BasicSessionEvent::Ended { call, .. } => {
                        *calls.entry(call.id()).or_default() += 1;
                    }
                    BasicSessionEvent::Transfer {
                        transfer, progress, ..
                    } => {
                        let ended = transfers.entry(transfer.id()).or_default();
                        assert_eq!(*ended, 0, "{progress:?} after the end");
                        *ended += u32::from(progress.is_final());
                    }
                    event => {
                        if let Some(id) = event.session_id() {
                            calls.entry(id).or_default();
                        }
                    }
                }
            }
            assert!(calls.values().all(|ended| *ended == 1), "{calls:?}");
            assert!(transfers.values().all(|ended| *ended == 1), "{transfers:?}");
            let stats = self.sim.core(*host).stats();
            assert_eq!(
                (
                    stats.active_sessions,
                    stats.dialogs,
                    stats.transactions,
                    stats.media_ports
                ),
                (0, 0, 0, 0)
            );
        }
    }
}

fn at_once() -> [Answering; 3] {
    [
        Answering::at_once(),
        Answering::at_once(),
        Answering::at_once(),
    ]
}

fn ended(call: &CallRecord) -> TerminalCause {
    call.cause().cloned().unwrap()
}

#[test]
fn blind() {
    let mut sim = CallSimulation::new(1);
    let mut scene = Scene::new(&mut sim, &at_once());
    let call = scene.call(ALICE, BOB);
    let transfer = scene.transfer(ALICE, &call, &uri(CAROL));
    assert_eq!(call.state(), CallState::Transferring);
    assert_eq!(transfer.transfer_type(), TransferType::Blind);
    scene.run(2 * SECOND);
    let story = scene.story(ALICE, TransferRole::Transferor);
    assert_eq!(story.first(), Some(&TransferProgress::Initiated));
    assert_eq!(story[1], TransferProgress::Accepted);
    assert_eq!(
        story[2],
        TransferProgress::Proceeding {
            status: StatusCode::TRYING
        }
    );
    assert_eq!(story.last(), Some(&TransferProgress::Completed));
    assert_eq!(ended(&call), TerminalCause::LocalHangup);
    let story = scene.story(BOB, TransferRole::Transferee);
    assert_eq!(
        story[..2],
        [TransferProgress::Requested, TransferProgress::Accepted]
    );
    assert_eq!(story.last(), Some(&TransferProgress::Completed));
    // Bob talks to Carol, who knows who sent him.
    let (at_bob, at_carol) = (scene.calls(BOB), scene.calls(CAROL));
    assert_eq!((at_bob.len(), at_carol.len()), (1, 1));
    assert_eq!(at_bob[0].state(), CallState::Active);
    assert_eq!(at_carol[0].from(), uri(BOB));
    let invite = scene
        .sim
        .wire()
        .into_iter()
        .find(|message| message.label() == "INVITE" && message.header("Referred-By").is_some());
    assert_eq!(
        invite.unwrap().header("Referred-By"),
        Some(format!("<{}>", uri(ALICE)))
    );
    let history = scene.sim.core(scene.hosts[ALICE]).transfer_history();
    assert_eq!(history.len(), 1);
    assert_eq!(history[0].id(), transfer.id());
    let history = scene.sim.core(scene.hosts[BOB]).transfer_history();
    assert_eq!(history[0].successor(), Some(at_bob[0].id()));
    assert_eq!(history[0].referred_by(), Some(&*uri(ALICE)));
    scene.assert_over();
}

#[test]
fn attended_with_a_consultation() {
    let mut sim = CallSimulation::new(1);
    let mut scene = Scene::new(&mut sim, &at_once());
    let call = scene.call(ALICE, BOB);
    let id = call.id();
    let consultation = scene
        .sim
        .with(scene.hosts[ALICE], |core, now| {
            core.consult(now, id, &uri(CAROL))
        })
        .unwrap();
    scene.run(SECOND);
    assert_eq!(call.state(), CallState::OnHold);
    assert_eq!(consultation.state(), CallState::Active);
    let transfer = scene
        .sim
        .with(scene.hosts[ALICE], |core, now| {
            core.transfer_attended(now, id, consultation.id())
        })
        .unwrap();
    assert_eq!(transfer.transfer_type(), TransferType::Attended);
    scene.run(3 * SECOND);
    assert_eq!(transfer.progress(), TransferProgress::Completed);
    assert!(call.state().is_final() && consultation.state().is_final());
    // Carol's call with Alice was replaced by the one with Bob.
    let replaced: Vec<TerminalCause> = scene.seen[CAROL]
        .iter()
        .filter_map(|event| match event {
            BasicSessionEvent::Ended { cause, .. } => Some(cause.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(replaced, [TerminalCause::Replaced]);
    let told = |event: &BasicSessionEvent| matches!(event, BasicSessionEvent::ReplacementReceived { replaced, .. } if replaced.from() == uri(ALICE));
    assert!(scene.seen[CAROL].iter().any(told));
    let (at_bob, at_carol) = (scene.calls(BOB), scene.calls(CAROL));
    assert_eq!((at_bob.len(), at_carol.len()), (1, 1));
    assert!(at_bob[0].state().is_answered() && at_carol[0].state().is_answered());
    scene.assert_over();
}

#[test]
fn a_consultation_that_ends_gives_the_held_call_back() {
    let mut sim = CallSimulation::new(1);
    let mut scene = Scene::new(&mut sim, &at_once());
    let call = scene.call(ALICE, BOB);
    let id = call.id();
    let consultation = scene
        .sim
        .with(scene.hosts[ALICE], |core, now| {
            core.consult(now, id, &uri(CAROL))
        })
        .unwrap();
    scene.run(SECOND);
    assert_eq!(call.state(), CallState::OnHold);
    let carols = scene.calls(CAROL)[0].id();
    scene
        .sim
        .with(scene.hosts[CAROL], |core, now| core.terminate(now, carols))
        .unwrap();
    scene.run(2 * SECOND);
    assert_eq!(ended(&consultation), TerminalCause::RemoteHangup);
    assert_eq!(call.state(), CallState::Active);
    scene.assert_over();
}

#[test]
fn failure_gives_the_call_back() {
    let busy = Answering::After(
        Duration::from_millis(50),
        CallDecision::Reject("486 Busy Here".into()),
    );
    let mut sim = CallSimulation::new(1);
    let mut scene = Scene::new(
        &mut sim,
        &[Answering::at_once(), Answering::at_once(), busy],
    );
    let call = scene.call(ALICE, BOB);
    let transfer = scene.transfer(ALICE, &call, &uri(CAROL));
    scene.run(2 * SECOND);
    let busy = TransferFailure::TargetFailed {
        status: StatusCode::BUSY_HERE,
    };
    assert_eq!(transfer.progress(), TransferProgress::Failed(busy));
    assert_eq!(call.state(), CallState::Active);
    assert_eq!(
        scene.story(BOB, TransferRole::Transferee).last(),
        Some(&TransferProgress::Failed(busy))
    );
    assert_eq!(scene.calls(BOB)[0].state(), CallState::Active);
    // And once more, to one who is not there at all.
    let transfer = scene.transfer(ALICE, &call, "sip:nobody@10.0.0.99");
    scene.run(40 * SECOND);
    assert!(matches!(
        transfer.progress(),
        TransferProgress::Failed(TransferFailure::TargetFailed { .. })
    ));
    assert_eq!(call.state(), CallState::Active);
    scene.assert_over();
}

#[test]
fn a_refused_refer_gives_the_call_back() {
    let mut sim = CallSimulation::new(1);
    let mut scene = Scene::new(&mut sim, &at_once());
    let call = scene.call(BOB, ALICE);
    // Whose application decides itself: Dave.
    let dave = scene.sim.add(host(4, Answering::ByHand)).unwrap();
    scene.hosts.push(dave);
    scene.seen.push(Vec::new());
    let other = scene
        .sim
        .call(scene.hosts[ALICE], &uri(ALICE), &uri(3))
        .unwrap();
    scene.run(SECOND);
    let daves = scene.calls(3)[0].id();
    scene
        .sim
        .with(dave, |core, now| {
            core.decide(now, daves, CallDecision::Accept(None))
        })
        .unwrap();
    scene.run(SECOND);
    let transfer = scene.transfer(ALICE, &other, &uri(CAROL));
    scene.run(SECOND);
    let asked = scene.seen[3].iter().find_map(|event| match event {
        BasicSessionEvent::Transfer { transfer, .. } => Some(transfer.id()),
        _ => None,
    });
    let declined = TransferDecision::Reject(StatusCode::DECLINE);
    scene
        .sim
        .with(dave, |core, now| {
            core.decide_transfer(now, asked.unwrap(), declined)
        })
        .unwrap();
    scene.run(SECOND);
    let refused = TransferFailure::Refused {
        status: StatusCode::DECLINE,
    };
    assert_eq!(transfer.progress(), TransferProgress::Failed(refused));
    assert_eq!(other.state(), CallState::Active);
    // Nobody decides.
    let transfer = scene.transfer(ALICE, &other, &uri(CAROL));
    scene.run(20 * SECOND);
    assert!(matches!(
        transfer.progress(),
        TransferProgress::Failed(TransferFailure::Refused { .. })
    ));
    assert_eq!(
        scene.story(3, TransferRole::Transferee).last(),
        Some(&TransferProgress::Failed(TransferFailure::Undecided))
    );
    assert_eq!(call.state(), CallState::Active);
    scene.assert_over();
}

#[test]
fn a_transfer_may_be_taken_back() {
    let late = Answering::After(5 * SECOND, CallDecision::Accept(None));
    let mut sim = CallSimulation::new(1);
    let mut scene = Scene::new(
        &mut sim,
        &[Answering::at_once(), Answering::at_once(), late],
    );
    let call = scene.call(ALICE, BOB);
    let id = call.id();
    let transfer = scene.transfer(ALICE, &call, &uri(CAROL));
    assert!(matches!(
        scene
            .sim
            .with(scene.hosts[ALICE], |core, now| core.transfer(
                now,
                id,
                &uri(CAROL)
            )),
        Err(SessionError::InvalidState { .. })
    ));
    scene.run(SECOND);
    scene
        .sim
        .with(scene.hosts[ALICE], |core, now| {
            core.cancel_transfer(now, id)
        })
        .unwrap();
    assert_eq!(
        transfer.progress(),
        TransferProgress::Failed(TransferFailure::Cancelled)
    );
    assert_eq!(call.state(), CallState::Active);
    assert!(
        scene
            .sim
            .with(scene.hosts[ALICE], |core, now| core
                .cancel_transfer(now, id))
            .is_err()
    );
    scene.run(10 * SECOND);
    scene.assert_over();
}

#[test]
fn who_hangs_up_early_still_learns_the_outcome() {
    let late = Answering::After(3 * SECOND, CallDecision::Accept(None));
    for who in [ALICE, BOB] {
        let mut sim = CallSimulation::new(1);
        let answering = [Answering::at_once(), Answering::at_once(), late.clone()];
        let mut scene = Scene::new(&mut sim, &answering);
        let call = scene.call(ALICE, BOB);
        let transfer = scene.transfer(ALICE, &call, &uri(CAROL));
        scene.run(SECOND);
        let id = match who {
            ALICE => call.id(),
            _ => scene
                .calls(BOB)
                .iter()
                .find(|call| call.to() == uri(BOB))
                .unwrap()
                .id(),
        };
        scene
            .sim
            .with(scene.hosts[who], |core, now| core.terminate(now, id))
            .unwrap();
        scene.run(SECOND);
        assert!(call.state().is_final());
        assert!(!transfer.progress().is_final());
        scene.run(5 * SECOND);
        assert_eq!(transfer.progress(), TransferProgress::Completed);
        assert_eq!(scene.calls(CAROL)[0].from(), uri(BOB));
        scene.assert_over();
    }
}

#[test]
fn transfer_to_self() {
    let mut sim = CallSimulation::new(1);
    let mut scene = Scene::new(&mut sim, &at_once());
    let call = scene.call(ALICE, BOB);
    // Bob is asked to call Alice, with whom he talks.
    let transfer = scene.transfer(ALICE, &call, &uri(ALICE));
    scene.run(3 * SECOND);
    assert_eq!(transfer.progress(), TransferProgress::Completed);
    assert!(call.state().is_final());
    assert_eq!(scene.calls(ALICE).len(), 1);
    // And to call himself.
    let again = scene.calls(ALICE)[0].clone();
    let transfer = scene.transfer(ALICE, &again, &uri(BOB));
    scene.run(40 * SECOND);
    assert!(transfer.progress().is_final(), "{:?}", transfer.progress());
    scene.assert_over();
}

#[test]
fn a_chain_of_transfers() {
    let mut sim = CallSimulation::new(1);
    let mut answering = at_once().to_vec();
    answering.push(Answering::at_once());
    let mut scene = Scene::new(&mut sim, &answering);
    let call = scene.call(ALICE, BOB);
    let first = scene.transfer(ALICE, &call, &uri(CAROL));
    scene.run(2 * SECOND);
    assert_eq!(first.progress(), TransferProgress::Completed);
    let carols = scene.calls(CAROL)[0].clone();
    let second = scene.transfer(CAROL, &carols, &uri(3));
    scene.run(2 * SECOND);
    assert_eq!(second.progress(), TransferProgress::Completed);
    let daves = scene.calls(3)[0].clone();
    assert_eq!(daves.from(), uri(BOB));
    let third = scene.transfer(3, &daves, &uri(ALICE));
    scene.run(2 * SECOND);
    assert_eq!(third.progress(), TransferProgress::Completed);
    assert_eq!(scene.calls(ALICE)[0].from(), uri(BOB));
    assert_eq!((scene.calls(CAROL).len(), scene.calls(3).len()), (0, 0));
    scene.assert_over();
}

/// REFER, BYE, NOTIFY and their answers lost, repeated and out of order, with somebody hanging up at any moment.
#[test]
fn every_transfer_ends_once_whatever_is_lost_and_whoever_hangs_up() {
    let run = |sim: &mut CallSimulation| {
        let seed = sim.seed();
        let delay = Duration::from_millis(10 + seed * 37 % 2_000);
        let carol = match seed % 4 {
            0 => CallDecision::Reject("486 Busy Here".into()),
            _ => CallDecision::Accept(None),
        };
        let answering = [
            Answering::at_once(),
            Answering::After(
                Duration::from_millis(seed * 13 % 300),
                CallDecision::Accept(None),
            ),
            Answering::After(delay, carol),
        ];
        let mut scene = Scene::new(sim, &answering);
        let call = scene.call(ALICE, BOB);
        let attended = seed.is_multiple_of(3);
        let consultation = attended.then(|| {
            let id = call.id();
            let other = scene.sim.with(scene.hosts[ALICE], |core, now| {
                core.consult(now, id, &uri(CAROL))
            });
            scene.run(3 * SECOND);
            other.unwrap()
        });
        scene.sim.set_faults(SimFaults {
            loss: 0.2,
            duplicate: 0.1,
            reorder: 0.2,
            delay: Duration::from_millis(5)..Duration::from_millis(80),
        });
        let id = call.id();
        let sent = scene
            .sim
            .with(scene.hosts[ALICE], |core, now| match &consultation {
                Some(other) => core.transfer_attended(now, id, other.id()),
                None => core.transfer(now, id, &uri(CAROL)),
            });
        let pause = Duration::from_millis(seed * 101 % 3_000);
        scene.run(pause);
        let who = (seed / 5 % 4) as usize;
        if let Some(host) = scene.hosts.get(who).copied() {
            for call in scene.calls(who) {
                let _ = scene
                    .sim
                    .with(host, |core, now| core.terminate(now, call.id()));
            }
        }
        scene.run(40 * SECOND);
        scene.assert_over();
        if let Ok(transfer) = sent {
            assert!(transfer.progress().is_final(), "{:?}", transfer.progress());
        }
    };
    for_each_seed(seeds(100), run).unwrap();
}

#[test]
fn a_transfer_that_is_sent_on_still_says_who_sent_it() {
    let mut sim = CallSimulation::new(31);
    let onwards = Answering::After(Duration::ZERO, CallDecision::Forward(uri(3)));
    let mut answering = at_once().to_vec();
    answering[CAROL] = onwards;
    answering.push(Answering::at_once());
    let mut scene = Scene::new(&mut sim, &answering);
    let call = scene.call(ALICE, BOB);
    let transfer = scene.transfer(ALICE, &call, &uri(CAROL));
    scene.run(5 * SECOND);
    assert_eq!(transfer.progress(), TransferProgress::Completed);
    let wire = scene.sim.wire();
    let arrived = |host: usize| {
        let to = uri(host);
        let invite = wire
            .iter()
            .find(|it| it.label() == "INVITE" && it.text().starts_with(&format!("INVITE {to}")));
        invite.unwrap().header("Referred-By")
    };
    assert!(arrived(CAROL).is_some());
    assert_eq!(arrived(3), arrived(CAROL));
    scene.assert_over();
}
