//! A realm that we guard: who is challenged, with what, and what is not taken.

use std::sync::Arc;
use std::time::Duration;

use rvoip_dialog_core::sip_core::digest::{self, DigestRequest, Secret};
use rvoip_dialog_core::sip_core::header::{Authorization, WwwAuthenticate};
use rvoip_dialog_core::sip_core::{HeaderName, Method};
use rvoip_dialog_core::sip_transport::sim::for_each_seed;
use rvoip_dialog_core::{
    Account, DialogManagerConfig, EndCause, Guarded, HybridConfig, MemoryCredentials, OutgoingCall,
    Realm, ServerConfig,
};

use crate::kit::*;
use crate::pair::Pair;
use crate::requests::message;
use crate::scene::usual_seeds;

pub(crate) fn realm() -> Realm {
    let users = MemoryCredentials::new().with_user("alice", "zanzibar");
    Realm::new("example.com", Arc::new(users))
}

fn guarded(realm: Realm) -> HybridConfig {
    HybridConfig {
        server: ServerConfig {
            methods: vec![Method::Message],
            realm: Some(realm),
            ..ServerConfig::default()
        },
        ..HybridConfig::default()
    }
}

pub(crate) fn bench(realm: Realm) -> Bench {
    Bench::with(DialogManagerConfig::Hybrid(guarded(realm)))
}

fn challenges(response: &Received) -> Vec<WwwAuthenticate> {
    let headers = response.message.headers();
    headers
        .all::<WwwAuthenticate>()
        .map(Result::unwrap)
        .collect()
}

/// The credentials of a user that answer a challenge.
pub(crate) fn credentials(
    challenge: &WwwAuthenticate,
    (user, password): (&str, &str),
    (method, body): (&str, &str),
    count: u32,
) -> String {
    let uri = format!("sip:bob@{US}");
    let request = DigestRequest {
        method,
        uri: &uri,
        body: body.as_bytes(),
    };
    let secret = Secret::Password(password);
    let answer = digest::answer(challenge, user, &secret, &request, "c0ffee", count).unwrap();
    format!("Authorization: {}", Authorization(answer))
}

pub(crate) const ALICE: (&str, &str) = ("alice", "zanzibar");
pub(crate) const MESSAGE: (&str, &str) = ("MESSAGE", "");

pub(crate) fn ask(bench: &mut Bench, lines: &[&str]) {
    let request = bench.request("MESSAGE", 1, None, lines, "");
    bench.send(&request);
}

/// A request without credentials, and the challenges that it meets.
pub(crate) fn challenged(bench: &mut Bench) -> Vec<WwwAuthenticate> {
    ask(bench, &[]);
    bench.quiet();
    challenges(&bench.take_one("401"))
}

fn admitted(bench: &mut Bench) -> bool {
    let is_there = |event: &Event| matches!(event, Event::IncomingRequest { .. });
    bench.events().iter().any(is_there)
}

#[test]
fn a_challenge_offers_the_strongest_algorithm_first_and_each_is_taken() {
    let mut bench = bench(realm());
    let offered = challenged(&mut bench);
    let names: Vec<_> = offered
        .iter()
        .map(|it| it.algorithm().unwrap().into_owned())
        .collect();
    assert_eq!(names, ["SHA-512-256", "SHA-256", "MD5"]);
    for (count, challenge) in (1..).zip(&offered) {
        assert_eq!(challenge.realm().as_deref(), Some("example.com"));
        assert_eq!(challenge.qop().collect::<Vec<_>>(), ["auth", "auth-int"]);
        assert!(!challenge.is_stale());
        let right = credentials(challenge, ALICE, MESSAGE, count);
        ask(&mut bench, &[&right]);
        assert!(admitted(&mut bench), "{right}");
    }
    assert_eq!(bench.manager().counters().challenged_requests, 1);
}

