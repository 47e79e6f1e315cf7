//! Two managers against each other, over UDP, TCP and IPv6.

use std::time::Duration;

use rvoip_dialog_core::sip_transport::sim::{Ladder, NodeId, SimFaults, Simulation};
use rvoip_dialog_core::sip_transport::{ListenerInfo, TransportKind};
use rvoip_dialog_core::{
    Body, CallKey, DialogManager, DialogManagerConfig, HybridConfig, OutgoingCall, TerminateCause,
};

use crate::kit::*;

pub(crate) struct Pair {
    pub(crate) sim: Simulation<DialogManager>,
    pub(crate) alice: NodeId,
    pub(crate) bob: NodeId,
}

impl Pair {
    pub(crate) fn new(seed: u64, alice: &str, bob: &str) -> Pair {
        Pair::of(seed, (alice, hybrid()), (bob, hybrid()))
    }

    /// Alice at 10.0.0.1 and Bob at 10.0.0.2, each as configured.
    pub(crate) fn with(seed: u64, alice: HybridConfig, bob: HybridConfig) -> Pair {
        let (alice, bob) = [alice, bob].map(DialogManagerConfig::Hybrid).into();
        Pair::of(seed, ("10.0.0.1:5060", alice), ("10.0.0.2:5060", bob))
    }

    fn of(seed: u64, alice: (&str, DialogManagerConfig), bob: (&str, DialogManagerConfig)) -> Pair {
        Pair::over(&[TransportKind::Udp, TransportKind::Tcp], seed, alice, bob)
    }

    /// Both listen on these transports.
    pub(crate) fn over(
        kinds: &[TransportKind],
        seed: u64,
        alice: (&str, DialogManagerConfig),
        bob: (&str, DialogManagerConfig),
    ) -> Pair {
        let mut sim = Simulation::new(seed);
        let mut add = |(at, config): (&str, DialogManagerConfig), seed| {
            let listeners: Vec<_> = kinds.iter().map(|kind| (*kind, addr(at))).collect();
            let listeners = ListenerInfo::plan(&listeners);
            let manager = manager(config, &listeners, seed, sim.wire_log());
            sim.add(manager, listeners)
        };
        let (alice, bob) = (add(alice, seed * 2), add(bob, seed * 2 + 1));
        Pair { sim, alice, bob }
    }

    /// Loses, repeats and reorders from now on.
    pub(crate) fn lose(&mut self, loss: f64) {
        self.sim.set_faults(SimFaults {
            loss,
            duplicate: 0.1,
            reorder: 0.2,
            delay: Duration::from_millis(5)..Duration::from_millis(80),
        });
    }

    pub(crate) fn call(&mut self, remote: &str) -> CallKey {
        self.sim.with(self.alice, |manager, now| {
            let mut call = OutgoingCall::new(
                "<sip:alice@example.com>".parse().unwrap(),
                remote.parse().unwrap(),
            );
            call.body = sdp(OFFER);
            manager.invite(now, call).unwrap()
        })
    }

    pub(crate) fn run(&mut self, milliseconds: u64) {
        self.sim.run_for(Duration::from_millis(milliseconds));
    }

    pub(crate) fn names(&mut self, node: NodeId) -> Vec<String> {
        self.sim
            .events(node)
            .iter()
            .map(|(_, event)| name(event))
            .collect()
    }

    pub(crate) fn incoming(&mut self) -> CallKey {
        match self.sim.events(self.bob).as_slice() {
            [(_, Event::IncomingCall { key, .. })] => *key,
            other => panic!("{other:?}"),
        }
    }
}

impl Ladder for Pair {
    fn ladder(&self) -> String {
        self.sim.ladder()
    }
}

fn whole_call(alice: &str, bob: &str, remote: &str) {
    let mut pair = Pair::new(1, alice, bob);
    let (a, b) = (pair.alice, pair.bob);
    let call = pair.call(remote);
    pair.run(50);
    let incoming = pair.incoming();
    pair.sim
        .with(b, |manager, now| {
            manager.provisional(now, incoming, status(180), None, false)
        })
        .unwrap();
    pair.run(50);
    pair.sim
        .with(b, |manager, now| manager.accept(now, incoming, sdp(ANSWER)))
        .unwrap();
    pair.run(50);
    assert_eq!(pair.names(a), ["Progress 180", "Answered"]);
    assert_eq!(pair.names(b), ["Confirmed"]);

    // Either side changes the session.
    pair.sim
        .with(a, |manager, now| {
            manager.offer(now, call, OfferMethod::Invite, Body::sdp(OFFER))
        })
        .unwrap();
    pair.run(50);
    assert_eq!(pair.names(b), ["Offer"]);
    pair.sim
        .with(b, |manager, now| {
            manager.answer_offer(now, incoming, sdp(ANSWER))
        })
        .unwrap();
    pair.run(50);
    assert_eq!(pair.names(a), ["Answer"]);
    pair.sim
        .with(b, |manager, now| {
            manager.offer(now, incoming, OfferMethod::Invite, Body::sdp(OFFER))
        })
        .unwrap();
    pair.run(50);
    assert_eq!(pair.names(a), ["Offer"]);
    pair.sim
        .with(a, |manager, now| {
            manager.refuse_offer(now, call, status(488), &[])
        })
        .unwrap();
    pair.run(50);
    assert_eq!(pair.names(b), ["OfferRefused 488"]);

    // Both at once.
    pair.sim
        .with(a, |manager, now| {
            manager.offer(now, call, OfferMethod::Invite, Body::sdp(OFFER))
        })
        .unwrap();
    pair.sim
        .with(b, |manager, now| {
            manager.offer(now, incoming, OfferMethod::Invite, Body::sdp(OFFER))
        })
        .unwrap();
    pair.run(50);
    // Bob has not made the Call-ID and comes again first; what Alice wanted is out of date then.
    pair.run(2_050);
    assert_eq!(pair.names(a), ["Offer"]);
    pair.sim
        .with(a, |manager, now| {
            manager.answer_offer(now, call, sdp(ANSWER))
        })
        .unwrap();
    pair.run(2_500);
    assert_eq!(pair.names(a), ["OfferRefused 491"]);
    assert_eq!(pair.names(b), ["Answer"]);

    pair.run(100_000);
    assert!(pair.names(a).is_empty() && pair.names(b).is_empty());
    pair.sim
        .with(b, |manager, now| {
            manager.terminate(now, incoming, TerminateCause::Normal)
        })
        .unwrap();
    pair.run(50);
    assert_eq!(pair.names(a), ["Ended RemoteBye"]);
    assert_eq!(pair.names(b), ["Ended LocalBye"]);
    pair.run(100_000);
    assert!(pair.sim.core(a).is_idle() && pair.sim.core(b).is_idle());
}

