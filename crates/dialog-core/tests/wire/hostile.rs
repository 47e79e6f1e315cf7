//! Whatever arrives, nothing panics or piles up, and the call in progress goes on.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rvoip_dialog_core::EndCause;

use crate::kit::*;

/// One to four octets removed, doubled, or replaced.
fn damage(text: &str, rng: &mut StdRng) -> Vec<u8> {
    let mut octets = text.replace('\n', "\r\n").into_bytes();
    for _ in 0..rng.random_range(1..=4) {
        let at = rng.random_range(0..octets.len());
        match rng.random_range(0..3) {
            0 => {
                octets.remove(at);
            }
            1 => octets.insert(at, octets[at]),
            _ => octets[at] = rng.random(),
        }
    }
    octets
}

#[test]
fn damaged_messages_do_no_harm_to_the_call_in_progress() {
    let mut rng = StdRng::seed_from_u64(1);
    let mut bench = Bench::new();
    let (key, tag) = bench.called();
    for round in 0..4_000_u32 {
        let (method, to_tag, body) = match round % 6 {
            0 => ("INVITE", None, OFFER),
            1 => ("INVITE", Some(tag.as_str()), OFFER),
            2 => ("ACK", Some(tag.as_str()), ANSWER),
            3 => ("INFO", Some(tag.as_str()), ""),
            4 => ("OPTIONS", None, ""),
            _ => ("BYE", Some("0123456789abcdef"), ""),
        };
        let request = bench.request(
            method,
            2 + round,
            to_tag,
            &["Record-Route: <sip:p.example.com;lr>"],
            body,
        );
        let payload = damage(&request, &mut rng);
        bench
            .sim
            .send_datagram(addr(PEER), addr(US), payload.into());
        bench.run(20);
    }
    for event in bench.events() {
        match event {
            Event::Ended { key: ended, .. } => assert_ne!(ended, key),
            Event::Offer { .. } | Event::OfferWithdrawn { .. } | Event::IncomingCall { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    bench.take();
    let bye = bench.request("BYE", 2_000_000_000, Some(&tag), &[], "");
    bench.send(&bye);
    let ended = bench.events().into_iter().any(|event| {
        matches!(event, Event::Ended { key: ended, cause: EndCause::RemoteBye } if ended == key)
    });
    assert!(ended);
    bench.run(300_000);
    bench.events();
    bench.assert_clean();
}

#[test]
fn damaged_responses_end_a_call_of_ours_at_worst() {
    let mut rng = StdRng::seed_from_u64(2);
    for _ in 0..300 {
        let mut bench = Bench::new();
        let (_, invite) = bench.calling(sdp(OFFER));
        for status in ["180 Ringing", "200 OK", "200 OK"] {
            let route = "Record-Route: <sip:10.0.0.2:5060;lr>, <sip:10.0.0.2:5060>";
            let payload = damage(
                &reply(&invite, status, Some("b1"), &[route], ANSWER),
                &mut rng,
            );
            bench
                .sim
                .send_datagram(addr(PEER), addr(US), payload.into());
            bench.run(50);
        }
        let keys: Vec<_> = bench.manager().keys().collect();
        for key in keys {
            bench.command(|manager, now| {
                manager.terminate(now, key, rvoip_dialog_core::TerminateCause::Normal)
            });
        }
        bench.assert_clean();
        let ends = bench
            .events()
            .iter()
            .filter(|event| matches!(event, Event::Ended { .. }))
            .count();
        assert_eq!(ends, 1);
    }
}
