//! Subscriptions and transfers over a network that loses, repeats and reorders, with users who do anything at any moment:
//! every subscription ends once on either side, and nothing is left.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rvoip_dialog_core::sip_core::Uri;
use rvoip_dialog_core::sip_transport::sim::{
    Ladder, NodeId, SimFaults, Simulation, for_each_seed, seeds,
};
use rvoip_dialog_core::sip_transport::{ListenerInfo, TransportKind};
use rvoip_dialog_core::{
    Body, CallKey, DialogManager, DialogManagerConfig, EventPackage, Grant, HybridConfig,
    OutgoingCall, OutgoingSubscription, Refer, SubscriptionKey, TerminateCause, TerminationReason,
};

use crate::kit::*;

const PLACES: [&str; 2] = ["10.0.0.1:5060", "10.0.0.2:5060"];

#[derive(Default)]
struct Side {
    calls: BTreeSet<CallKey>,
    live: BTreeSet<SubscriptionKey>,
    /// How often each has ended.
    ended: BTreeMap<SubscriptionKey, u32>,
    notified: u32,
}

struct Scene {
    sim: Simulation<DialogManager>,
    nodes: [NodeId; 2],
    sides: [Side; 2],
    rng: StdRng,
    seed: u64,
}

impl Ladder for Scene {
    fn ladder(&self) -> String {
        self.sim.ladder()
    }
}

impl Scene {
    fn new(seed: u64) -> Scene {
        let mut sim = Simulation::new(seed);
        let nodes = [0, 1].map(|index| {
            let place = addr(PLACES[index]);
            let listeners =
                ListenerInfo::plan(&[(TransportKind::Udp, place), (TransportKind::Tcp, place)]);
            let mut config = HybridConfig::default();
            config.server.subscriptions.packages = vec![EventPackage::presence()];
            let config = DialogManagerConfig::Hybrid(config);
            let seed = seed * 2 + index as u64;
            let manager = manager(config, &listeners, seed, sim.wire_log());
            sim.add(manager, listeners)
        });
        sim.set_faults(SimFaults {
            loss: 0.25,
            duplicate: 0.1,
            reorder: 0.2,
            delay: Duration::from_millis(5)..Duration::from_millis(80),
        });
        Scene {
            sim,
            nodes,
            sides: Default::default(),
            rng: StdRng::seed_from_u64(seed),
            seed,
        }
    }

    fn observe(&mut self) {
        let seed = self.seed;
        for (node, side) in self.nodes.into_iter().zip(&mut self.sides) {
            for (_, event) in self.sim.events(node) {
                match event {
                    Event::IncomingCall { key, .. } => drop(side.calls.insert(key)),
                    Event::Ended { key, .. } => {
                        assert!(side.calls.remove(&key), "seed {seed}: {key} ended twice");
                    }
                    Event::IncomingSubscription { key, .. }
                    | Event::IncomingRefer { key, .. }
                    | Event::SubscriptionForked { key, .. } => {
                        assert!(side.live.insert(key), "seed {seed}: {key} came twice");
                    }
                    Event::Subscribed { key, .. }
                    | Event::Notified { key, .. }
                    | Event::SubscriptionRefreshed { key, .. }
                    | Event::ReferProgress { key, .. } => {
                        assert!(side.live.contains(&key), "seed {seed}: {key} is over");
                        side.notified += 1;
                    }
                    Event::SubscriptionEnded { key, .. } => {
                        assert!(side.live.remove(&key), "seed {seed}: {key} ended twice");
                        *side.ended.entry(key).or_default() += 1;
                    }
                    _ => {}
                }
            }
        }
    }

