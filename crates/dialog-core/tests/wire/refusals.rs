//! What this layer refuses by itself, and capabilities.

use std::time::Duration;

use rvoip_dialog_core::sip_core::HeaderName;
use rvoip_dialog_core::{
    ClientConfig, DialogError, DialogManagerConfig, HybridConfig, OutgoingCall, ServerConfig,
    TerminateCause,
};

use crate::kit::*;

#[test]
fn options_tells_what_an_invite_may_bring() {
    let mut bench = Bench::new();
    let options = bench.request("OPTIONS", 1, None, &[], "");
    bench.send(&options);
    let ok = bench.take_one("200");
    assert_eq!(ok.header(HeaderName::Allow), ALLOW);
    assert_eq!(
        ok.header(HeaderName::Accept),
        "application/sdp, multipart/mixed, multipart/alternative"
    );
    assert_eq!(ok.header(HeaderName::Supported), SUPPORTED);
    assert!(!ok.to_tag().is_empty());
    bench.quiet();
}

#[test]
fn a_body_that_may_be_passed_over_is() {
    let mut bench = Bench::new();
    let optional = "Content-Disposition: render;handling=Optional";
    let invite = bench.request("INVITE", 1, None, &[optional], "Hello");
    bench.send(&invite.replace("application/sdp", "text/plain"));
    assert!(matches!(
        bench.event(),
        Event::IncomingCall { body: None, .. }
    ));
    bench.take();
    let invite = bench.request("INVITE", 2, None, &[optional], OFFER);
    bench.send(&invite);
    assert!(matches!(
        bench.event(),
        Event::IncomingCall { body: Some(_), .. }
    ));
}

#[test]
fn to_ring_for_ever_is_a_setting_too() {
    let mut config = HybridConfig::default();
    config.client.max_ringing = Duration::MAX;
    config.server.max_ringing = Duration::MAX;
    let mut bench = Bench::with(DialogManagerConfig::Hybrid(config));
    let key = bench.incoming();
    bench.command(|manager, now| manager.provisional(now, key, status(180), None, false));
    bench.take_one("180");
    let (_, invite) = bench.calling(sdp(OFFER));
    bench.send(&reply(&invite, "180 Ringing", Some("b1"), &[], ""));
    bench.run(3_600_000);
    assert_eq!(bench.manager().calls(), 2);
}

#[test]
fn refusals_say_why() {
    let mut bench = Bench::new();
    let invite = |bench: &mut Bench| bench.request("INVITE", 1, None, &[], OFFER);
    let cases = [
        (
            bench.request("REGISTER", 1, None, &[], ""),
            "405",
            Some((HeaderName::Allow, ALLOW)),
        ),
        (
            bench.request("DANCE", 1, None, &[], ""),
            "501",
            Some((HeaderName::Allow, ALLOW)),
        ),
        (
            invite(&mut bench).replace("INVITE sip:", "INVITE sips:"),
            "416",
            None,
        ),
        (
            invite(&mut bench).replace(
                "INVITE sip:bob@10.0.0.1:5060",
                "INVITE mailto:bob@example.com",
            ),
            "416",
            None,
        ),
        (
            bench.request(
                "INVITE",
                1,
                None,
                &["Require: 100rel, teleport, telepathy"],
                OFFER,
            ),
            "420",
            Some((HeaderName::Unsupported, "teleport, telepathy")),
        ),
        (
            invite(&mut bench).replace("application/sdp", "text/plain"),
            "415",
            Some((
                HeaderName::Accept,
                "application/sdp, multipart/mixed, multipart/alternative",
            )),
        ),
        (
            bench.request("INVITE", 1, None, &["Content-Encoding: gzip"], OFFER),
            "415",
            Some((HeaderName::AcceptEncoding, "identity")),
        ),
        (bench.request("BYE", 1, None, &[], ""), "481", None),
    ];
    let count = cases.len() as u64;
    for (request, label, header) in cases {
        bench.send(&request);
        let refusal = bench.take_one(label);
        assert!(!refusal.to_tag().is_empty());
        if let Some((name, value)) = header {
            assert_eq!(refusal.header(name), value);
        }
    }
    bench.quiet();
    assert_eq!(bench.manager().counters().refused_requests, count);
    bench.assert_clean();
}

#[test]
fn a_tel_uri_may_be_called() {
    let mut bench = Bench::new();
    let invite = bench
        .request("INVITE", 1, None, &[], OFFER)
        .replace("INVITE sip:bob@10.0.0.1:5060", "INVITE tel:+15551234");
    bench.send(&invite);
    assert_eq!(name(&bench.event()), "IncomingCall");
}

