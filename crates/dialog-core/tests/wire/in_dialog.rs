//! Requests inside a call: order, identity, routes, methods that are not spoken.

use rvoip_dialog_core::sip_core::HeaderName;
use rvoip_dialog_core::{EndCause, TerminateCause};

use crate::kit::*;

#[test]
fn cseq_may_leap_but_not_repeat() {
    let mut bench = Bench::new();
    let (_, tag) = bench.called();
    for (cseq, label) in [(7, "200"), (7, "500"), (6, "500"), (1, "500"), (100, "200")] {
        let options = bench.request("OPTIONS", cseq, Some(&tag), &[], "");
        bench.send(&options);
        bench.take_one(label);
    }
    let bye = bench.request("BYE", 50, Some(&tag), &[], "");
    bench.send(&bye);
    bench.take_one("500");
    bench.quiet();
}

#[test]
fn requests_of_no_dialog_get_481() {
    let mut bench = Bench::new();
    let (_, tag) = bench.called();
    let bye = bench.request("BYE", 2, Some(&tag), &[], "");
    let fresh =
        |text: &str, mark: &str| text.replace("branch=z9hG4bK", &format!("branch=z9hG4bK{mark}"));
    for wrong in [
        fresh(&bye, "a").replace(&tag, "0123456789abcdef"),
        fresh(&bye, "b").replace(&tag, "unknown"),
        fresh(&bye, "c").replace("tag=a1", "tag=other"),
        fresh(&bye, "d").replace("Call-ID: call-1", "Call-ID: call-2"),
        fresh(&bye, "e").replace(&format!(";tag={tag}"), ""),
        fresh(&bye, "f")
            .replace("BYE", "INFO")
            .replace(&tag, "unknown"),
    ] {
        bench.send(&wrong);
        bench.take_one("481");
    }
    bench.quiet();
    assert_eq!(bench.manager().counters().unknown_dialogs, 6);
    bench.send(&bye);
    bench.take_one("200");
}

#[test]
fn a_stray_ack_is_not_answered() {
    let mut bench = Bench::new();
    let ack = bench.request("ACK", 1, Some("0123456789abcdef"), &[], "");
    bench.send(&ack);
    let (_, tag) = bench.called();
    for cseq in [1, 9] {
        let ack = bench.request("ACK", cseq, Some(&tag), &[], "");
        bench.send(&ack);
    }
    assert!(bench.take().is_empty());
    bench.quiet();
}

#[test]
fn methods_that_are_not_spoken_are_refused_and_the_call_goes_on() {
    let mut bench = Bench::new();
    let (_, tag) = bench.called();
    let methods = ["INFO", "MESSAGE", "PUBLISH", "DANCE"];
    for (cseq, method) in (2..).zip(methods) {
        let request = bench.request(method, cseq, Some(&tag), &[], "");
        bench.send(&request);
        let refusal = bench.take_one(if method == "DANCE" { "501" } else { "405" });
        assert_eq!(refusal.header(HeaderName::Allow), ALLOW);
    }
    let options = bench.request("OPTIONS", 20, Some(&tag), &[], "");
    bench.send(&options);
    let ok = bench.take_one("200");
    for name in [HeaderName::Allow, HeaderName::Accept, HeaderName::Supported] {
        assert!(ok.has(name));
    }
    let required = bench.request("BYE", 21, Some(&tag), &["Require: teleport"], "");
    bench.send(&required);
    assert_eq!(
        bench.take_one("420").header(HeaderName::Unsupported),
        "teleport"
    );
    bench.quiet();
    assert_eq!(bench.manager().calls(), 1);
}

