//! Challenges of peers answered: with which credentials, how often, and never for strangers.

use std::collections::BTreeSet;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rvoip_dialog_core::sip_core::digest::{
    self, Algorithm, DigestRequest, Expected, Ha1, HashFunction, Secret,
};
use rvoip_dialog_core::sip_core::header::{Authorization, Credentials, ProxyAuthorization};
use rvoip_dialog_core::sip_core::{Header, HeaderName, Method, NameAddr};
use rvoip_dialog_core::sip_transport::sim::for_each_seed;
use rvoip_dialog_core::{
    Account, AccountSecret, EndCause, OutgoingCall, OutgoingRegistration, RequestKey,
    TerminateCause,
};

use crate::kit::*;
use crate::requests::message;
use crate::scene::usual_seeds;

const HOST: &str = "10.0.0.2";

fn account() -> Account {
    Account::new("alice", "zanzibar", HOST)
}

/// A bench whose manager has these accounts.
fn bench(accounts: Vec<Account>) -> Bench {
    let mut bench = Bench::new();
    bench.command(|manager, _| {
        manager.set_accounts(accounts);
        Ok(())
    });
    bench
}

/// A challenge of the realm `r`.
fn challenge(rest: &str) -> String {
    format!("WWW-Authenticate: Digest realm=\"r\", {rest}")
}

fn usual(nonce: &str) -> String {
    challenge(&format!(
        "nonce=\"{nonce}\", qop=\"auth\", algorithm=SHA-256"
    ))
}

fn send(bench: &mut Bench) -> (RequestKey, Received) {
    let request = message(&format!("sip:bob@{PEER}"));
    let key = bench.command(|manager, now| manager.request(now, request));
    (key, bench.take_one("MESSAGE"))
}

/// The peer challenges a request and gets it again.
fn challenged(bench: &mut Bench, request: &Received, status: &str, lines: &[&str]) -> Received {
    bench.send(&reply(request, status, Some("c1"), lines, ""));
    let mut got = bench.take();
    if request.label() == "INVITE" {
        assert_eq!(got.remove(0).label(), "ACK");
    }
    assert_eq!(got.len(), 1, "{got:?}");
    let again = got.remove(0);
    assert_eq!(again.label(), request.label());
    for name in [HeaderName::CallId, HeaderName::From, HeaderName::To] {
        assert_eq!(again.header(name.clone()), request.header(name));
    }
    assert_ne!(
        again.header(HeaderName::Via),
        request.header(HeaderName::Via)
    );
    let number = |it: &Received| it.request().cseq().unwrap().number;
    assert_eq!(number(&again), number(request) + 1);
    assert_eq!(again.body(), request.body());
    again
}

/// The credentials of a request, which must be right; with their nonce and count.
fn proven(request: &Received, realm: &str, password: &str) -> (String, Option<u32>) {
    let headers = request.message.headers();
    let server = headers.all::<Authorization>().map(|it| it.unwrap().0);
    let proxy = headers.all::<ProxyAuthorization>().map(|it| it.unwrap().0);
    let mut all = server.chain(proxy);
    let credentials: Credentials = all
        .find(|it| it.realm().as_deref() == Some(realm))
        .unwrap_or_else(|| panic!("no credentials for {realm} in\n{}", request.text));
    let user = credentials.username().unwrap().into_owned();
    let asked = DigestRequest {
        method: request.request().method().as_str(),
        uri: request.request().raw_uri(),
        body: request.request().body(),
    };
    let expected = Expected {
        realm,
        algorithms: &Algorithm::ALL,
        requires_qop: false,
    };
    let proven = digest::verify(
        &credentials,
        &user,
        &Secret::Password(password),
        &asked,
        &expected,
    );
    let proven = proven.unwrap();
    (proven.nonce.into_owned(), proven.count)
}

