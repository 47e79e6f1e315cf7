//! Whole calls over a network that loses, repeats and reorders, thousands of seeds: both sides always end exactly once
//! and nothing is left.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rvoip_dialog_core::sip_transport::sim::{NodeId, for_each_seed, seeds};
use rvoip_dialog_core::{Body, CallKey, TerminateCause};

use crate::kit::*;
use crate::pair::Pair;

struct Side {
    node: NodeId,
    call: Option<CallKey>,
    ended: u32,
    answered: bool,
}

/// What a user might do, at any moment, whether it fits or not; the manager refuses what does not.
fn act(pair: &mut Pair, side: &Side, rng: &mut StdRng) {
    let Some(key) = side.call.filter(|_| side.ended == 0) else {
        return;
    };
    pair.sim.with(side.node, |manager, now| {
        let _ = match rng.random_range(0..12) {
            0 => manager.provisional(now, key, status(180), None, rng.random()),
            1 => manager.provisional(now, key, status(183), sdp(ANSWER), rng.random()),
            2..=4 => manager.accept(now, key, sdp(ANSWER)),
            5 => manager.reject(now, key, status(486), &[]),
            6 => manager.terminate(now, key, TerminateCause::Normal),
            7 => manager.offer(now, key, OfferMethod::Invite, Body::sdp(OFFER)),
            8 | 9 => manager.answer_offer(now, key, sdp(ANSWER)),
            10 => manager.refuse_offer(now, key, status(488), &[]),
            _ => manager.ack_answer(now, key, Body::sdp(ANSWER)),
        };
    });
}

fn observe(pair: &mut Pair, side: &mut Side, seed: u64) {
    for (_, event) in pair.sim.events(side.node) {
        assert_eq!(side.ended, 0, "seed {seed}: {event:?} after the end");
        match event {
            Event::IncomingCall { key, .. } => {
                assert_eq!(side.call, None, "seed {seed}: a second call");
                side.call = Some(key);
            }
            Event::Answered { .. } | Event::Confirmed { .. } => side.answered = true,
            Event::Ended { .. } => side.ended += 1,
            _ => {}
        }
    }
}

/// One call; whether both sides were in it.
fn run(seed: u64, pair: &mut Pair) -> bool {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut alice = Side {
        node: pair.alice,
        call: None,
        ended: 0,
        answered: false,
    };
    let mut bob = Side {
        node: pair.bob,
        ..alice
    };
    alice.call = Some(pair.call("sip:bob@10.0.0.2"));
    for _ in 0..rng.random_range(1..20) {
        let pause = rng.random_range(1..1_500);
        pair.run(pause);
        observe(pair, &mut alice, seed);
        observe(pair, &mut bob, seed);
        let side = if rng.random() { &alice } else { &bob };
        act(pair, side, &mut rng);
    }
    // At last both hang up, if there is anything to hang up, and all timers run out.
    for _ in 0..2 {
        for node in [pair.alice, pair.bob] {
            pair.sim.with(node, |manager, now| {
                for key in manager.keys().collect::<Vec<_>>() {
                    manager.terminate(now, key, TerminateCause::Normal).unwrap();
                }
            });
        }
        pair.run(200_000);
        observe(pair, &mut alice, seed);
        observe(pair, &mut bob, seed);
    }
    for side in [&alice, &bob] {
        assert_eq!(side.ended, u32::from(side.call.is_some()), "seed {seed}");
        let manager = pair.sim.core(side.node);
        assert!(
            manager.is_idle(),
            "seed {seed}: {} calls, {:?}",
            manager.calls(),
            manager.transactions()
        );
        assert_eq!(
            pair.sim.core(side.node).counters().ended_calls,
            u64::from(side.ended),
            "seed {seed}"
        );
    }
    alice.answered && bob.answered
}

#[test]
fn every_call_ends_once_on_both_sides_whatever_is_lost() {
    let begin = |seed| {
        let mut pair = Pair::new(seed, "10.0.0.1:5060", "10.0.0.2:5060");
        pair.lose(0.3);
        pair
    };
    let (seeds, mut answered) = (seeds(5_000), 0);
    for_each_seed(seeds.clone(), begin, |seed, pair| {
        answered += usize::from(run(seed, pair));
    })
    .unwrap();
    assert!(
        answered > seeds.count() / 5,
        "only {answered} calls were answered on both sides"
    );
}
