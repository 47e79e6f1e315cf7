//! Crossings over a network that loses, repeats, delays and reorders: each of many seeds, both sides end exactly once, and
//! nothing is left.

use std::ops::Range;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rvoip_dialog_core::sip_transport::sim::{Ladder, NodeId, SimFaults, for_each_seed, seeds};
use rvoip_dialog_core::{
    Body, CallExtensions, CallKey, ClientConfig, DialogManager, HybridConfig, Leg, Refer,
    ServerConfig, SessionTimerConfig, SubscriptionKey, TerminateCause,
};

use crate::kit::*;
use crate::pair::Pair;

/// The seeds of a crossing.
pub(crate) fn usual_seeds() -> Range<u64> {
    seeds(100)
}

#[derive(Debug)]
struct Side {
    node: NodeId,
    call: Option<CallKey>,
    up: bool,
    ended: u32,
    answers: u32,
    /// The subscription of a REFER, while it is there.
    refer: Option<SubscriptionKey>,
    /// REFERs sent or received, those that are over, and calls that the peer said it has placed.
    refers: [u32; 3],
}

/// Two parties, a network and what has happened so far.
struct Scene {
    pair: Pair,
    alice: Side,
    bob: Side,
    rng: StdRng,
}

#[derive(Clone, Copy, Debug)]
enum Who {
    Alice,
    Bob,
}

use Who::{Alice, Bob};

/// Sessions that are refreshed every 45 s.
fn config() -> HybridConfig {
    let extensions = CallExtensions {
        session_timer: Some(SessionTimerConfig {
            expires: Duration::from_secs(90),
            ..SessionTimerConfig::default()
        }),
        ..CallExtensions::default()
    };
    HybridConfig {
        client: ClientConfig {
            extensions: extensions.clone(),
            ..ClientConfig::default()
        },
        server: ServerConfig {
            extensions,
            ..ServerConfig::default()
        },
    }
}

impl Ladder for Scene {
    fn ladder(&self) -> String {
        self.pair.ladder()
    }
}

impl Scene {
    fn new(seed: u64, loss: f64) -> Scene {
        let mut pair = Pair::with(seed, config(), config());
        pair.lose(loss);
        let side = |node, call| Side {
            node,
            call,
            up: false,
            ended: 0,
            answers: 0,
            refer: None,
            refers: [0; 3],
        };
        let call = pair.call("sip:bob@10.0.0.2");
        Scene {
            alice: side(pair.alice, Some(call)),
            bob: side(pair.bob, None),
            pair,
            rng: StdRng::seed_from_u64(seed),
        }
    }

    /// Time passes; offers are answered as they come.
    fn run(&mut self, milliseconds: Range<u64>) {
        let total = self.rng.random_range(milliseconds);
        let step = (total / 8).clamp(10, 1_000);
        let mut left = total;
        while left > 0 {
            self.pair.run(step.min(left));
            left = left.saturating_sub(step);
            self.observe(Alice);
            self.observe(Bob);
        }
    }

    fn observe(&mut self, who: Who) {
        let node = self.side(who).node;
        for (_, event) in self.pair.sim.events(node) {
            let side = self.side(who);
            match event {
                Event::IncomingRefer { key, .. } => {
                    side.refer = Some(key);
                    side.refers[0] += 1;
                }
                Event::SubscriptionEnded { key, .. } => {
                    assert_eq!(side.refer.take(), Some(key), "ended twice");
                    side.refers[1] += 1;
                }
                Event::ReferProgress { key, status } => {
                    assert_eq!(side.refer, Some(key), "{status} after the end");
                    side.refers[2] += u32::from(status.is_success());
                }
                _ => {}
            }
            let is_of_refer = matches!(
                event,
                Event::IncomingRefer { .. }
                    | Event::ReferProgress { .. }
                    | Event::Subscribed { .. }
                    | Event::SubscriptionEnded { .. }
            );
            assert!(side.ended == 0 || is_of_refer, "{event:?} after the end");
            let leg = match event {
                Event::IncomingCall { key, .. } => {
                    assert_eq!(side.call, None, "a second call");
                    side.call = Some(key);
                    None
                }
                Event::Answered {
                    key, offer: true, ..
                } => {
                    side.up = true;
                    self.act(who, |manager, now, _| {
                        manager.ack_answer(now, key, Body::sdp(ANSWER))
                    });
                    None
                }
                Event::Answered { .. } | Event::Confirmed { .. } => {
                    side.up = true;
                    None
                }
                Event::Answer { .. } => {
                    side.answers += 1;
                    None
                }
                Event::Ended { .. } => {
                    side.ended += 1;
                    None
                }
                Event::Offer { key, fork, .. } => Some(Leg { call: key, fork }),
                _ => None,
            };
            if let Some(leg) = leg {
                let body = sdp(ANSWER);
                self.act(who, |manager, now, _| manager.answer_offer(now, leg, body));
            }
        }
    }

    fn side(&mut self, who: Who) -> &mut Side {
        match who {
            Alice => &mut self.alice,
            Bob => &mut self.bob,
        }
    }