fn answered(bench: &mut Bench) -> (RequestKey, u16) {
    match bench.event() {
        Event::RequestAnswered { key, response } => (key, response.status().code()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_challenged_request_is_sent_again_and_only_its_answer_is_told() {
    let mut bench = bench(vec![account()]);
    let (key, first) = send(&mut bench);
    assert!(!first.has(HeaderName::Authorization));
    let again = challenged(&mut bench, &first, "401 Unauthorized", &[&usual("n1")]);
    assert_eq!(proven(&again, "r", "zanzibar"), ("n1".into(), Some(1)));
    bench.quiet();
    bench.send(&reply(&again, "200 OK", Some("b1"), &[], ""));
    assert_eq!(answered(&mut bench), (key, 200));
    bench.assert_clean();
    bench.quiet();
}

/// The first thing that a phone does, and what broke others: what was learnt from one method serves the next.
#[test]
fn credentials_of_one_method_serve_the_others_unasked() {
    let mut bench = bench(vec![account()]);
    let (_, first) = send(&mut bench);
    let again = challenged(&mut bench, &first, "401 Unauthorized", &[&usual("n1")]);
    bench.send(&reply(&again, "200 OK", Some("b1"), &[], ""));
    answered(&mut bench);
    let (_, invite) = bench.calling(sdp(OFFER));
    assert_eq!(proven(&invite, "r", "zanzibar"), ("n1".into(), Some(2)));
    let (_, second) = send(&mut bench);
    assert_eq!(proven(&second, "r", "zanzibar"), ("n1".into(), Some(3)));
}

#[test]
fn what_a_registration_was_asked_a_call_brings_unasked() {
    let mut bench = bench(vec![Account::new("alice", "zanzibar", "example.com")]);
    let proxy = format!("sip:{PEER};lr").parse().unwrap();
    let aor: NameAddr = "<sip:alice@example.com>".parse().unwrap();
    let mut wanted = OutgoingRegistration::new(aor.clone(), "sip:example.com".parse().unwrap());
    wanted.route = vec![proxy];
    let mut call = OutgoingCall::new(aor, "sip:bob@example.com".parse().unwrap());
    call.route = wanted.route.clone();
    bench.command(|manager, now| manager.register(now, wanted));
    let first = bench.take_one("REGISTER");
    let again = challenged(&mut bench, &first, "401 Unauthorized", &[&usual("n1")]);
    assert_eq!(proven(&again, "r", "zanzibar"), ("n1".into(), Some(1)));
    let contact = format!("Contact: {};expires=600", again.header(HeaderName::Contact));
    bench.send(&reply(&again, "200 OK", Some("r1"), &[&contact], ""));
    bench.events();
    bench.command(|manager, now| manager.invite(now, call));
    let invite = bench.take_one("INVITE");
    assert_eq!(proven(&invite, "r", "zanzibar"), ("n1".into(), Some(2)));
}

#[test]
fn a_call_is_challenged_at_its_beginning_inside_and_at_its_end() {
    let mut bench = bench(vec![account()]);
    let (call, first) = bench.calling(sdp(OFFER));
    let invite = challenged(&mut bench, &first, "401 Unauthorized", &[&usual("n1")]);
    proven(&invite, "r", "zanzibar");
    bench.send(&reply(&invite, "200 OK", Some("b1"), &[], ANSWER));
    assert!(matches!(
        bench.event(),
        Event::Answered { offer: false, .. }
    ));
    let ack = bench.take_one("ACK");
    assert_eq!(ack.header(HeaderName::CSeq), "2 ACK");
    assert_eq!(
        ack.header(HeaderName::Authorization),
        invite.header(HeaderName::Authorization)
    );
    bench.send(&reply(&invite, "200 OK", Some("b1"), &[], ANSWER));
    assert_eq!(bench.take_one("ACK").text, ack.text);

    bench.command(|manager, now| {
        manager.offer(
            now,
            call,
            OfferMethod::Invite,
            rvoip_dialog_core::Body::sdp(OFFER),
        )
    });
    let first = bench.take_one("INVITE");
    assert_eq!(proven(&first, "r", "zanzibar"), ("n1".into(), Some(2)));
    let stale = challenge("nonce=\"n2\", qop=\"auth\", algorithm=SHA-256, stale=TRUE");
    let again = challenged(&mut bench, &first, "401 Unauthorized", &[&stale]);
    assert_eq!(proven(&again, "r", "zanzibar"), ("n2".into(), Some(1)));
    bench.send(&reply(&again, "200 OK", None, &[], ANSWER));
    assert!(matches!(bench.event(), Event::Answer { .. }));
    assert_eq!(bench.take_one("ACK").header(HeaderName::CSeq), "4 ACK");

    bench.command(|manager, now| manager.request_in_call(now, call, Method::Info, &[], None));
    let first = bench.take_one("INFO");
    let info = challenged(&mut bench, &first, "401 Unauthorized", &[&usual("n3")]);
    bench.send(&reply(&info, "200 OK", None, &[], ""));
    assert_eq!(answered(&mut bench).1, 200);

    bench.command(|manager, now| manager.terminate(now, call, TerminateCause::Normal));
    let first = bench.take_one("BYE");
    let bye = challenged(&mut bench, &first, "401 Unauthorized", &[&usual("n4")]);
    assert_eq!(proven(&bye, "r", "zanzibar"), ("n4".into(), Some(1)));
    bench.quiet();
    bench.send(&reply(&bye, "200 OK", None, &[], ""));
    assert_eq!(bench.ended(), EndCause::LocalBye);
    bench.assert_clean();
}

#[test]
fn of_several_challenges_the_first_that_can_be_answered_is() {
    let of = |algorithm: &str, nonce: &str| {
        challenge(&format!(
            "nonce=\"{nonce}\", qop=\"auth\", algorithm={algorithm}"
        ))
    };
    for (algorithms, chosen) in [
        (["SHA-512-256", "SHA-256", "MD5"], "SHA-512-256"),
        (["SHA3-512", "SHA-256", "MD5"], "SHA-256"),
        (["MD5", "SHA-256", "SHA-512-256"], "MD5"),
        (["X", "Y", "SHA-256-sess"], "SHA-256-sess"),
    ] {
        let mut bench = bench(vec![account()]);
        let (_, first) = send(&mut bench);
        let lines: Vec<String> = algorithms.iter().map(|it| of(it, it)).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let again = challenged(&mut bench, &first, "401 Unauthorized", &lines);
        assert_eq!(proven(&again, "r", "zanzibar").0, chosen);
        assert_eq!(again.headers(HeaderName::Authorization).len(), 1);
    }
}

#[test]
fn a_proxy_and_a_server_are_answered_together_and_one_after_the_other() {
    let proxy = "Proxy-Authenticate: Digest realm=\"p\", nonce=\"p1\", qop=\"auth\"";
    let mut bench = bench(vec![account()]);
    let (_, first) = send(&mut bench);
    let both = challenged(
        &mut bench,
        &first,
        "401 Unauthorized",
        &[&usual("n1"), proxy],
    );
    proven(&both, "r", "zanzibar");
    proven(&both, "p", "zanzibar");
    assert!(both.has(ProxyAuthorization::NAME) && both.has(Authorization::NAME));

    let mut bench = self::bench(vec![account()]);
    let (_, first) = send(&mut bench);
    let again = challenged(
        &mut bench,
        &first,
        "407 Proxy Authentication Required",
        &[proxy],
    );
    assert!(!again.has(Authorization::NAME));
    assert_eq!(proven(&again, "p", "zanzibar"), ("p1".into(), Some(1)));
    let again = challenged(&mut bench, &again, "401 Unauthorized", &[&usual("n1")]);
    assert_eq!(proven(&again, "p", "zanzibar"), ("p1".into(), Some(2)));
    assert_eq!(proven(&again, "r", "zanzibar"), ("n1".into(), Some(1)));
}

#[test]
fn integrity_is_given_when_nothing_else_is_offered() {
    let mut bench = bench(vec![account()]);
    let (_, first) = send(&mut bench);
    let integrity = challenge("nonce=\"n\", qop=\"auth-int\", algorithm=SHA-256");
    let again = challenged(&mut bench, &first, "401 Unauthorized", &[&integrity]);
    assert!(
        again
            .header(HeaderName::Authorization)
            .contains("qop=auth-int")
    );
    proven(&again, "r", "zanzibar");
}

#[test]
fn the_next_nonce_of_an_answer_is_used_from_its_beginning() {
    let mut bench = bench(vec![account()]);
    let (_, first) = send(&mut bench);
    let again = challenged(&mut bench, &first, "401 Unauthorized", &[&usual("n1")]);
    let next = "Authentication-Info: nextnonce=\"n2\", qop=auth";
    bench.send(&reply(&again, "200 OK", Some("b1"), &[next], ""));
    answered(&mut bench);
    for count in 1..4 {
        let (_, request) = send(&mut bench);
        assert_eq!(
            proven(&request, "r", "zanzibar"),
            ("n2".into(), Some(count))
        );
    }
}

#[test]
fn a_wrong_secret_ends_with_the_second_challenge() {
    // With the same nonce, with a new one, and one that says so: none of them is stale.
    for second in [
        usual("n1"),
        usual("n2"),
        challenge("nonce=\"n2\", qop=\"auth\", stale=false"),
    ] {
        let mut bench = bench(vec![account()]);
        let (key, first) = send(&mut bench);
        let again = challenged(&mut bench, &first, "401 Unauthorized", &[&usual("n1")]);
        bench.send(&reply(
            &again,
            "401 Unauthorized",
            Some("b1"),
            &[&second],
            "",
        ));
        assert_eq!(answered(&mut bench), (key, 401));
        assert!(bench.take().is_empty());
        bench.assert_clean();
    }
    let mut bench = bench(vec![account()]);
    let (_, first) = bench.calling(sdp(OFFER));
    let again = challenged(&mut bench, &first, "401 Unauthorized", &[&usual("n1")]);
    bench.send(&reply(
        &again,
        "401 Unauthorized",
        Some("b1"),
        &[&usual("n2")],
        "",
    ));
    assert!(matches!(bench.ended(), EndCause::Rejected { status, .. } if status.code() == 401));
    bench.assert_clean();
}

#[test]
fn a_nonce_that_went_stale_unsaid_costs_one_more_round() {
    let mut bench = bench(vec![account()]);
    let (_, first) = send(&mut bench);
    let again = challenged(&mut bench, &first, "401 Unauthorized", &[&usual("n1")]);
    bench.send(&reply(&again, "200 OK", Some("b1"), &[], ""));
    answered(&mut bench);
    // Credentials that nobody asked for are refused with a new nonce: they are given once more.
    let (_, unasked) = send(&mut bench);
    assert!(unasked.has(HeaderName::Authorization));
    let again = challenged(&mut bench, &unasked, "401 Unauthorized", &[&usual("n2")]);
    assert_eq!(proven(&again, "r", "zanzibar"), ("n2".into(), Some(1)));
    // With the old nonce they are wrong.
    let (key, unasked) = send(&mut bench);
    bench.send(&reply(
        &unasked,
        "401 Unauthorized",
        Some("b1"),
        &[&usual("n2")],
        "",
    ));
    assert_eq!(answered(&mut bench), (key, 401));
}

#[test]
fn a_server_that_calls_every_nonce_stale_is_given_up() {
    let mut bench = bench(vec![account()]);
    let (key, mut request) = send(&mut bench);
    let mut rounds = 0;
    loop {
        let stale = challenge(&format!("nonce=\"n{rounds}\", qop=\"auth\", stale=true"));
        bench.send(&reply(
            &request,
            "401 Unauthorized",
            Some("b1"),
            &[&stale],
            "",
        ));
        match bench.take().pop() {
            Some(again) => request = again,
            None => break,
        }
        rounds += 1;
        assert!(rounds < 10);
    }
    assert_eq!(rounds, 5);
    assert_eq!(answered(&mut bench), (key, 401));
    bench.assert_clean();
}

#[test]
fn strangers_are_told_nothing() {
    let elsewhere = Account::new("alice", "zanzibar", "example.com");
    let realm = |name: &str| account().with_realm(name);
    let alone = Account {
        domains: Vec::new(),
        ..account()
    };
    let tokens = account().with_secret(AccountSecret::Hashes(Vec::new()));
    for account in [elsewhere, realm("other"), alone.clone(), tokens] {
        let mut bench = bench(vec![account]);
        let (key, first) = send(&mut bench);
        bench.send(&reply(
            &first,
            "401 Unauthorized",
            Some("b1"),
            &[&usual("n1")],
            "",
        ));
        assert_eq!(answered(&mut bench), (key, 401));
    }
    for account in [realm("r"), alone.with_realm("r")] {
        let mut bench = bench(vec![account]);
        let (_, first) = send(&mut bench);
        challenged(&mut bench, &first, "401 Unauthorized", &[&usual("n1")]);
    }
}

/// The server of another domain is reached through our proxy: the proxy is answered, the server is not, unless it knows the
/// realm that the account names.
#[test]
fn a_stranger_behind_our_proxy_is_a_stranger() {
    let proxy = "Proxy-Authenticate: Digest realm=\"r\", nonce=\"p1\", qop=\"auth\"";
    for (account, is_answered) in [(account(), false), (account().with_realm("r"), true)] {
        let mut bench = bench(vec![account]);
        let mut request = message("sip:mallory@evil.example");
        request.route = vec![format!("sip:{PEER};lr").parse().unwrap()];
        let key = bench.command(|manager, now| manager.request(now, request));
        let first = bench.take_one("MESSAGE");
        let again = challenged(
            &mut bench,
            &first,
            "407 Proxy Authentication Required",
            &[proxy],
        );
        proven(&again, "r", "zanzibar");
        if is_answered {
            challenged(&mut bench, &again, "401 Unauthorized", &[&usual("n1")]);
        } else {
            bench.send(&reply(
                &again,
                "401 Unauthorized",
                Some("b1"),
                &[&usual("n1")],
                "",
            ));
            assert_eq!(answered(&mut bench), (key, 401));
        }
    }
}

#[test]
fn the_sender_chooses_among_the_accounts_of_a_domain() {
    let bob = Account::new("bob", "other", HOST);
    let mut bench = bench(vec![bob, account()]);
    let (_, first) = send(&mut bench);
    let again = challenged(&mut bench, &first, "401 Unauthorized", &[&usual("n1")]);
    proven(&again, "r", "zanzibar");
    let mut request = message(&format!("sip:bob@{PEER}"));
    request.local = "<sip:carol@example.com>".parse().unwrap();
    bench.command(|manager, now| manager.request(now, request));
    let first = bench.take_one("MESSAGE");
    assert!(!first.has(HeaderName::Authorization), "not those of alice");
    let again = challenged(&mut bench, &first, "401 Unauthorized", &[&usual("n2")]);
    proven(&again, "r", "other");
}

#[test]
fn hashes_do_in_the_place_of_the_password() {
    let hash = Ha1::new(HashFunction::Sha256, "alice", "r", "zanzibar");
    let mut bench = bench(vec![
        account().with_secret(AccountSecret::Hashes(vec![hash])),
    ]);
    let (_, first) = send(&mut bench);
    let md5 = challenge("nonce=\"m\", qop=\"auth\", algorithm=MD5");
    let again = challenged(
        &mut bench,
        &first,
        "401 Unauthorized",
        &[&md5, &usual("n1")],
    );
    assert_eq!(proven(&again, "r", "zanzibar").0, "n1");
}

#[test]
fn a_call_given_up_before_its_challenge_is_not_placed_again() {
    let mut bench = bench(vec![account()]);
    let (call, invite) = bench.calling(sdp(OFFER));
    bench.command(|manager, now| manager.terminate(now, call, TerminateCause::Normal));
    bench.send(&reply(
        &invite,
        "401 Unauthorized",
        Some("b1"),
        &[&usual("n1")],
        "",
    ));
    assert_eq!(bench.ended(), EndCause::Cancelled);
    assert_eq!(bench.labels(), ["ACK"]);
    bench.assert_clean();
}

#[test]
fn a_call_given_up_after_its_challenge_is_cancelled_where_it_is() {
    let mut bench = bench(vec![account()]);
    let (call, first) = bench.calling(sdp(OFFER));
    let invite = challenged(&mut bench, &first, "401 Unauthorized", &[&usual("n1")]);
    bench.send(&reply(&invite, "180 Ringing", Some("b1"), &[], ""));
    bench.events();
    bench.command(|manager, now| manager.terminate(now, call, TerminateCause::Normal));
    let cancel = bench.take_one("CANCEL");
    assert_eq!(cancel.header(HeaderName::CSeq), "2 CANCEL");
    assert_eq!(
        cancel.header(HeaderName::Via),
        invite.header(HeaderName::Via)
    );
    bench.send(&reply(&cancel, "200 OK", Some("b1"), &[], ""));
    bench.send(&reply(
        &invite,
        "487 Request Terminated",
        Some("b1"),
        &[],
        "",
    ));
    assert_eq!(bench.ended(), EndCause::Cancelled);
    bench.assert_clean();
}

/// Servers of one domain need not know each other's nonces: the one that has asked is answered, whatever the method.
#[test]
fn of_several_servers_the_one_that_asked_is_answered() {
    let expected: [&[&str]; 2] = [&["ACK", "INVITE"], &["MESSAGE"]];
    for (is_call, expected) in [true, false].into_iter().zip(expected) {
        let mut asked = [0, 0];
        for _ in 0..20 {
            let (place, labels) = challenged_by_one_of_two(asked[0] + asked[1], is_call);
            assert_eq!(labels, expected);
            asked[place] += 1;
        }
        assert!(asked[0] > 0 && asked[1] > 0, "{asked:?}");
    }
}

/// Which of two servers has challenged a call or a MESSAGE, and what it gets then. The weights are drawn anew after each of
/// `before` other requests.
fn challenged_by_one_of_two(before: usize, is_call: bool) -> (usize, Vec<String>) {
    const OTHER: &str = "10.0.0.3:5060";
    let mut bench = bench(vec![Account::new("alice", "zanzibar", "example.com")]);
    bench.sim.open_endpoint(addr(OTHER));
    let zone = bench.sim.zone();
    for (host, at) in [("one.example.com", PEER), ("two.example.com", OTHER)] {
        zone.srv("_sip._udp.example.com", (10, 50), host, 5060)
            .address(host, addr(at).ip());
    }
    let ask = |bench: &mut Bench| {
        bench.command(|manager, now| manager.request(now, message("sip:bob@example.com")));
    };
    for _ in 0..before {
        ask(&mut bench);
        bench.take();
        bench.sim.take_datagrams(addr(OTHER));
    }
    if is_call {
        bench.command(|manager, now| {
            let local = "<sip:alice@example.com>".parse().unwrap();
            let remote = "sip:bob@example.com".parse().unwrap();
            manager.invite(now, OutgoingCall::new(local, remote))
        });
    } else {
        ask(&mut bench);
    }
    let mut requests = bench.take();
    let (place, at) = match requests.is_empty() {
        true => (1, OTHER),
        false => (0, PEER),
    };
    if place == 1 {
        let octets = bench.sim.take_datagrams(addr(OTHER)).remove(0).2;
        requests.push(Received::parse(octets));
    }
    let refusal = reply(
        &requests[0],
        "401 Unauthorized",
        Some("c1"),
        &[&usual("n1")],
        "",
    );
    let wire = refusal.replace('\n', "\r\n");
    bench.sim.send_datagram(addr(at), addr(US), wire.into());
    bench.run(5);
    let got = bench.sim.take_datagrams(addr(at));
    let got: Vec<Received> = got.into_iter().map(|it| Received::parse(it.2)).collect();
    if let Some(again) = got.last() {
        proven(again, "r", "zanzibar");
    }
    (place, got.iter().map(Received::label).collect())
}

/// One round of a peer that asks and asks: what it answers to a request, if anything.
fn whim(rng: &mut StdRng, request: &Received) -> Option<String> {
    let lines: Vec<String> = (0..rng.random_range(1..3))
        .map(|_| {
            let (nonce, realm) = (rng.random_range(0..1_000), rng.random_range(0..6));
            let header = ["WWW", "Proxy"][rng.random_range(0..2)];
            let stale = ["", ", stale=true", ", stale=false"][rng.random_range(0..3)];
            format!(
                "{header}-Authenticate: Digest realm=\"r{realm}\", nonce=\"n{nonce}\", qop=\"auth\"{stale}"
            )
        })
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    match rng.random_range(0..10) {
        0 => None,
        1 if request.label() == "INVITE" => {
            Some(reply(request, "180 Ringing", Some("b1"), &[], ""))
        }
        2 if request.label() == "INVITE" => Some(reply(request, "200 OK", Some("b1"), &[], ANSWER)),
        2 => Some(reply(request, "200 OK", None, &[], "")),
        3 => Some(reply(request, "403 Forbidden", Some("b1"), &[], "")),
        number if number % 2 == 0 => {
            Some(reply(request, "401 Unauthorized", Some("b1"), &lines, ""))
        }
        _ => Some(reply(
            request,
            "407 Proxy Authentication Required",
            Some("b1"),
            &lines,
            "",
        )),
    }
}

/// Realms, nonces and staleness change with every answer, and no answer is ever enough.
#[test]
fn challenges_without_end() {
    for_each_seed(
        usual_seeds(),
        |_| bench(vec![account()]),
        |seed, bench| {
            let mut rng = StdRng::seed_from_u64(seed);
            let (key, invite) = bench.calling(sdp(OFFER));
            let request = message(&format!("sip:bob@{PEER}"));
            bench.command(|manager, now| manager.request(now, request));
            let mut numbers = BTreeSet::from([invite.header(HeaderName::CSeq)]);
            let (mut waiting, mut ends) = (vec![invite], [0, 0]);
            for round in 0..140 {
                for request in std::mem::take(&mut waiting) {
                    let answer = match request.label().as_str() {
                        "ACK" | "200" => None,
                        _ => whim(&mut rng, &request),
                    };
                    if let Some(answer) = answer {
                        bench.send(&answer);
                    }
                }
                let still = [300, 3_000][usize::from(round > 20)];
                bench.run(rng.random_range(0..still));
                if round == 100 {
                    // It may be over long since.
                    let _ = bench.sim.with(bench.node, |manager, now| {
                        manager.terminate(now, key, TerminateCause::Normal)
                    });
                }
                waiting = bench.take();
                numbers.extend(waiting.iter().map(|it| it.header(HeaderName::CSeq)));
                for event in bench.events() {
                    match event {
                        Event::Ended { .. } => ends[0] += 1,
                        Event::RequestAnswered { .. } | Event::RequestFailed { .. } => ends[1] += 1,
                        Event::Answered { .. } => assert_eq!(ends[0], 0),
                        _ => {}
                    }
                }
            }
            bench.run(300_000);
            let late = bench.events();
            ends[0] += late.len();
            assert_eq!(ends, [1, 1], "{late:?}");
            assert!(numbers.len() < 40, "{numbers:?}");
            assert!(bench.manager().is_idle());
        },
    )
    .unwrap();
}
