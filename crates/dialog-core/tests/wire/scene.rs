//! Crossings over a network that loses, repeats, delays and reorders: each of many seeds, both sides end exactly once, and
//! nothing is left. `RVOIP_SEEDS` says how many seeds, where the usual number is not enough.

use std::ops::Range;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rvoip_dialog_core::sip_transport::sim::NodeId;
use rvoip_dialog_core::{
    Body, CallExtensions, CallKey, ClientConfig, DialogManager, HybridConfig, Leg, ServerConfig,
    SessionTimerConfig, TerminateCause,
};

use crate::kit::*;
use crate::pair::Pair;

const SEEDS: u64 = 100;

/// The seeds of a crossing.
pub(crate) fn seeds() -> Range<u64> {
    let more = std::env::var("RVOIP_SEEDS").ok();
    0..more.and_then(|text| text.parse().ok()).unwrap_or(SEEDS)
}

#[derive(Debug)]
struct Side {
    node: NodeId,
    call: Option<CallKey>,
    up: bool,
    ended: u32,
    answers: u32,
}

/// Two parties, a network and what has happened so far.
struct Scene {
    pair: Pair,
    alice: Side,
    bob: Side,
    rng: StdRng,
    seed: u64,
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
        };
        let call = pair.call("sip:bob@10.0.0.2");
        Scene {
            alice: side(pair.alice, Some(call)),
            bob: side(pair.bob, None),
            pair,
            rng: StdRng::seed_from_u64(seed),
            seed,
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
            let seed = self.seed;
            let side = self.side(who);
            assert_eq!(side.ended, 0, "seed {seed}: {event:?} after the end");
            let leg = match event {
                Event::IncomingCall { key, .. } => {
                    assert_eq!(side.call, None, "seed {seed}: a second call");
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
            manager.offer(now, key, Body::sdp(OFFER))
        })
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
    fn finish(mut self) -> bool {
        for _ in 0..2 {
            self.hang_up(Alice);
            self.hang_up(Bob);
            self.run(200_000..200_001);
        }
        let seed = self.seed;
        for side in [&self.alice, &self.bob] {
            assert_eq!(side.ended, u32::from(side.call.is_some()), "seed {seed}");
            let manager = self.pair.sim.core(side.node);
            assert!(
                manager.is_idle(),
                "seed {seed}: {} calls, {:?}",
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
fn crossing(loss: f64, up: u64, play: impl Fn(&mut Scene)) -> u64 {
    let seeds = seeds();
    let total = seeds.end;
    let (mut both, mut answers) = (0, 0);
    for seed in seeds {
        let mut scene = Scene::new(seed, loss);
        play(&mut scene);
        answers += u64::from(scene.alice.answers + scene.bob.answers);
        both += u64::from(scene.finish());
    }
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
            assert!(
                scene.alice.answers + scene.bob.answers > 0,
                "seed {}",
                scene.seed
            );
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
