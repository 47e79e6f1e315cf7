//! We are called, and the peer's every line is written here.

use std::time::Duration;

use rvoip_dialog_core::sip_core::HeaderName;
use rvoip_dialog_core::{EndCause, TerminateCause};

use crate::kit::*;

#[test]
fn a_call_is_rung_answered_confirmed_and_hung_up_by_the_caller() {
    let mut bench = Bench::new();
    let key = bench.incoming_with(
        &["Record-Route: <sip:p2.example.com;lr>, <sip:10.0.0.2;lr>"],
        OFFER,
    );
    bench.command(|manager, now| manager.provisional(now, key, status(180), None, false));
    let ringing = bench.take_one("180");
    bench.command(|manager, now| manager.accept(now, key, sdp(ANSWER)));
    let ok = bench.take_one("200");
    for response in [&ringing, &ok] {
        assert_eq!(
            response.header(HeaderName::Contact),
            "<sip:bob@10.0.0.1:5060>"
        );
        assert_eq!(
            response.header(HeaderName::RecordRoute),
            "<sip:p2.example.com;lr>, <sip:10.0.0.2;lr>"
        );
        assert_eq!(response.to_tag(), ok.to_tag());
    }
    assert_eq!(ok.to_tag().len(), 16);
    assert_eq!(ok.body(), ANSWER);
    assert_eq!(ok.header(HeaderName::Allow), ALLOW);
    bench.quiet();

    let ack = bench.request("ACK", 1, Some(&ok.to_tag()), &[], "");
    bench.send(&ack);
    assert!(matches!(bench.event(), Event::Confirmed { body: None, .. }));
    bench.run(60_000);
    assert!(bench.take().is_empty());

    let bye = bench.request("BYE", 2, Some(&ok.to_tag()), &[], "");
    bench.send(&bye);
    bench.take_one("200");
    assert_eq!(bench.ended(), EndCause::RemoteBye);
    bench.assert_clean();
}

#[test]
fn early_media_travels_in_183() {
    let mut bench = Bench::new();
    let key = bench.incoming();
    bench.command(|manager, now| manager.provisional(now, key, status(183), sdp(ANSWER), false));
    let progress = bench.take_one("183");
    assert_eq!(progress.body(), ANSWER);
    assert_eq!(progress.header(HeaderName::ContentType), "application/sdp");
    bench.command(|manager, now| manager.reject(now, key, status(480), &[]));
    bench.take_one("480");
}

#[test]
fn a_call_is_refused_with_status_and_headers() {
    let mut bench = Bench::new();
    let key = bench.incoming();
    let retry = (HeaderName::RetryAfter, "30".into());
    bench.command(|manager, now| manager.reject(now, key, status(486), &[retry]));
    let busy = bench.take_one("486");
    assert_eq!(busy.header(HeaderName::RetryAfter), "30");
    assert!(!busy.has(HeaderName::Contact));
    assert_eq!(
        bench.ended(),
        EndCause::Refused {
            status: status(486)
        }
    );
    let text = busy.text.clone();
    bench.run(600);
    assert_eq!(bench.take_one("486").text, text);
    bench.assert_clean();
}

#[test]
fn terminate_declines_a_call_that_waits() {
    for (cause, code, end) in [
        (
            TerminateCause::Normal,
            "603",
            EndCause::Refused {
                status: status(603),
            },
        ),
        (TerminateCause::NoAnswer, "480", EndCause::NoAnswer),
        (
            TerminateCause::Shutdown,
            "503",
            EndCause::Refused {
                status: status(503),
            },
        ),
        (
            TerminateCause::MediaFailed,
            "488",
            EndCause::Refused {
                status: status(488),
            },
        ),
    ] {
        let mut bench = Bench::new();
        let key = bench.incoming();
        bench.command(|manager, now| manager.terminate(now, key, cause));
        bench.take_one(code);
        assert_eq!(bench.ended(), end);
        bench.assert_clean();
    }
}

#[test]
fn cancel_before_and_after_180_ends_in_487() {
    for ring in [false, true] {
        let mut bench = Bench::new();
        let invite = bench.request("INVITE", 1, None, &[], OFFER);
        bench.send(&invite);
        let Event::IncomingCall { key, .. } = bench.event() else {
            panic!()
        };
        if ring {
            bench.command(|manager, now| manager.provisional(now, key, status(180), None, false));
            bench.take_one("180");
        }
        let cancel = invite.replace("INVITE", "CANCEL");
        let cancel =
            cancel.split("Content-Type").next().unwrap().to_owned() + "Content-Length: 0\n\n";
        bench.send(&cancel);
        let mut labels = bench.labels();
        labels.sort();
        assert_eq!(labels, ["200", "487"]);
        assert_eq!(bench.ended(), EndCause::Cancelled);
        bench.assert_clean();
    }
}

#[test]
fn the_2xx_is_repeated_from_t1_to_t2_until_its_ack() {
    let mut bench = Bench::new();
    let key = bench.incoming();
    bench.command(|manager, now| manager.accept(now, key, sdp(ANSWER)));
    let ok = bench.take_one("200");
    bench.run(16_000);
    let repeats = bench.take();
    assert!(repeats.iter().all(|repeat| repeat.text == ok.text));
    let since: Vec<Duration> = repeats.iter().map(|repeat| repeat.at - ok.at).collect();
    let expected = [500, 1_500, 3_500, 7_500, 11_500, 15_500].map(Duration::from_millis);
    assert_eq!(since, expected);
    bench.quiet();
    let ack = bench.request("ACK", 1, Some(&ok.to_tag()), &[], "");
    bench.send(&ack);
    assert!(matches!(bench.event(), Event::Confirmed { .. }));
    bench.run(60_000);
    assert!(bench.take().is_empty());
    assert_eq!(bench.manager().counters().success_retransmissions, 6);
}