#[test]
fn our_bye_follows_the_route_set() {
    let mut bench = Bench::new();
    let routes = [
        "Record-Route: <sip:10.0.0.2:5060;lr>",
        "Record-Route: <sip:p1.example.com;lr>",
    ];
    let (key, _) = bench.called_with(&routes);
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    let bye = bench.take_one("BYE");
    assert_eq!(
        bye.headers(HeaderName::Route),
        ["<sip:10.0.0.2:5060;lr>", "<sip:p1.example.com;lr>"]
    );
    assert_eq!(bye.request().raw_uri(), "sip:alice@10.0.0.2:5060");
    assert_eq!(bye.header(HeaderName::CSeq), "1 BYE");
}

#[test]
fn a_strict_router_gets_its_own_address_as_request_uri() {
    let mut bench = Bench::new();
    let routes = [
        "Record-Route: <sip:10.0.0.2:5060>",
        "Record-Route: <sip:p1.example.com;lr>",
    ];
    let (key, _) = bench.called_with(&routes);
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    let bye = bench.take_one("BYE");
    assert_eq!(bye.request().raw_uri(), "sip:10.0.0.2:5060");
    assert_eq!(
        bye.headers(HeaderName::Route),
        ["<sip:p1.example.com;lr>", "<sip:alice@10.0.0.2:5060>"]
    );
}

#[test]
fn a_contact_that_leads_nowhere_falls_back_to_the_path_of_the_invite() {
    for contact in [
        "Contact: <sip:alice@nowhere.example.com>",
        "Contact: <sip:alice@[2001:db8::9]>",
    ] {
        let mut bench = Bench::new();
        let (key, _) = bench.called_with(&[contact]);
        bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
        bench.run(100);
        bench.take_one("BYE");
    }
}

#[test]
fn a_sips_contact_is_not_reached_in_the_clear() {
    for contact in [
        "Contact: <sips:alice@10.0.0.2>",
        "Contact: <sips:alice@10.0.0.2;transport=udp>",
        "Contact: <sips:alice@peer.invalid>",
    ] {
        let mut bench = Bench::new();
        let (key, _) = bench.called_with(&[contact]);
        bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
        bench.run(1_000);
        assert!(bench.take().is_empty(), "{contact}");
        assert_eq!(bench.ended(), EndCause::LocalBye);
        bench.run(33_000);
        bench.assert_clean();
    }
}

#[test]
fn a_reinvite_moves_the_target_but_not_the_route_set() {
    let mut bench = Bench::new();
    let (key, tag) = bench.called_with(&["Record-Route: <sip:10.0.0.2:5060;lr>"]);
    let moved = [
        "Contact: <sip:alice@elsewhere.example.com>",
        "Record-Route: <sip:evil.example.com;lr>",
    ];
    let reinvite = bench.request("INVITE", 2, Some(&tag), &moved, OFFER);
    bench.send(&reinvite);
    bench.events();
    bench.command(|manager, now| manager.answer_offer(now, key, sdp(ANSWER)));
    bench.take_one("200");
    let ack = bench.request("ACK", 2, Some(&tag), &[], "");
    bench.send(&ack);
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    let bye = bench.take_one("BYE");
    assert_eq!(bye.request().raw_uri(), "sip:alice@elsewhere.example.com");
    assert_eq!(bye.headers(HeaderName::Route), ["<sip:10.0.0.2:5060;lr>"]);
}

#[test]
fn a_dialog_is_found_by_its_identity_and_not_by_where_a_request_comes_from() {
    let mut bench = Bench::new();
    let (_, tag) = bench.called();
    let elsewhere = addr("10.0.0.77:40123");
    bench.sim.open_endpoint(elsewhere);
    let bye = bench.request("BYE", 2, Some(&tag), &[], "");
    let wire = bye.replace(PEER, "10.0.0.77:40123").replace('\n', "\r\n");
    bench.sim.send_datagram(elsewhere, addr(US), wire.into());
    bench.run(5);
    assert_eq!(bench.ended(), EndCause::RemoteBye);
    let answered = bench.sim.take_datagrams(elsewhere);
    assert!(answered[0].2.starts_with(b"SIP/2.0 200 OK"));
    bench.assert_clean();
}
