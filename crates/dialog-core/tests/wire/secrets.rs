//! Secrets that a store does not have at hand, and what a 2xx proves to those who have shown theirs.

use std::sync::Arc;

use rvoip_dialog_core::sip_core::HeaderName;
use rvoip_dialog_core::sip_core::digest::{self, Ha1, HashFunction, Secret};
use rvoip_dialog_core::sip_core::header::{AuthenticationInfo, Authorization, WwwAuthenticate};
use rvoip_dialog_core::{CredentialStore, Guarded, Lookup, Realm, SecretKey};

use crate::kit::*;
use crate::realm::{ALICE, MESSAGE, ask, bench, challenged, credentials, realm};

/// Has nothing at hand.
struct Elsewhere;

impl CredentialStore for Elsewhere {
    fn ha1(&self, _user: &str, _realm: &str, _hash: HashFunction) -> Lookup {
        Lookup::Pending
    }
}

fn elsewhere() -> Realm {
    Realm::new("example.com", Arc::new(Elsewhere))
}

/// A MESSAGE whose secret is asked for.
fn held(bench: &mut Bench, challenge: &WwwAuthenticate, count: u32) -> SecretKey {
    ask(bench, &[&credentials(challenge, ALICE, MESSAGE, count)]);
    match bench.event() {
        Event::SecretWanted { key, query } => {
            assert_eq!((&*query.user, &*query.realm), ("alice", "example.com"));
            key
        }
        other => panic!("{other:?}"),
    }
}

fn secret(password: &str, hash: HashFunction) -> Option<Ha1> {
    Some(Ha1::new(hash, "alice", "example.com", password))
}

fn bring(bench: &mut Bench, key: SecretKey, secret: Option<Ha1>) {
    bench.command(|manager, now| {
        manager.answer_secret(now, key, secret);
        Ok(())
    });
}

const HASH: HashFunction = HashFunction::Sha512_256;

#[test]
fn a_request_waits_for_its_secret_and_others_do_not_wait_for_it() {
    let mut bench = bench(elsewhere());
    let challenge = challenged(&mut bench).remove(0);
    let first = held(&mut bench, &challenge, 1);
    let second = held(&mut bench, &challenge, 2);
    bench.quiet();
    // Whoever shows nothing is challenged at once, and the later one is let through first.
    challenged(&mut bench);
    bring(&mut bench, second, secret("zanzibar", HASH));
    assert!(matches!(bench.event(), Event::IncomingRequest { .. }));
    bring(&mut bench, first, secret("zanzibar", HASH));
    assert!(matches!(bench.event(), Event::IncomingRequest { .. }));
}

#[test]
fn a_secret_that_is_wrong_or_unknown_is_challenged_alike() {
    for brought in [secret("wrong", HASH), None] {
        let mut bench = bench(elsewhere());
        let challenge = challenged(&mut bench).remove(0);
        let key = held(&mut bench, &challenge, 1);
        bring(&mut bench, key, brought);
        let refused = bench.take_one("401");
        assert!(
            !refused
                .header(HeaderName::WwwAuthenticate)
                .contains("stale")
        );
        assert!(bench.events().is_empty());
    }
}

#[test]
fn a_secret_that_does_not_come_is_not_waited_for_long() {
    let mut bench = bench(elsewhere());
    let challenge = challenged(&mut bench).remove(0);
    let key = held(&mut bench, &challenge, 1);
    bench.run(4_900);
    bench.quiet();
    bench.run(200);
    assert!(bench.take_one("503").has(HeaderName::RetryAfter));
    // What comes too late is for nobody.
    bring(&mut bench, key, secret("zanzibar", HASH));
    assert!(bench.events().is_empty());
    bench.run(40_000);
    bench.take();
    bench.assert_clean();
}

#[test]
fn requests_that_wait_for_secrets_are_bounded() {
    let mut bench = bench(Realm {
        max_lookups: 2,
        ..elsewhere()
    });
    let challenge = challenged(&mut bench).remove(0);
    for count in 1..3 {
        held(&mut bench, &challenge, count);
    }
    ask(&mut bench, &[&credentials(&challenge, ALICE, MESSAGE, 3)]);
    bench.take_one("503");
    assert!(bench.events().is_empty());
}