    /// Something a party does, if it still has the call; whether it was allowed to.
    fn act<R, E>(
        &mut self,
        who: Who,
        f: impl FnOnce(&mut DialogManager, std::time::Instant, CallKey) -> Result<R, E>,
    ) -> bool {
        let side = self.side(who);
        let Some(key) = side.call.filter(|_| side.ended == 0) else {
            return false;
        };
        let node = side.node;
        self.pair
            .sim
            .with(node, |manager, now| f(manager, now, key).is_ok())
    }

    fn hang_up(&mut self, who: Who) {
        self.act(who, |manager, now, key| {
            manager.terminate(now, key, TerminateCause::Normal)
        });
    }

    fn ring(&mut self, body: Option<Body>, reliable: bool) {
        self.act(Bob, |manager, now, key| {
            manager.provisional(now, key, status(180), body, reliable)
        });
    }

    fn accept(&mut self) {
        self.act(Bob, |manager, now, key| {
            manager.accept(now, key, sdp(ANSWER))
        });
    }

    fn offer(&mut self, who: Who) -> bool {
        self.act(who, |manager, now, key| {
            manager.offer(now, key, OfferMethod::Invite, Body::sdp(OFFER))
        })
    }

    /// What one side sends is lost so often from now on, and nothing of the other.
    fn lose_from(&mut self, who: Who, loss: f64) {
        let [alice, bob] = ["10.0.0.1", "10.0.0.2"].map(|text| text.parse().unwrap());
        let between = match who {
            Alice => (alice, bob),
            Bob => (bob, alice),
        };
        self.pair.lose(0.0);
        let faults = SimFaults {
            loss,
            delay: Duration::from_millis(5)..Duration::from_millis(80),
            ..SimFaults::default()
        };
        let net = &mut self.pair.sim;
        net.set_faults_between(between.0, between.1, faults);
    }

    /// Alice asks Bob to call Carol.
    fn refer(&mut self) {
        let carol = "sip:carol@10.0.0.3".parse().unwrap();
        let mut sent = None;
        self.act(Alice, |manager, now, key| {
            let refer = manager.refer(now, key, &Refer::to(&carol));
            sent = refer.as_ref().ok().copied();
            refer
        });
        self.alice.refer = sent;
        self.alice.refers[0] += u32::from(sent.is_some());
    }

    /// Bob does what he was asked for, and tells so at once.
    fn follow(&mut self) {
        let Some(key) = self.bob.refer else { return };
        self.pair.sim.with(self.bob.node, |manager, now| {
            // Whether it is still wanted, only the manager knows.
            let _ = manager.accept_refer(now, key);
            let _ = manager.notify_refer(now, key, status(180));
            let _ = manager.notify_refer(now, key, status(200));
        });
    }

    fn either(&mut self) -> Who {
        match self.rng.random() {
            true => Alice,
            false => Bob,
        }
    }

    /// Rings until the call has reached the other party.
    fn arrive(&mut self) {
        for _ in 0..40 {
            if self.bob.call.is_some() {
                break;
            }
            self.run(500..1_000);
        }
    }

    /// A call that both have, if the network lets them.
    fn establish(&mut self) {
        self.arrive();
        self.accept();
        for _ in 0..30 {
            if self.alice.up && self.bob.up {
                break;
            }
            self.run(200..1_000);
        }
    }

    /// Whoever still has the call hangs up, and all timers run out. Whether both were in it.
    fn finish(&mut self) -> bool {
        for _ in 0..2 {
            self.hang_up(Alice);
            self.hang_up(Bob);
            self.run(200_000..200_001);
        }
        for side in [&self.alice, &self.bob] {
            assert_eq!(side.ended, u32::from(side.call.is_some()));
            assert_eq!(side.refers[1], side.refers[0]);
            let manager = self.pair.sim.core(side.node);
            assert!(
                manager.is_idle(),
                "{} calls, {:?}",
                manager.calls(),
                manager.transactions()
            );
            assert_eq!(manager.counters().ended_calls, u64::from(side.ended));
        }
        self.alice.up && self.bob.up
    }
}

/// Runs a crossing with every seed; so many of a hundred calls have to be up at some time on both sides. Gives how many of a
/// hundred offers inside calls were answered.
fn crossing(loss: f64, up: u64, mut play: impl FnMut(&mut Scene)) -> u64 {
    let seeds = usual_seeds();
    let total = seeds.clone().count() as u64;
    let (mut both, mut answers) = (0, 0);
    let begin = |seed| Scene::new(seed, loss);
    for_each_seed(seeds, begin, |_, scene| {
        play(scene);
        answers += u64::from(scene.alice.answers + scene.bob.answers);
        both += u64::from(scene.finish());
    })
    .unwrap();
    assert!(both * 100 >= total * up, "only {both} of {total} were up");
    answers * 100 / total
}

#[test]
fn cancel_and_200() {
    crossing(0.2, 0, |scene| {
        scene.arrive();
        scene.ring(None, false);
        scene.run(50..400);
        let first = scene.either();
        for who in [first, other(first)] {
            match who {
                Alice => scene.hang_up(Alice),
                Bob => scene.accept(),
            }
            scene.run(0..120);
        }
    });
}

