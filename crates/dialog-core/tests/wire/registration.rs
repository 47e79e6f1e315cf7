//! Registrations of ours against a registrar whose every line the test writes.

use std::time::Duration;

use rvoip_dialog_core::registration::RegistrationStatus as Status;
use rvoip_dialog_core::sip_core::HeaderName;
use rvoip_dialog_core::{EndCause, OutgoingRegistration, RegistrationKey};

use crate::kit::*;

fn wanted() -> OutgoingRegistration {
    let aor = "Alice <sip:alice@example.com>".parse().unwrap();
    let mut wanted = OutgoingRegistration::new(aor, "sip:example.com".parse().unwrap());
    wanted.route = vec![format!("sip:{PEER};lr").parse().unwrap()];
    wanted
}

/// A REGISTER on its way; the key and what the registrar received.
fn registering(bench: &mut Bench, wanted: OutgoingRegistration) -> (RegistrationKey, Received) {
    let key = bench.command(|manager, now| manager.register(now, wanted));
    assert_eq!(status(bench), Status::Registering);
    (key, bench.take_one("REGISTER"))
}

fn status(bench: &mut Bench) -> Status {
    match bench.event() {
        Event::Registration { status, .. } => status,
        other => panic!("{other:?}"),
    }
}

/// The registrar's 200: the contact of the request for so many seconds.
fn grant(bench: &mut Bench, register: &Received, seconds: u32) {
    let contact = register.header(HeaderName::Contact);
    let contact = contact.split(";expires").next().unwrap();
    let contact = format!("Contact: {contact};expires={seconds}");
    bench.send(&reply(register, "200 OK", Some("r1"), &[&contact], ""));
}

fn registered(bench: &mut Bench, seconds: u32) -> (RegistrationKey, Received) {
    let (key, register) = registering(bench, wanted());
    grant(bench, &register, seconds);
    match status(bench) {
        Status::Registered(grant) => assert_eq!(grant.expires, Duration::from_secs(seconds.into())),
        other => panic!("{other:?}"),
    }
    (key, register)
}

fn number(register: &Received) -> u32 {
    register.request().cseq().unwrap().number
}

/// Runs until the registrar gets the next request, at most so many seconds; how many it took.
pub(crate) fn wait(bench: &mut Bench, seconds: u64) -> (u64, Received) {
    for second in 1..=seconds {
        bench.run(1_000);
        let mut all = bench.take();
        if !all.is_empty() {
            return (second, all.remove(0));
        }
    }
    panic!("nothing came");
}

#[test]
fn a_contact_is_registered_and_refreshed_before_it_runs_out() {
    let mut bench = Bench::new();
    let (_, first) = registered(&mut bench, 600);
    assert_eq!(first.request().raw_uri(), "sip:example.com");
    assert_eq!(first.header(HeaderName::To), "<sip:alice@example.com>");
    assert!(
        first
            .header(HeaderName::From)
            .starts_with("Alice <sip:alice@example.com>;tag=")
    );
    assert_eq!(
        first.header(HeaderName::Contact),
        "<sip:alice@10.0.0.1:5060>;expires=3600"
    );
    assert_eq!(first.header(HeaderName::Supported), "path");
    let mut before = first;
    for _ in 0..20 {
        let (after, next) = wait(&mut bench, 600);
        // So early that a request lost for 64*T1 can be followed by another.
        assert!((455..=537).contains(&after), "after {after} s");
        assert_eq!(status(&mut bench), Status::Refreshing);
        for name in [HeaderName::CallId, HeaderName::From, HeaderName::Contact] {
            assert_eq!(next.header(name.clone()), before.header(name));
        }
        assert_eq!(number(&next), number(&before) + 1);
        grant(&mut bench, &next, 600);
        assert!(matches!(status(&mut bench), Status::Registered(_)));
        before = next;
    }
}