#[test]
fn the_limit_of_calls_is_answered_503_and_gives_way() {
    let server = ServerConfig {
        max_calls: 2,
        ..ServerConfig::default()
    };
    let mut bench = Bench::with(DialogManagerConfig::Server(server));
    let call = |bench: &mut Bench, number: u32| {
        let invite = bench.request("INVITE", 1, None, &[], OFFER);
        bench.send(&invite.replace("call-1@", &format!("call-{number}@")));
    };
    let first = bench.incoming();
    call(&mut bench, 2);
    call(&mut bench, 3);
    assert_eq!(
        bench.take().pop().unwrap().header(HeaderName::RetryAfter),
        "5"
    );
    assert_eq!(bench.manager().counters().overload_refusals, 1);
    bench.command(|manager, now| manager.terminate(now, first, TerminateCause::Normal));
    bench.events();
    call(&mut bench, 4);
    assert_eq!(name(&bench.event()), "IncomingCall");
}

#[test]
fn a_client_takes_no_calls_and_a_server_places_none() {
    let mut bench = Bench::with(DialogManagerConfig::Client(ClientConfig::default()));
    let invite = bench.request("INVITE", 1, None, &[], OFFER);
    bench.send(&invite);
    bench.take_one("403");
    bench.quiet();
    let outgoing = || {
        OutgoingCall::new(
            "<sip:a@b.example>".parse().unwrap(),
            "sip:bob@10.0.0.2".parse().unwrap(),
        )
    };
    let mut bench = Bench::with(DialogManagerConfig::Server(ServerConfig::default()));
    assert!(matches!(
        bench.fails(|manager, now| manager.invite(now, outgoing())),
        DialogError::NotAClient
    ));

    let client = ClientConfig {
        max_calls: 0,
        ..ClientConfig::default()
    };
    let mut bench = Bench::with(DialogManagerConfig::Client(client));
    assert!(matches!(
        bench.fails(|manager, now| manager.invite(now, outgoing())),
        DialogError::TooManyCalls(0)
    ));
}

#[test]
fn draining_refuses_new_calls_and_keeps_the_old() {
    let mut bench = Bench::with(DialogManagerConfig::Hybrid(HybridConfig::default()));
    let (_, tag) = bench.called();
    bench.command(|manager, _| {
        manager.drain();
        Ok(())
    });
    for method in ["INVITE", "OPTIONS"] {
        let request = bench.request(
            method,
            1,
            None,
            &[],
            if method == "INVITE" { OFFER } else { "" },
        );
        let request = request.replace("call-1@", "call-2@");
        bench.send(&request);
        assert!(bench.take_one("503").has(HeaderName::RetryAfter));
        let ack = request.replace(method, "ACK");
        bench.send(&ack);
    }
    let outgoing = OutgoingCall::new(
        "<sip:a@b.example>".parse().unwrap(),
        "sip:bob@10.0.0.2".parse().unwrap(),
    );
    assert!(matches!(
        bench.fails(|manager, now| manager.invite(now, outgoing)),
        DialogError::Draining
    ));
    bench.quiet();
    let bye = bench.request("BYE", 2, Some(&tag), &[], "");
    bench.send(&bye);
    bench.take_one("200");
}

#[test]
fn commands_out_of_place_are_errors_that_name_the_state() {
    let mut bench = Bench::new();
    let (key, tag) = bench.called();
    let error = bench.fails(|manager, now| manager.accept(now, key, sdp(ANSWER)));
    assert_eq!(
        error.to_string(),
        format!("call {key} is confirmed: it cannot accept")
    );
    let error = bench.fails(|manager, now| manager.refuse_offer(now, key, status(488), &[]));
    assert!(matches!(
        error,
        DialogError::InvalidState {
            state: "confirmed",
            ..
        }
    ));
    let bye = bench.request("BYE", 2, Some(&tag), &[], "");
    bench.send(&bye);
    let error = bench.fails(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    assert!(matches!(error, DialogError::NoSuchCall(_)));

    let mut bench = Bench::new();
    let key = bench.incoming();
    for (wrong, result) in [
        (
            100,
            bench.fails(|manager, now| manager.provisional(now, key, status(100), None, false)),
        ),
        (
            200,
            bench.fails(|manager, now| manager.provisional(now, key, status(200), None, false)),
        ),
        (
            183,
            bench.fails(|manager, now| manager.reject(now, key, status(183), &[])),
        ),
        (
            202,
            bench.fails(|manager, now| manager.reject(now, key, status(202), &[])),
        ),
    ] {
        assert!(matches!(result, DialogError::WrongStatus(code) if code == status(wrong)));
    }
}