#[test]
fn a_whole_call_over_udp() {
    whole_call("10.0.0.1:5060", "10.0.0.2:5070", "sip:bob@10.0.0.2:5070");
}

#[test]
fn a_whole_call_over_tcp() {
    whole_call(
        "10.0.0.1:5060",
        "10.0.0.2:5070",
        "sip:bob@10.0.0.2:5070;transport=tcp",
    );
}

#[test]
fn a_whole_call_over_ipv6() {
    whole_call(
        "[2001:db8::1]:5060",
        "[2001:db8::2]:5070",
        "sip:bob@[2001:db8::2]:5070",
    );
}

#[test]
fn the_contact_names_port_and_transport_of_the_call() {
    let mut pair = Pair::new(1, "10.0.0.1:5066", "10.0.0.2:5070");
    pair.call("sip:bob@10.0.0.2:5070;transport=tcp");
    pair.run(50);
    let events = pair.sim.events(pair.bob);
    let [(_, Event::IncomingCall { request, .. })] = events.as_slice() else {
        panic!("{events:?}")
    };
    let contact = request.contact().unwrap().unwrap();
    assert_eq!(
        contact.to_string(),
        "<sip:alice@10.0.0.1:5066;transport=tcp>"
    );
}

#[test]
fn both_hang_up_at_once() {
    let mut pair = Pair::new(1, "10.0.0.1:5060", "10.0.0.2:5060");
    let (a, b) = (pair.alice, pair.bob);
    let call = pair.call("sip:bob@10.0.0.2");
    pair.run(50);
    let incoming = pair.incoming();
    pair.sim
        .with(b, |manager, now| manager.accept(now, incoming, sdp(ANSWER)))
        .unwrap();
    pair.run(50);
    pair.sim
        .with(a, |manager, now| {
            manager.terminate(now, call, TerminateCause::Normal)
        })
        .unwrap();
    pair.sim
        .with(b, |manager, now| {
            manager.terminate(now, incoming, TerminateCause::Normal)
        })
        .unwrap();
    pair.run(100_000);
    assert_eq!(pair.names(a), ["Answered", "Ended LocalBye"]);
    assert_eq!(pair.names(b), ["Confirmed", "Ended LocalBye"]);
    assert!(pair.sim.core(a).is_idle() && pair.sim.core(b).is_idle());
}

#[test]
fn the_same_seed_gives_the_same_call_ids() {
    let call_id = |seed| {
        let mut pair = Pair::new(seed, "10.0.0.1:5060", "10.0.0.2:5060");
        let key = pair.call("sip:bob@10.0.0.2");
        pair.sim.core(pair.alice).call_id(key).unwrap().to_string()
    };
    assert_eq!(call_id(3), call_id(3));
    assert_ne!(call_id(3), call_id(4));
}

#[test]
fn a_bye_on_a_connection_that_the_peer_has_reset_goes_out_on_another() {
    let mut pair = Pair::new(1, "10.0.0.1:5060", "10.0.0.2:5070");
    let (a, b) = (pair.alice, pair.bob);
    let call = pair.call("sip:bob@10.0.0.2:5070;transport=tcp");
    pair.run(50);
    let incoming = pair.incoming();
    pair.sim
        .with(b, |manager, now| manager.accept(now, incoming, sdp(ANSWER)))
        .unwrap();
    pair.run(50);
    pair.names(a);
    pair.names(b);
    pair.sim.reset_connections(b);
    pair.sim
        .with(a, |manager, now| {
            manager.terminate(now, call, TerminateCause::Normal)
        })
        .unwrap();
    pair.run(5_000);
    assert_eq!(pair.names(a), ["Ended LocalBye"]);
    assert_eq!(pair.names(b), ["Ended RemoteBye"]);
    // INVITE, the BYE that was lost, and the other.
    let sent = pair.sim.core(a).transactions().counters();
    assert_eq!(sent.client_transactions, 3);
}