#[test]
fn a_lifetime_too_brief_is_asked_for_again_at_once() {
    let mut bench = Bench::new();
    let (_, first) = registering(
        &mut bench,
        OutgoingRegistration {
            expires: Duration::from_secs(60),
            ..wanted()
        },
    );
    bench.send(&reply(
        &first,
        "423 Interval Too Brief",
        Some("r1"),
        &["Min-Expires: 1800"],
        "",
    ));
    let second = bench.take_one("REGISTER");
    assert_eq!(second.header(HeaderName::Expires), "1800");
    assert_eq!(number(&second), number(&first) + 1);
    grant(&mut bench, &second, 1800);
    assert!(matches!(status(&mut bench), Status::Registered(_)));
    // One that asks for more and more is not followed for ever.
    let (_, mut next) = wait(&mut bench, 1800);
    status(&mut bench);
    for seconds in 1801..1806 {
        let line = format!("Min-Expires: {seconds}");
        bench.send(&reply(
            &next,
            "423 Interval Too Brief",
            Some("r1"),
            &[&line],
            "",
        ));
        next = bench.take_one("REGISTER");
    }
    bench.send(&reply(
        &next,
        "423 Interval Too Brief",
        Some("r1"),
        &["Min-Expires: 1806"],
        "",
    ));
    assert!(matches!(status(&mut bench), Status::Failed { .. }));
}

#[test]
fn what_is_taken_back_ends_once_whatever_the_registrar_says() {
    for answer in ["200 OK", "403 Forbidden", "500 Server Internal Error", ""] {
        let mut bench = Bench::new();
        let (key, _) = registered(&mut bench, 3600);
        bench.command(|manager, now| manager.unregister(now, key, false));
        let last = bench.take_one("REGISTER");
        assert_eq!(
            last.header(HeaderName::Contact),
            "<sip:alice@10.0.0.1:5060>;expires=0"
        );
        assert_eq!(last.header(HeaderName::Expires), "0");
        match answer {
            "" => bench.run(40_000),
            answer => bench.send(&reply(
                &last,
                answer,
                Some("r1"),
                &["Contact: <sip:x@y.invalid>"],
                "",
            )),
        }
        assert_eq!(status(&mut bench), Status::Ended { refusal: None });
        bench.fails(|manager, now| manager.unregister(now, key, false));
        bench.take();
        bench.run(4_000_000);
        bench.quiet();
        assert!(
            bench.take().is_empty() && bench.manager().is_idle(),
            "{answer}"
        );
    }
}

#[test]
fn nothing_is_taken_back_before_the_last_answer_is_there() {
    let mut bench = Bench::new();
    let (key, first) = registering(&mut bench, wanted());
    bench.command(|manager, now| manager.unregister(now, key, true));
    assert!(
        bench.take().is_empty(),
        "RFC 3261 section 10.2: one at a time"
    );
    grant(&mut bench, &first, 3600);
    let last = bench.take_one("REGISTER");
    assert_eq!(last.headers(HeaderName::Contact), ["*"]);
    assert_eq!(last.header(HeaderName::Expires), "0");
    bench.send(&reply(
        &last,
        "200 OK",
        Some("r1"),
        &["Contact: <sip:x@y.invalid>"],
        "",
    ));
    assert_eq!(status(&mut bench), Status::Ended { refusal: None });
}

#[test]
fn a_refusal_for_good_ends_what_never_was_and_not_what_has_been() {
    let mut bench = Bench::new();
    let (_, first) = registering(&mut bench, wanted());
    bench.send(&reply(&first, "403 Forbidden", Some("r1"), &[], ""));
    match status(&mut bench) {
        Status::Ended {
            refusal: Some(EndCause::Rejected { status, .. }),
        } => {
            assert_eq!(status.code(), 403);
        }
        other => panic!("{other:?}"),
    }
    bench.run(4_000_000);
    assert!(bench.take().is_empty() && bench.manager().is_idle());

    // A registrar that has lost its users knows them again later.
    let (_, first) = registered(&mut bench, 600);
    let (_, next) = wait(&mut bench, 600);
    status(&mut bench);
    bench.send(&reply(&next, "404 Not Found", Some("r1"), &[], ""));
    assert!(matches!(status(&mut bench), Status::Failed { .. }));
    let (after, again) = wait(&mut bench, 61);
    assert!((30..=61).contains(&after), "after {after} s");
    assert_eq!(
        again.header(HeaderName::CallId),
        first.header(HeaderName::CallId)
    );
}