#[test]
fn cancel_and_486() {
    crossing(0.2, 0, |scene| {
        scene.arrive();
        scene.ring(None, true);
        scene.run(50..400);
        let first = scene.either();
        for who in [first, other(first)] {
            match who {
                Alice => scene.hang_up(Alice),
                Bob => {
                    scene.act(Bob, |manager, now, key| {
                        manager.reject(now, key, status(486), &[])
                    });
                }
            }
            scene.run(0..120);
        }
    });
}

fn other(who: Who) -> Who {
    match who {
        Alice => Bob,
        Bob => Alice,
    }
}

#[test]
fn bye_and_bye() {
    crossing(0.2, 90, |scene| {
        scene.establish();
        scene.hang_up(Alice);
        scene.run(0..120);
        scene.hang_up(Bob);
    });
}

#[test]
fn bye_and_reinvite() {
    crossing(0.2, 90, |scene| {
        scene.establish();
        let who = scene.either();
        scene.offer(who);
        scene.run(0..150);
        scene.hang_up(other(who));
        scene.run(0..2_000);
    });
}

#[test]
fn reinvite_and_reinvite() {
    let answered = crossing(0.1, 90, |scene| {
        scene.establish();
        scene.run(1_000..2_000);
        let first = scene.either();
        let (one, two) = (scene.offer(first), {
            scene.run(0..60);
            scene.offer(other(first))
        });
        scene.run(60_000..70_000);
        // What one side could offer was answered in the end, or superseded by the other's.
        if (one || two) && scene.alice.ended + scene.bob.ended == 0 {
            assert!(scene.alice.answers + scene.bob.answers > 0);
        }
    });
    assert!(answered >= 90, "only {answered} of 100 were answered");
}

#[test]
fn update_and_reinvite() {
    let answered = crossing(0.1, 90, |scene| {
        scene.establish();
        // The refresher sends its UPDATE at about this time.
        scene.run(44_700..45_300);
        let who = scene.either();
        scene.offer(who);
        scene.run(20_000..30_000);
    });
    assert!(answered >= 90, "only {answered} of 100 were answered");
}

#[test]
fn update_and_update_before_the_answer() {
    let answered = crossing(0.1, 80, |scene| {
        scene.arrive();
        scene.ring(sdp(ANSWER), true);
        scene.run(500..3_000);
        let first = scene.either();
        scene.offer(first);
        scene.run(0..60);
        scene.offer(other(first));
        scene.run(0..6_000);
        scene.accept();
        scene.run(10_000..20_000);
    });
    assert!(answered >= 60, "only {answered} of 100 were answered");
}

#[test]
fn prack_lost() {
    crossing(0.35, 60, |scene| {
        scene.arrive();
        scene.ring(None, true);
        scene.run(0..1_000);
        scene.ring(sdp(ANSWER), true);
        scene.run(0..3_000);
        scene.accept();
        scene.run(20_000..30_000);
    });
}

#[test]
fn success_and_ack_lost() {
    crossing(0.5, 50, |scene| {
        scene.establish();
        scene.run(0..40_000);
    });
}

#[test]
fn success_lost() {
    crossing(0.0, 90, |scene| {
        scene.arrive();
        scene.lose_from(Bob, 0.8);
        scene.accept();
        scene.run(30_000..40_000);
    });
}

#[test]
fn ack_lost() {
    crossing(0.0, 90, |scene| {
        scene.arrive();
        scene.lose_from(Alice, 0.8);
        scene.accept();
        scene.run(30_000..40_000);
    });
}

#[test]
fn late_success_after_cancel() {
    crossing(0.3, 0, |scene| {
        scene.arrive();
        scene.ring(None, false);
        scene.run(100..300);
        scene.hang_up(Alice);
        scene.accept();
        scene.run(5_000..40_000);
    });
}

#[test]
fn refresh_and_bye() {
    crossing(0.2, 85, |scene| {
        scene.establish();
        scene.run(44_800..45_400);
        let who = scene.either();
        scene.hang_up(who);
        scene.run(0..100);
    });
}

#[test]
fn a_long_call_over_a_bad_line_is_kept_alive() {
    crossing(0.25, 85, |scene| {
        scene.establish();
        scene.run(300_000..400_000);
    });
}

#[test]
fn refer_and_bye() {
    crossing(0.2, 90, |scene| {
        scene.establish();
        scene.refer();
        scene.run(0..150);
        let who = scene.either();
        scene.hang_up(who);
        scene.run(0..150);
        scene.follow();
        scene.run(0..2_000);
        scene.hang_up(other(who));
    });
}

/// What Bob has to tell often overtakes his 202.
#[test]
fn notify_and_202() {
    let (mut placed, mut all) = (0, 0);
    crossing(0.2, 90, |scene| {
        scene.establish();
        scene.refer();
        for _ in 0..40 {
            scene.run(100..800);
            scene.follow();
        }
        placed += scene.alice.refers[2];
        all += scene.alice.refers[0];
    });
    assert!(placed * 10 >= all * 9, "{placed} of {all} were told");
}
