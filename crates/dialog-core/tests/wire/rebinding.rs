//! A peer behind a translator that forgets it: its next request comes over another connection, and so do ours from then on.

use rvoip_dialog_core::sip_transport::TransportKind;
use rvoip_dialog_core::sip_transport::sim::Nat;
use rvoip_dialog_core::{Body, CallKey, EndCause, TerminateCause};

use crate::kit::*;
use crate::pair::Pair;

/// A call over TLS from behind a translator; the keys at both sides.
fn behind_a_translator() -> (Pair, CallKey, CallKey) {
    let (alice, bob) = (("10.0.0.1:5061", hybrid()), ("203.0.113.2:5061", hybrid()));
    let mut pair = Pair::over(&[TransportKind::Tls], 1, alice, bob);
    let inside = vec!["10.0.0.1".parse().unwrap()];
    pair.sim
        .add_nat(Nat::new("198.51.100.1".parse().unwrap(), inside));
    let call = pair.call("sip:bob@203.0.113.2:5061;transport=tls");
    pair.run(50);
    let incoming = pair.incoming();
    let b = pair.bob;
    pair.sim
        .with(b, |manager, now| manager.accept(now, incoming, sdp(ANSWER)))
        .unwrap();
    pair.run(50);
    assert_eq!(pair.names(b), ["Confirmed"]);
    (pair, call, incoming)
}

#[test]
fn a_dialog_goes_on_over_the_connection_that_its_peer_has_now() {
    for method in [OfferMethod::Invite, OfferMethod::Update] {
        let (mut pair, call, incoming) = behind_a_translator();
        let (a, b) = (pair.alice, pair.bob);
        pair.sim.forget_mappings();
        pair.sim.reset_connections(a);
        pair.run(50);
        pair.names(a);
        pair.sim
            .with(a, |manager, now| {
                manager.offer(now, call, method, Body::sdp(OFFER))
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
                manager.terminate(now, incoming, TerminateCause::Normal)
            })
            .unwrap();
        pair.run(40_000);
        let ended = format!("Ended {:?}", EndCause::RemoteBye);
        assert_eq!(pair.names(a), [ended]);
    }
}