#[test]
fn a_registrar_that_is_away_is_tried_again_after_longer_and_longer_waits() {
    let mut bench = Bench::new();
    let (_, first) = registering(&mut bench, wanted());
    bench.send(&reply(
        &first,
        "503 Service Unavailable",
        Some("r1"),
        &["Retry-After: 100"],
        "",
    ));
    match status(&mut bench) {
        Status::Failed { retry_in, .. } => assert_eq!(retry_in, Duration::from_secs(100)),
        other => panic!("{other:?}"),
    }
    let (_, mut next) = wait(&mut bench, 101);
    assert_eq!(status(&mut bench), Status::Registering);
    for most in [120, 240, 480, 960, 1800, 1800] {
        bench.send(&reply(
            &next,
            "500 Server Internal Error",
            Some("r1"),
            &[],
            "",
        ));
        assert!(matches!(status(&mut bench), Status::Failed { .. }));
        let (after, again) = wait(&mut bench, most + 1);
        assert!(after * 2 >= most, "after {after} of {most} s");
        assert_eq!(status(&mut bench), Status::Registering);
        next = again;
    }
    // Silence counts as well.
    bench.run(33_000);
    let (cause, retry_in) = match status(&mut bench) {
        Status::Failed { cause, retry_in } => (cause, retry_in),
        other => panic!("{other:?}"),
    };
    assert_eq!(cause, EndCause::TimedOut);
    assert!(retry_in >= Duration::from_secs(900));
}

#[test]
fn a_redirection_is_followed_for_once_or_for_good() {
    for (answer, stays) in [
        ("302 Moved Temporarily", false),
        ("301 Moved Permanently", true),
    ] {
        let mut bench = Bench::new();
        let (_, first) = registering(&mut bench, wanted());
        let there = "Contact: <sip:other.example.com>";
        bench.send(&reply(&first, answer, Some("r1"), &[there], ""));
        let second = bench.take_one("REGISTER");
        assert_eq!(second.request().raw_uri(), "sip:other.example.com");
        assert_eq!(
            second.header(HeaderName::CallId),
            first.header(HeaderName::CallId)
        );
        // The same place again is no other place.
        grant(&mut bench, &second, 600);
        status(&mut bench);
        let (_, third) = wait(&mut bench, 600);
        status(&mut bench);
        let expected = if stays {
            "sip:other.example.com"
        } else {
            "sip:example.com"
        };
        assert_eq!(third.request().raw_uri(), expected);
        let here = format!("Contact: <{expected}>");
        bench.send(&reply(&third, answer, Some("r1"), &[&here], ""));
        assert!(matches!(status(&mut bench), Status::Failed { .. }));
    }
}