    /// What a user might do; the manager refuses what does not fit.
    fn act(&mut self) {
        let who = self.rng.random_range(0..2);
        let peer: Uri = format!("sip:x@{}", PLACES[1 - who]).parse().unwrap();
        let me = "<sip:y@example.com>".parse().unwrap();
        let side = &mut self.sides[who];
        let pick = |rng: &mut StdRng, count: usize| rng.random_range(0..count.max(1));
        let at = pick(&mut self.rng, side.calls.len());
        let call = side.calls.iter().nth(at).copied();
        let at = pick(&mut self.rng, side.live.len());
        let usage = side.live.iter().nth(at).copied();
        let action = self.rng.random_range(0..22);
        let rng = &mut self.rng;
        self.sim.with(self.nodes[who], |manager, now| {
            let body = Some(Body::sdp("state"));
            match (action, call, usage) {
                (0, ..) => {
                    let mut call = OutgoingCall::new(me, peer);
                    call.body = sdp(OFFER);
                    side.calls.extend(manager.invite(now, call).ok());
                }
                (1, ..) => {
                    let mut wanted = OutgoingSubscription::new(me, peer, EventPackage::presence());
                    wanted.expires = Duration::from_secs([0, 30, 90, 600][rng.random_range(0..4)]);
                    side.live.extend(manager.subscribe(now, wanted).ok());
                }
                (2..=5, Some(key), _) => drop(manager.accept(now, key, sdp(ANSWER))),
                (6, Some(key), _) => drop(manager.terminate(now, key, TerminateCause::Normal)),
                (7..=9, Some(key), _) => {
                    let mut refer = Refer::to(&peer);
                    refer.subscribe = rng.random_range(0..4) > 0;
                    side.live.extend(manager.refer(now, key, &refer).ok());
                }
                (10..=12, _, Some(key)) => {
                    let grant = [Grant::Active, Grant::Pending][rng.random_range(0..2)];
                    drop(manager.accept_subscription(now, key, grant, body));
                }
                (13, _, Some(key)) => drop(manager.refuse_subscription(now, key, status(403))),
                (14, _, Some(key)) => drop(manager.notify(now, key, body)),
                (15, _, Some(key)) => {
                    let reason = TerminationReason::NoResource;
                    drop(manager.terminate_subscription(now, key, reason, None, body));
                }
                (16, _, Some(key)) => drop(manager.unsubscribe(now, key)),
                (17 | 18, _, Some(key)) => drop(manager.accept_refer(now, key)),
                (19, _, Some(key)) => drop(manager.notify_refer(now, key, status(180))),
                (20, _, Some(key)) => drop(manager.notify_refer(now, key, status(200))),
                _ => {}
            }
        });
    }

    fn run(&mut self, milliseconds: u64) {
        self.sim.run_for(Duration::from_millis(milliseconds));
        self.observe();
    }
}

/// One story; how many subscriptions were notified of.
fn run(seed: u64, scene: &mut Scene) -> u32 {
    for _ in 0..scene.rng.random_range(10..60) {
        scene.act();
        let pause = scene.rng.random_range(1..1_200);
        scene.run(pause);
    }
    for _ in 0..2 {
        for node in scene.nodes {
            scene.sim.with(node, |manager, now| {
                for key in manager.keys().collect::<Vec<_>>() {
                    manager.terminate(now, key, TerminateCause::Normal).unwrap();
                }
            });
        }
        for who in 0..2 {
            let live: Vec<_> = scene.sides[who].live.iter().copied().collect();
            scene.sim.with(scene.nodes[who], |manager, now| {
                for key in live {
                    let _ = manager.unsubscribe(now, key);
                }
            });
        }
        scene.run(4_000_000);
    }
    for (node, side) in scene.nodes.into_iter().zip(&scene.sides) {
        assert!(side.live.is_empty(), "seed {seed}: {:?}", side.live);
        assert!(side.ended.values().all(|times| *times == 1), "seed {seed}");
        let manager = scene.sim.core(node);
        assert!(
            manager.is_idle(),
            "seed {seed}: {} calls, {} subscriptions, {:?}",
            manager.calls(),
            manager.subscriptions(),
            manager.transactions()
        );
    }
    scene.sides.iter().map(|side| side.notified).sum()
}

#[test]
fn every_subscription_ends_once_whatever_is_lost_and_whoever_hangs_up() {
    let (seeds, mut notified) = (seeds(500), 0);
    for_each_seed(seeds.clone(), Scene::new, |seed, scene| {
        notified += u64::from(run(seed, scene));
    })
    .unwrap();
    let total = seeds.count() as u64;
    assert!(notified > total, "only {notified} notifications");
}