#[test]
fn a_2xx_that_is_never_acknowledged_ends_in_bye_after_64_t1() {
    let mut bench = Bench::new();
    let key = bench.incoming();
    bench.command(|manager, now| manager.accept(now, key, sdp(ANSWER)));
    let ok = bench.take_one("200");
    bench.run(31_990);
    bench.quiet();
    assert!(bench.labels().iter().all(|label| label == "200"));
    bench.run(10);
    assert_eq!(bench.ended(), EndCause::AckTimeout);
    let bye = bench.take_one("BYE");
    assert!(bye.at - ok.at >= Duration::from_secs(32));
    assert_eq!(bye.to_tag(), "a1");
    bench.assert_clean();
}

#[test]
fn hanging_up_before_the_ack_waits_for_it() {
    let mut bench = Bench::new();
    let key = bench.incoming();
    bench.command(|manager, now| manager.accept(now, key, sdp(ANSWER)));
    let tag = bench.take_one("200").to_tag();
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    assert!(bench.take().is_empty());
    let ack = bench.request("ACK", 1, Some(&tag), &[], "");
    bench.send(&ack);
    let bye = bench.take_one("BYE");
    bench.quiet();
    bench.send(&reply(&bye, "200 OK", None, &[], ""));
    assert_eq!(bench.ended(), EndCause::LocalBye);
    bench.assert_clean();
}

#[test]
fn a_caller_may_hang_up_before_its_ack_and_before_the_answer() {
    let mut bench = Bench::new();
    let key = bench.incoming();
    bench.command(|manager, now| manager.accept(now, key, sdp(ANSWER)));
    let tag = bench.take_one("200").to_tag();
    let bye = bench.request("BYE", 2, Some(&tag), &[], "");
    bench.send(&bye);
    bench.take_one("200");
    assert_eq!(bench.ended(), EndCause::RemoteBye);
    bench.assert_clean();

    let mut bench = Bench::new();
    let key = bench.incoming();
    bench.command(|manager, now| manager.provisional(now, key, status(180), None, false));
    let tag = bench.take_one("180").to_tag();
    let bye = bench.request("BYE", 2, Some(&tag), &[], "");
    bench.send(&bye);
    assert_eq!(bench.labels(), ["200", "487"]);
    assert_eq!(bench.ended(), EndCause::RemoteBye);
    bench.assert_clean();
}

#[test]
fn a_call_that_nobody_decides_ends_in_480_and_is_kept_alive_until_then() {
    let mut bench = Bench::new();
    let key = bench.incoming();
    bench.command(|manager, now| manager.provisional(now, key, status(180), None, false));
    bench.run(179_000);
    assert_eq!(bench.labels(), ["180", "180", "180"]);
    bench.quiet();
    bench.run(1_000);
    bench.take_one("480");
    assert_eq!(bench.ended(), EndCause::NoAnswer);
    bench.assert_clean();
}

#[test]
fn an_invite_that_expires_before_the_decision_ends_in_487() {
    let mut bench = Bench::new();
    bench.incoming_with(&["Expires: 20"], OFFER);
    bench.run(19_900);
    bench.take();
    bench.quiet();
    bench.run(200);
    bench.take_one("487");
    assert_eq!(bench.ended(), EndCause::NoAnswer);
    bench.assert_clean();
}

#[test]
fn a_caller_of_rfc_2543_has_no_tags_and_no_contact() {
    let mut bench = Bench::new();
    let strip = |text: String| {
        let text = text
            .replace(";tag=a1", "")
            .replace(";branch=z9hG4bK", ";branch=");
        text.lines()
            .filter(|line| !line.starts_with("Contact"))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };
    let invite = strip(bench.request("INVITE", 1, None, &[], ""))
        .replace("alice@example.com", "alice@10.0.0.2");
    bench.send(&invite);
    let Event::IncomingCall { key, .. } = bench.event() else {
        panic!()
    };
    bench.command(|manager, now| manager.accept(now, key, sdp(OFFER)));
    let tag = bench.take_one("200").to_tag();
    let ack = strip(bench.request("ACK", 1, Some(&tag), &[], ""));
    bench.send(&ack);
    assert!(matches!(bench.event(), Event::Confirmed { .. }));
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    let bye = bench.take_one("BYE");
    assert_eq!(bye.request().raw_uri(), "sip:alice@10.0.0.2");
    assert_eq!(bye.request().to().unwrap().tag(), None);
    bench.send(&reply(&bye, "200 OK", None, &[], ""));
    assert_eq!(bench.ended(), EndCause::LocalBye);
    bench.assert_clean();
}

#[test]
fn a_path_of_more_proxies_than_a_dialog_keeps_makes_no_call() {
    let path = |hops: usize| {
        let hops: Vec<_> = (0..hops).map(|hop| format!("<sip:p{hop};lr>")).collect();
        format!("Record-Route: {}", hops.join(", "))
    };
    let mut bench = Bench::new();
    bench.incoming_with(&[&path(140)], OFFER);
    let mut bench = Bench::new();
    let invite = bench.request("INVITE", 1, None, &[&path(141)], OFFER);
    bench.send(&invite);
    bench.take_one("513");
    bench.quiet();
    assert_eq!(bench.manager().calls(), 0);
    assert_eq!(bench.manager().counters().refused_requests, 1);
}