#[test]
fn what_the_registrar_grants_is_told() {
    let mut bench = Bench::new();
    let urn = "urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF";
    let (_, register) = registering(
        &mut bench,
        OutgoingRegistration {
            instance: Some(urn.into()),
            reg_id: 1,
            q: Some(700),
            contacts: vec!["<tel:+15551234567>;expires=90".parse().unwrap()],
            ..wanted()
        },
    );
    assert_eq!(
        register.headers(HeaderName::Contact),
        [
            "<tel:+15551234567>;expires=90".to_owned(),
            format!(
                "<sip:alice@10.0.0.1:5060>;expires=3600;q=0.700;+sip.instance=\"<{urn}>\";reg-id=1"
            ),
        ]
    );
    assert_eq!(
        register.header(HeaderName::Supported),
        "path, gruu, outbound"
    );
    let own = format!(
        "Contact: <sip:alice@192.0.2.99:1024>;+sip.instance=\"<{urn}>\";reg-id=1;expires=500\
         ;pub-gruu=\"sip:alice@example.com;gr={urn}\";temp-gruu=\"sip:tgruu.1@example.com;gr\""
    );
    let lines = [
        own.as_str(),
        "Contact: <tel:+15551234567>;expires=80, <sip:other@192.0.2.4>;expires=10",
        "Service-Route: <sip:edge.example.com;lr>, <sip:home.example.com;lr>",
        "Require: outbound",
    ];
    bench.send(&reply(&register, "200 OK", Some("r1"), &lines, ""));
    let grant = match status(&mut bench) {
        Status::Registered(grant) => grant,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        grant.expires,
        Duration::from_secs(80),
        "the first of ours to run out"
    );
    let ours: Vec<bool> = grant
        .contacts
        .iter()
        .map(|contact| contact.is_ours)
        .collect();
    assert_eq!(ours, [true, true, false]);
    let gruu = grant.contacts[0].public_gruu.as_ref().unwrap();
    assert_eq!(gruu.as_str(), format!("sip:alice@example.com;gr={urn}"));
    let temporary = grant.contacts[0].temporary_gruu.as_ref().unwrap();
    assert_eq!(temporary.as_str(), "sip:tgruu.1@example.com;gr");
    let route: Vec<&str> = grant.service_route.iter().map(|hop| hop.as_str()).collect();
    assert_eq!(
        route,
        ["sip:edge.example.com;lr", "sip:home.example.com;lr"]
    );
    assert!(grant.outbound);
}

#[test]
fn the_first_proxy_that_knows_no_flows_is_asked_without() {
    let mut bench = Bench::new();
    let (_, first) = registering(
        &mut bench,
        OutgoingRegistration {
            instance: Some("urn:uuid:1".into()),
            reg_id: 2,
            ..wanted()
        },
    );
    let refusal = "439 First Hop Lacks Outbound Support";
    bench.send(&reply(&first, refusal, Some("r1"), &[], ""));
    let second = bench.take_one("REGISTER");
    assert!(!second.header(HeaderName::Contact).contains("reg-id"));
    assert_eq!(second.header(HeaderName::Supported), "path, gruu");
}

#[test]
fn registrations_are_bounded() {
    let mut config = rvoip_dialog_core::HybridConfig::default();
    config.client.max_registrations = 1;
    let mut bench = Bench::with(rvoip_dialog_core::DialogManagerConfig::Hybrid(config));
    registering(&mut bench, wanted());
    let error = bench.fails(|manager, now| manager.register(now, wanted()));
    assert!(error.to_string().contains("limit of 1"), "{error}");
}

#[test]
fn a_contact_that_is_rewritten_on_its_way_is_believed_and_one_that_is_gone_is_not() {
    for (listed, expected) in [
        (
            "<sip:alice@203.0.113.7:1024>;expires=90, <sip:x@y.invalid>;expires=9",
            Some(90),
        ),
        ("<sip:alice@10.0.0.1:5060>;expires=0", None),
        (
            "<sip:ALICE@x.invalid>;expires=50, <sip:alice@10.0.0.1>;expires=40",
            Some(50),
        ),
        (
            "<sip:x@y.invalid>;expires=9, <sip:alice@10.0.0.1:5060>;expires=40",
            Some(40),
        ),
    ] {
        let mut bench = Bench::new();
        let (_, register) = registering(&mut bench, wanted());
        let line = format!("Contact: {listed}");
        bench.send(&reply(&register, "200 OK", Some("r1"), &[&line], ""));
        let granted = match status(&mut bench) {
            Status::Registered(grant) => Some(grant.expires.as_secs()),
            _ => None,
        };
        assert_eq!(granted, expected, "{listed}");
    }
}