#[test]
fn a_call_that_waits_for_a_secret_can_be_cancelled() {
    let mut bench = bench(elsewhere());
    let challenge = challenged(&mut bench).remove(0);
    let right = credentials(&challenge, ALICE, ("INVITE", ""), 1);
    let invite = bench.request("INVITE", 2, None, &[&right], OFFER);
    bench.send(&invite);
    let Event::SecretWanted { key, .. } = bench.event() else {
        panic!("no secret is wanted")
    };
    let via = |text: &str| {
        let mut lines = text.lines();
        let via = lines.find(|line| line.starts_with("Via"));
        via.unwrap().to_owned()
    };
    let cancel = bench.request("CANCEL", 2, None, &[], "");
    bench.send(&cancel.replace(&via(&cancel), &via(&invite)));
    assert_eq!(bench.labels(), ["200", "487"]);
    bring(&mut bench, key, secret("zanzibar", HASH));
    assert!(bench.events().is_empty());
}

#[test]
fn requests_inside_a_call_wait_as_well() {
    let mut bench = bench(Realm {
        guarded: Guarded::Everything,
        ..elsewhere()
    });
    let challenge = challenged(&mut bench).remove(0);
    let right = credentials(&challenge, ALICE, ("INVITE", ""), 1);
    let invite = bench.request("INVITE", 2, None, &[&right], OFFER);
    bench.send(&invite);
    let brought = |bench: &mut Bench| {
        let Event::SecretWanted { key, .. } = bench.event() else {
            panic!("no secret is wanted")
        };
        bring(bench, key, secret("zanzibar", HASH));
    };
    brought(&mut bench);
    let Event::IncomingCall { key, .. } = bench.event() else {
        panic!("no call")
    };
    bench.command(|manager, now| manager.accept(now, key, sdp(ANSWER)));
    let success = bench.take_one("200");
    let tag = success.to_tag();
    let ack = bench.request("ACK", 2, Some(&tag), &[], "");
    bench.send(&ack);
    bench.events();
    let right = credentials(&challenge, ALICE, ("BYE", ""), 2);
    let bye = bench.request("BYE", 3, Some(&tag), &[&right], "");
    bench.send(&bye);
    brought(&mut bench);
    bench.take_one("200");
    bench.ended();
}

/// What the 200 to an OPTIONS says of us.
fn proof(bench: &mut Bench, challenge: &WwwAuthenticate, count: u32) -> (Authorization, Received) {
    let line = credentials(challenge, ALICE, ("OPTIONS", ""), count);
    let request = bench.request("OPTIONS", 1, None, &[&line], "");
    bench.send(&request);
    let value = line.strip_prefix("Authorization: ").unwrap();
    (value.parse().unwrap(), bench.take_one("200"))
}

fn info(response: &Received) -> Option<AuthenticationInfo> {
    response.message.headers().first().unwrap()
}

#[test]
fn a_success_proves_that_we_know_the_secret_too() {
    let mut bench = bench(realm());
    for challenge in challenged(&mut bench).into_iter().take(1) {
        let (given, response) = proof(&mut bench, &challenge, 1);
        let info = info(&response).unwrap();
        let body = response.body().as_bytes();
        for (password, expected) in [("zanzibar", true), ("wrong", false)] {
            let secret = Secret::Password(password);
            let confirmed = digest::is_confirmed(&info, &given, "alice", &secret, body);
            assert_eq!(confirmed, Ok(Some(expected)), "{info:?}");
        }
        assert_eq!(info.next_nonce(), None);
    }
    let mut quiet = self::bench(Realm {
        confirms: false,
        ..realm()
    });
    let challenge = challenged(&mut quiet).remove(0);
    assert_eq!(info(&proof(&mut quiet, &challenge, 1).1), None);
}

#[test]
fn an_ageing_nonce_is_followed_by_the_next_before_it_is_stale() {
    let mut bench = bench(realm());
    let challenge = challenged(&mut bench).remove(0);
    bench.run(160_000);
    bench.take();
    let (_, response) = proof(&mut bench, &challenge, 1);
    let next = info(&response).unwrap().next_nonce().unwrap().into_owned();
    assert_ne!(challenge.nonce().unwrap(), *next);
    // The old one would be stale by now.
    bench.run(160_000);
    bench.take();
    let renewed = WwwAuthenticate((*challenge).clone().with("nonce", &next));
    proof(&mut bench, &renewed, 1);
    let line = credentials(&challenge, ALICE, ("OPTIONS", ""), 2);
    let request = bench.request("OPTIONS", 3, None, &[&line], "");
    bench.send(&request);
    bench.take_one("401");
}
