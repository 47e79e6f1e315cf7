//! Whatever arrives, nothing panics or piles up, and the call in progress goes on.

use std::sync::Arc;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rvoip_dialog_core::sip_core::Method;
use rvoip_dialog_core::sip_core::header::WwwAuthenticate;
use rvoip_dialog_core::{
    Account, DialogManagerConfig, EndCause, MemoryCredentials, Realm, ServerConfig,
};

use crate::kit::*;
use crate::prack::{early, prack, reliable};
use crate::realm::credentials;
use crate::requests::message;

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

/// Challenges that came apart on their way: each request still ends once, and nothing is left.
#[test]
fn damaged_challenges_end_like_others() {
    let mut rng = StdRng::seed_from_u64(2);
    let mut bench = Bench::new();
    bench.command(|manager, _| {
        manager.set_accounts(vec![Account::new("alice", "zanzibar", "10.0.0.2")]);
        Ok(())
    });
    let challenge = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth,auth-int\", \
                     algorithm=SHA-256, opaque=\"o\", stale=true, userhash=true";
    let (mut sent, mut ended) = (0, 0);
    for _ in 0..1_000 {
        bench.command(|manager, now| manager.request(now, message(&format!("sip:bob@{PEER}"))));
        sent += 1;
        for request in bench.take() {
            let refusal = reply(&request, "401 Unauthorized", Some("c1"), &[challenge], "");
            let at = refusal.find("WWW").unwrap();
            let (head, rest) = refusal.split_at(at);
            let (line, rest) = rest.split_at(challenge.len());
            let mut payload = head.replace('\n', "\r\n").into_bytes();
            payload.extend(damage(line, &mut rng));
            payload.extend(rest.replace('\n', "\r\n").into_bytes());
            bench
                .sim
                .send_datagram(addr(PEER), addr(US), payload.into());
        }
        bench.run(20);
    }
    bench.take();
    bench.run(300_000);
    for event in bench.events() {
        match event {
            Event::RequestAnswered { .. } | Event::RequestFailed { .. } => ended += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(ended, sent);
    bench.assert_clean();
}

/// Credentials that came apart on their way get nobody in.
#[test]
fn damaged_credentials_are_refused() {
    let mut rng = StdRng::seed_from_u64(3);
    let users = MemoryCredentials::new().with_user("alice", "zanzibar");
    let server = ServerConfig {
        methods: vec![Method::Message],
        realm: Some(Realm::new("r", Arc::new(users))),
        ..ServerConfig::default()
    };
    let mut bench = Bench::with(DialogManagerConfig::Server(server));
    let bare = bench.request("MESSAGE", 1, None, &[], "");
    bench.send(&bare);
    let challenge = bench
        .take_one("401")
        .message
        .headers()
        .first::<WwwAuthenticate>();
    let challenge = challenge.unwrap().unwrap();
    for count in 1..2_000 {
        let right = credentials(&challenge, ("alice", "zanzibar"), ("MESSAGE", ""), count);
        let request = bench.request("MESSAGE", 1, None, &[&right], "");
        let at = request.find("response=").unwrap() + "response=\"".len();
        let digit = at + rng.random_range(0..64);
        let other = if &request[digit..=digit] == "0" {
            "1"
        } else {
            "0"
        };
        let request = [&request[..digit], other, &request[digit + 1..]].concat();
        bench.send(&request);
        bench.take_one("401");
        let damaged = damage(&right, &mut rng);
        let request = bench.request("MESSAGE", 1, None, &["CREDENTIALS"], "");
        let (head, rest) = request.split_once("CREDENTIALS").unwrap();
        let mut payload = head.replace('\n', "\r\n").into_bytes();
        payload.extend(damaged);
        payload.extend(rest.replace('\n', "\r\n").into_bytes());
        bench
            .sim
            .send_datagram(addr(PEER), addr(US), payload.into());
        bench.run(5);
        bench.take();
        bench.events();
    }
    bench.assert_clean();
}

#[test]
fn damaged_messages_of_early_sessions_leave_nothing() {
    let mut rng = StdRng::seed_from_u64(3);
    for _ in 0..300 {
        let mut bench = Bench::new();
        let (_, invite) = bench.calling(sdp(OFFER));
        let (incoming, progress) = early(&mut bench);
        let timer = "Session-Expires: 90;refresher=uac";
        for round in 0..6_u32 {
            let text = match round {
                0 | 1 => reliable(
                    &invite,
                    "183 Session Progress",
                    "b1",
                    round + 1,
                    &[timer],
                    ANSWER,
                ),
                2 => reply(&invite, "200 OK", Some("b1"), &[timer], ANSWER),
                3 => prack(&mut bench, 3, &progress, OFFER),
                4 => bench.request("UPDATE", 4, Some(&progress.to_tag()), &[timer], OFFER),
                _ => bench.request("ACK", 1, Some(&progress.to_tag()), &[], ""),
            };
            let payload = damage(&text, &mut rng);
            bench
                .sim
                .send_datagram(addr(PEER), addr(US), payload.into());
            bench.run(50);
            if round == 4 {
                // Perhaps the damage has ended it.
                let _ = bench.sim.with(bench.node, |manager, now| {
                    manager.accept(now, incoming, sdp(ANSWER))
                });
            }
        }
        let keys: Vec<_> = bench.manager().keys().collect();
        for key in keys {
            bench.command(|manager, now| {
                manager.terminate(now, key, rvoip_dialog_core::TerminateCause::Normal)
            });
        }
        bench.assert_clean();
    }
}