#[test]
fn the_user_of_a_request_is_the_one_that_was_proven() {
    let mut bench = bench(realm());
    let challenge = challenged(&mut bench).remove(1);
    let other = "Authorization: Digest realm=\"x\", username=\"mallory\", nonce=\"1\", uri=\"sip:x\", response=\"0\"";
    let right = credentials(&challenge, ALICE, MESSAGE, 1);
    ask(&mut bench, &[other, &right]);
    match bench.event() {
        Event::IncomingRequest { request, .. } => {
            let user = bench.manager().authenticated_user(&request);
            assert_eq!(user.as_deref(), Some("alice"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_count_is_taken_once() {
    let mut bench = bench(realm());
    let challenge = challenged(&mut bench).remove(1);
    for (count, is_new) in [
        (2, true),
        (1, true),
        (2, false),
        (1, false),
        (7, true),
        (0, false),
    ] {
        let right = credentials(&challenge, ALICE, MESSAGE, count);
        ask(&mut bench, &[&right]);
        assert_eq!(admitted(&mut bench), is_new, "count {count}");
        if !is_new {
            assert!(challenges(&bench.take_one("401"))[0].is_stale());
        }
    }
}

#[test]
fn an_old_nonce_is_stale_for_those_who_know_the_secret() {
    let mut bench = bench(realm());
    let challenge = challenged(&mut bench).remove(1);
    bench.run(301_000);
    let right = credentials(&challenge, ALICE, MESSAGE, 1);
    ask(&mut bench, &[&right]);
    let fresh = challenges(&bench.take_one("401")).remove(1);
    assert!(fresh.is_stale());
    let wrong = credentials(&challenge, ("alice", "guess"), MESSAGE, 1);
    ask(&mut bench, &[&wrong]);
    assert!(!challenges(&bench.take_one("401"))[1].is_stale());
    let right = credentials(&fresh, ALICE, MESSAGE, 1);
    ask(&mut bench, &[&right]);
    assert!(admitted(&mut bench));
}

#[test]
fn no_answer_tells_an_unknown_user_from_a_wrong_secret() {
    let mut bench = bench(realm());
    let challenge = challenged(&mut bench).remove(1);
    let mut answer = |who| {
        let given = credentials(&challenge, who, MESSAGE, 1);
        ask(&mut bench, &[&given]);
        let response = bench.take_one("401");
        let nonce = challenges(&response)[0].nonce().unwrap().into_owned();
        let via = response.header(HeaderName::Via);
        let text = response.text.replace(&nonce, "NONCE").replace(&via, "VIA");
        text.replace(&response.to_tag(), "TAG")
    };
    assert_eq!(answer(("alice", "guess")), answer(("nobody", "guess")));
}

#[test]
fn credentials_without_sense_are_a_bad_request() {
    let mut bench = bench(realm());
    challenged(&mut bench);
    let bare = "Authorization: Digest realm=\"example.com\", username=\"alice\"";
    ask(&mut bench, &[bare]);
    bench.take_one("400");
    // Of another realm, or another scheme: as good as none.
    for other in ["Digest realm=\"x\", username=\"alice\"", "Bearer abc"] {
        ask(&mut bench, &[&format!("Authorization: {other}")]);
        bench.take_one("401");
    }
    bench.quiet();
}

#[test]
fn integrity_covers_the_body() {
    let mut only = realm();
    only.qop = vec![digest::Qop::AuthInt];
    let mut bench = bench(only);
    let challenge = challenged(&mut bench).remove(1);
    let given = credentials(&challenge, ALICE, ("MESSAGE", "hello"), 1);
    for (body, is_right) in [("hullo", false), ("hello", true)] {
        let request = bench.request("MESSAGE", 1, None, &[&given], body);
        bench.send(&request);
        assert_eq!(admitted(&mut bench), is_right);
    }
}

#[test]
fn more_nonces_than_are_counted_make_the_oldest_stale() {
    let mut small = realm();
    small.max_nonces = 1;
    let mut bench = bench(small);
    let first = challenged(&mut bench).remove(1);
    bench.run(10);
    let second = challenged(&mut bench).remove(1);
    for (challenge, count, is_taken) in [
        (&first, 1, true),
        (&second, 1, true),
        (&first, 2, false),
        (&second, 2, true),
    ] {
        let right = credentials(challenge, ALICE, MESSAGE, count);
        ask(&mut bench, &[&right]);
        assert_eq!(admitted(&mut bench), is_taken);
        assert_eq!(bench.take().len(), usize::from(!is_taken));
    }
}

#[test]
fn a_call_is_asked_at_its_beginning_and_ack_cancel_and_bye_are_not() {
    let mut bench = bench(realm());
    let invite = bench.request("INVITE", 1, None, &[], OFFER);
    bench.send(&invite);
    bench.quiet();
    let challenge = challenges(&bench.take_one("401")).remove(0);
    let right = credentials(&challenge, ALICE, ("INVITE", ""), 1);
    let (_, tag) = bench.called_with(&[&right]);
    let bye = bench.request("BYE", 2, Some(&tag), &[], "");
    bench.send(&bye);
    bench.take_one("200");
    assert_eq!(bench.ended(), EndCause::RemoteBye);

    let mut bench = self::bench(realm());
    let invite = bench.request("INVITE", 1, None, &[], OFFER);
    bench.send(&invite);
    let challenge = challenges(&bench.take_one("401")).remove(0);
    let right = credentials(&challenge, ALICE, ("INVITE", ""), 1);
    let invite = bench.request("INVITE", 2, None, &[&right], OFFER);
    bench.send(&invite);
    assert!(matches!(bench.event(), Event::IncomingCall { .. }));
    let via = |text: &str| {
        let mut lines = text.lines();
        lines
            .find(|line| line.starts_with("Via"))
            .unwrap()
            .to_owned()
    };
    let cancel = bench.request("CANCEL", 2, None, &[], "");
    bench.send(&cancel.replace(&via(&cancel), &via(&invite)));
    assert_eq!(bench.labels(), ["200", "487"]);
}

#[test]
fn a_realm_may_guard_everything_or_some_methods() {
    let mut all = realm();
    all.guarded = Guarded::Everything;
    let mut bench = bench(all);
    let challenge = challenged(&mut bench).remove(1);
    let right = credentials(&challenge, ALICE, ("INVITE", ""), 1);
    let (_, tag) = bench.called_with(&[&right]);
    let bye = bench.request("BYE", 2, Some(&tag), &[], "");
    bench.send(&bye);
    bench.take_one("401");
    bench.quiet();
    let right = credentials(&challenge, ALICE, ("BYE", ""), 2);
    let bye = bench.request("BYE", 3, Some(&tag), &[&right], "");
    bench.send(&bye);
    bench.take_one("200");
    assert_eq!(bench.ended(), EndCause::RemoteBye);
    // Nobody is asked who he is about a dialog that does not exist.
    let lost = bench.request("BYE", 3, Some("0123456789abcdef"), &[], "");
    bench.send(&lost);
    bench.take_one("481");

    let mut some = realm();
    some.guarded = Guarded::Methods(vec![Method::Invite]);
    let mut bench = self::bench(some);
    ask(&mut bench, &[]);
    assert!(admitted(&mut bench));
    let invite = bench.request("INVITE", 1, None, &[], OFFER);
    bench.send(&invite);
    bench.take_one("401");
}

/// Client and server of our own over a network that loses a third of everything: each request and each call ends once.
#[test]
fn guarded_requests_and_calls_end_once_whatever_is_lost() {
    let mut answered = 0;
    let least = (usual_seeds().count() * 9 / 10) as u32;
    let begin = |seed| {
        let mut everything = realm();
        everything.guarded = Guarded::Everything;
        // Short enough that nonces go stale in the middle.
        everything.nonce_lifetime = Duration::from_secs(2);
        let mut pair = Pair::with(seed, HybridConfig::default(), guarded(everything));
        pair.lose(0.3);
        pair
    };
    for_each_seed(usual_seeds(), begin, |_, pair| {
        let (alice, bob) = (pair.alice, pair.bob);
        let call = pair.sim.with(alice, |manager, now| {
            manager.set_accounts(vec![Account::new("alice", "zanzibar", "10.0.0.2")]);
            manager.request(now, message("sip:bob@10.0.0.2")).unwrap();
            let local = "<sip:alice@example.com>".parse().unwrap();
            let mut call = OutgoingCall::new(local, "sip:bob@10.0.0.2".parse().unwrap());
            call.body = sdp(OFFER);
            manager.invite(now, call).unwrap()
        });
        let (mut told, mut ends, mut calls) = (0, [0, 0], 0);
        for second in 0..151 {
            // At last the session timer, for a peer that no BYE has reached.
            pair.run(if second < 150 { 1_000 } else { 2_000_000 });
            for (_, event) in pair.sim.events(bob) {
                pair.sim.with(bob, |manager, now| match event {
                    Event::IncomingRequest { key, .. } => {
                        let _ = manager.answer_request(now, key, status(200), &[], None);
                    }
                    Event::IncomingCall { key, .. } => {
                        calls += 1;
                        manager.accept(now, key, sdp(ANSWER)).unwrap();
                    }
                    Event::Ended { .. } => ends[1] += 1,
                    _ => {}
                });
            }
            for (_, event) in pair.sim.events(alice) {
                match event {
                    Event::RequestAnswered { response, .. } => {
                        told += 1;
                        answered += u32::from(response.status().is_success());
                    }
                    Event::RequestFailed { .. } => told += 1,
                    Event::Ended { .. } => ends[0] += 1,
                    _ => {}
                }
            }
            if second == 40 {
                let cause = rvoip_dialog_core::TerminateCause::Normal;
                pair.sim.with(alice, |manager, now| {
                    let _ = manager.terminate(now, call, cause);
                });
            }
        }
        assert_eq!((told, ends[0], ends[1]), (1, 1, calls));
        for node in [alice, bob] {
            assert!(pair.sim.core(node).is_idle());
        }
    })
    .unwrap();
    assert!(answered > least, "{answered}");
}
