//! We call, and the peer's every line is written here.

use std::time::Duration;

use rvoip_dialog_core::sip_core::{HeaderName, NameAddr, Strictness, Uri};
use rvoip_dialog_core::sip_transport::LocateError;
use rvoip_dialog_core::{Body, DialogError, EndCause, OutgoingCall, TerminateCause};

use crate::kit::*;

#[test]
fn a_call_is_placed_answered_and_hung_up() {
    let mut bench = Bench::new();
    let (key, invite) = bench.calling(sdp(OFFER));
    assert_eq!(invite.request().raw_uri(), "sip:bob@10.0.0.2:5060");
    assert_eq!(
        invite.header(HeaderName::Contact),
        "<sip:alice@10.0.0.1:5060>"
    );
    assert_eq!(invite.header(HeaderName::MaxForwards), "70");
    assert_eq!(invite.request().from().unwrap().tag().unwrap().len(), 16);
    assert_eq!(invite.body(), OFFER);

    bench.send(&reply(&invite, "100 Trying", None, &[], ""));
    bench.quiet();
    bench.send(&reply(&invite, "180 Ringing", Some("b1"), &[], ""));
    assert_eq!(name(&bench.event()), "Progress 180");
    bench.send(&reply(
        &invite,
        "183 Session Progress",
        Some("b1"),
        &[],
        ANSWER,
    ));
    assert!(matches!(
        bench.event(),
        Event::Progress { body: Some(_), .. }
    ));
    let route = "Record-Route: <sip:10.0.0.2:5060;lr>, <sip:far.example.com;lr>";
    bench.send(&reply(
        &invite,
        "200 OK",
        Some("b1"),
        &[route, "Contact: <sip:bob@desk.example.com>"],
        ANSWER,
    ));
    assert!(matches!(
        bench.event(),
        Event::Answered {
            body: Some(_),
            offer: false,
            ..
        }
    ));

    let ack = bench.take_one("ACK");
    assert_eq!(ack.request().raw_uri(), "sip:bob@desk.example.com");
    assert_eq!(ack.header(HeaderName::CSeq), "1 ACK");
    assert_ne!(ack.header(HeaderName::Via), invite.header(HeaderName::Via));

    bench.run(60_000);
    assert!(bench.take().is_empty());
    bench.quiet();
    // The nearest proxy is now the last of the reversed route set, and has no address here: the path of the INVITE is
    // what is left.
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    let bye = bench.take_one("BYE");
    assert_eq!(
        bye.headers(HeaderName::Route),
        ["<sip:far.example.com;lr>", "<sip:10.0.0.2:5060;lr>"]
    );
    assert_eq!(bye.request().raw_uri(), "sip:bob@desk.example.com");
    assert_eq!(bye.header(HeaderName::CSeq), "2 BYE");
    assert_eq!(
        bye.header(HeaderName::From),
        invite.header(HeaderName::From)
    );
    assert_eq!(bye.to_tag(), "b1");
    bench.quiet();
    bench.send(&reply(&bye, "200 OK", None, &[], ""));
    assert_eq!(bench.ended(), EndCause::LocalBye);
    bench.assert_clean();
}

#[test]
fn a_refusal_is_told_with_its_status() {
    for (line, code) in [
        ("404 Not Found", 404),
        ("486 Busy Here", 486),
        ("603 Decline", 603),
    ] {
        let mut bench = Bench::new();
        let (_, invite) = bench.calling(sdp(OFFER));
        bench.send(&reply(&invite, line, Some("b1"), &[], ""));
        bench.take_one("ACK");
        let reason = line[4..].into();
        assert_eq!(
            bench.ended(),
            EndCause::Rejected {
                status: status(code),
                reason
            }
        );
        bench.assert_clean();
    }
}

#[test]
fn the_peer_hangs_up() {
    let mut bench = Bench::new();
    let (_, invite, ack) = bench.answered();
    bench.send(&bye_of_peer(&invite, &ack.header(HeaderName::To)));
    bench.take_one("200");
    assert_eq!(bench.ended(), EndCause::RemoteBye);
    bench.assert_clean();
}

/// BYE as the called peer sends it: From and To swapped.
pub(crate) fn bye_of_peer(invite: &Received, peer: &str) -> String {
    format!(
        "BYE sip:alice@{US} SIP/2.0\nVia: SIP/2.0/UDP {PEER};branch=z9hG4bKbye\nMax-Forwards: 70\nFrom: {}\nTo: {}\n\
         Call-ID: {}\nCSeq: 10 BYE\nContent-Length: 0\n\n",
        peer,
        invite.header(HeaderName::From),
        invite.header(HeaderName::CallId),
    )
}

#[test]
fn cancel_waits_for_a_provisional_response() {
    let mut bench = Bench::new();
    let (key, invite) = bench.calling(sdp(OFFER));
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    assert!(bench.take().is_empty());
    bench.send(&reply(&invite, "180 Ringing", Some("b1"), &[], ""));
    let cancel = bench.take_one("CANCEL");
    assert_eq!(
        cancel.header(HeaderName::Via),
        invite.header(HeaderName::Via)
    );
    bench.send(&reply(&cancel, "200 OK", Some("b1"), &[], ""));
    bench.quiet();
    bench.send(&reply(
        &invite,
        "487 Request Terminated",
        Some("b1"),
        &[],
        "",
    ));
    bench.take_one("ACK");
    assert_eq!(bench.ended(), EndCause::Cancelled);
    bench.assert_clean();
}

#[test]
fn cancel_after_180_and_a_peer_that_then_falls_silent() {
    let mut bench = Bench::new();
    let (key, invite) = bench.calling(sdp(OFFER));
    bench.send(&reply(&invite, "180 Ringing", Some("b1"), &[], ""));
    assert_eq!(name(&bench.event()), "Progress 180");
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    bench.take_one("CANCEL");
    bench.run(31_000);
    bench.quiet();
    bench.run(2_000);
    assert_eq!(bench.ended(), EndCause::Cancelled);
    bench.assert_clean();
}

#[test]
fn a_repeated_2xx_is_acknowledged_with_the_same_octets() {
    let mut bench = Bench::new();
    let (_, invite, ack) = bench.answered();
    for _ in 0..3 {
        bench.run(500);
        bench.send(&reply(&invite, "200 OK", Some("b1"), &[], ANSWER));
        assert_eq!(bench.take_one("ACK").text, ack.text);
    }
    bench.quiet();
    assert_eq!(bench.manager().counters().ack_repeats, 3);
}

#[test]
fn a_late_offer_is_answered_in_the_ack() {
    let mut bench = Bench::new();
    let (key, invite) = bench.calling(None);
    assert!(!invite.has(HeaderName::ContentType));
    bench.send(&reply(&invite, "200 OK", Some("b1"), &[], OFFER));
    assert!(matches!(
        bench.event(),
        Event::Answered {
            body: Some(_),
            offer: true,
            ..
        }
    ));
    assert!(bench.take().is_empty());
    bench.send(&reply(&invite, "200 OK", Some("b1"), &[], OFFER));
    assert!(bench.take().is_empty());
    bench.command(|manager, now| manager.ack_answer(now, key, Body::sdp(ANSWER)));
    let ack = bench.take_one("ACK");
    assert_eq!(ack.body(), ANSWER);
    bench.send(&reply(&invite, "200 OK", Some("b1"), &[], OFFER));
    assert_eq!(bench.take_one("ACK").text, ack.text);
    bench.quiet();
    let error = bench.fails(|manager, now| manager.ack_answer(now, key, Body::sdp(ANSWER)));
    assert!(matches!(error, DialogError::InvalidState { .. }));
}

#[test]
fn a_late_offer_that_is_not_wanted_is_acknowledged_and_hung_up() {
    let mut bench = Bench::new();
    let (key, invite) = bench.calling(None);
    bench.send(&reply(&invite, "200 OK", Some("b1"), &[], OFFER));
    bench.events();
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::MediaFailed));
    let sent = bench.take();
    assert_eq!(
        sent.iter().map(Received::label).collect::<Vec<_>>(),
        ["ACK", "BYE"]
    );
    assert!(
        sent[1]
            .header(HeaderName::Reason)
            .starts_with("SIP;cause=488")
    );
    bench.send(&reply(&sent[1], "200 OK", None, &[], ""));
    assert_eq!(bench.ended(), EndCause::LocalBye);
    bench.assert_clean();
}

#[test]
fn a_late_offer_that_nobody_answers_is_acknowledged_and_hung_up_after_64_t1() {
    let mut bench = Bench::new();
    let (_, invite) = bench.calling(None);
    bench.send(&reply(&invite, "200 OK", Some("b1"), &[], OFFER));
    bench.events();
    bench.run(31_900);
    assert!(bench.take().is_empty());
    bench.run(200);
    assert_eq!(bench.labels(), ["ACK", "BYE"]);
    bench.run(40_000);
    assert_eq!(bench.ended(), EndCause::LocalBye);
    bench.assert_clean();
}

#[test]
fn the_2xx_of_another_fork_is_acknowledged_and_hung_up() {
    let mut bench = Bench::new();
    let (_, invite) = bench.calling(sdp(OFFER));
    bench.send(&reply(&invite, "180 Ringing", Some("b1"), &[], ""));
    bench.send(&reply(&invite, "180 Ringing", Some("b2"), &[], ""));
    assert_eq!(bench.events().len(), 2);
    bench.send(&reply(&invite, "200 OK", Some("b2"), &[], ANSWER));
    assert_eq!(name(&bench.event()), "Answered");
    assert_eq!(bench.take_one("ACK").to_tag(), "b2");

    bench.run(2_000);
    let contact = "Contact: <sip:other@10.0.0.2:5060>";
    bench.send(&reply(&invite, "200 OK", Some("b1"), &[contact], ANSWER));
    let sent = bench.take();
    assert_eq!(
        sent.iter().map(Received::label).collect::<Vec<_>>(),
        ["ACK", "BYE"]
    );
    for request in &sent {
        assert_eq!(request.to_tag(), "b1");
        assert_eq!(request.request().raw_uri(), "sip:other@10.0.0.2:5060");
    }
    bench.send(&reply(&sent[1], "200 OK", None, &[], ""));
    bench.send(&reply(&invite, "200 OK", Some("b1"), &[contact], ANSWER));
    assert_eq!(bench.take_one("ACK").text, sent[0].text);
    bench.quiet();
    assert_eq!(bench.manager().counters().lost_forks, 1);
    assert_eq!(bench.manager().calls(), 1);
}

#[test]
fn many_early_dialogs_do_not_keep_the_2xx_of_another_out() {
    let mut bench = Bench::new();
    let (_, invite) = bench.calling(sdp(OFFER));
    for fork in 0..40 {
        bench.send(&reply(
            &invite,
            "180 Ringing",
            Some(&format!("b{fork}")),
            &[],
            "",
        ));
    }
    assert_eq!(bench.events().len(), 40);
    bench.send(&reply(&invite, "200 OK", Some("b39"), &[], ANSWER));
    assert_eq!(name(&bench.event()), "Answered");
    assert_eq!(bench.take_one("ACK").to_tag(), "b39");
}

#[test]
fn the_cseq_of_another_branch_does_not_bind_the_one_that_won() {
    let mut bench = Bench::new();
    let (_, invite) = bench.calling(sdp(OFFER));
    bench.send(&reply(&invite, "180 Ringing", Some("b1"), &[], ""));
    let early = bye_of_peer(&invite, "<sip:bob@example.com>;tag=b1")
        .replace("BYE", "INFO")
        .replace("CSeq: 10 ", "CSeq: 900 ");
    bench.send(&early.replace("branch=z9hG4bK", "branch=z9hG4bKearly"));
    assert_eq!(bench.labels(), ["405"]);
    bench.send(&reply(&invite, "200 OK", Some("b2"), &[], ANSWER));
    assert_eq!(bench.take_one("ACK").to_tag(), "b2");
    bench.events();
    bench.send(&bye_of_peer(&invite, "<sip:bob@example.com>;tag=b2"));
    bench.take_one("200");
    assert_eq!(bench.ended(), EndCause::RemoteBye);
}

#[test]
fn a_bye_before_our_late_answer_leaves_no_2xx_without_ack() {
    let mut bench = Bench::new();
    let (_, invite) = bench.calling(None);
    bench.send(&reply(&invite, "200 OK", Some("b1"), &[], OFFER));
    bench.events();
    bench.send(&bye_of_peer(&invite, "<sip:bob@example.com>;tag=b1"));
    assert_eq!(bench.labels(), ["200", "ACK"]);
    assert_eq!(bench.ended(), EndCause::RemoteBye);
    bench.assert_clean();
}

#[test]
fn the_headers_of_a_uri_do_not_travel_in_the_request_uri() {
    let mut bench = Bench::new();
    let call = call_to("sip:bob@10.0.0.2:5060;method=INVITE;a=b?Subject=x");
    bench.command(|manager, now| manager.invite(now, call));
    let invite = bench.take_one("INVITE");
    assert_eq!(invite.request().raw_uri(), "sip:bob@10.0.0.2:5060;a=b");
    assert!(invite.request().check(Strictness::Strict).is_ok());
    assert!(!invite.header(HeaderName::To).contains("Subject"));
}

#[test]
fn a_peer_of_rfc_2543_answers_without_a_tag() {
    let mut bench = Bench::new();
    let (key, invite) = bench.calling(sdp(OFFER));
    bench.send(&reply(&invite, "200 OK", None, &[], ANSWER));
    assert_eq!(name(&bench.event()), "Answered");
    bench.take_one("ACK");
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    let bye = bench.take_one("BYE");
    assert_eq!(bye.request().to().unwrap().tag(), None);
    bench.send(&reply(&bye, "200 OK", None, &[], ""));
    assert_eq!(bench.ended(), EndCause::LocalBye);
    bench.assert_clean();
}

#[test]
fn silence_ends_the_call_after_64_t1() {
    let mut bench = Bench::new();
    bench.calling(sdp(OFFER));
    bench.run(31_000);
    bench.quiet();
    bench.run(1_500);
    assert_eq!(bench.ended(), EndCause::TimedOut);
    bench.assert_clean();
}

#[test]
fn ringing_has_a_limit() {
    let mut bench = Bench::new();
    let (_, invite) = bench.calling(sdp(OFFER));
    bench.send(&reply(&invite, "180 Ringing", Some("b1"), &[], ""));
    bench.events();
    bench.run(180_000);
    bench.take_one("CANCEL");
    bench.send(&reply(
        &invite,
        "487 Request Terminated",
        Some("b1"),
        &[],
        "",
    ));
    assert_eq!(bench.ended(), EndCause::NoAnswer);
    bench.assert_clean();
}

#[test]
fn a_bye_that_is_never_answered_ends_the_call_all_the_same() {
    let mut bench = Bench::new();
    let (key, _, _) = bench.answered();
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    bench.run(31_000);
    assert!(bench.labels().iter().all(|label| label == "BYE"));
    bench.quiet();
    bench.run(1_500);
    assert_eq!(bench.ended(), EndCause::LocalBye);
    bench.assert_clean();
}

#[test]
fn a_peer_that_hangs_up_without_its_2xx_having_come_is_believed() {
    let mut bench = Bench::new();
    let (_, invite) = bench.calling(sdp(OFFER));
    bench.send(&reply(&invite, "180 Ringing", Some("b1"), &[], ""));
    bench.events();
    let to = format!("{};tag=b1", invite.header(HeaderName::To));
    bench.send(&bye_of_peer(&invite, &to));
    assert_eq!(bench.labels(), ["200", "CANCEL"]);
    bench.run(33_000);
    assert_eq!(bench.ended(), EndCause::RemoteBye);
    bench.assert_clean();
}

fn call_to(remote: &str) -> OutgoingCall {
    let local: NameAddr = "<sip:alice@example.com>".parse().unwrap();
    OutgoingCall {
        body: sdp(OFFER),
        ..OutgoingCall::new(local, remote.parse().unwrap())
    }
}

#[test]
fn a_name_is_resolved_first() {
    let mut bench = Bench::new();
    let zone = bench.sim.zone();
    for address in ["2001:db8::1", "10.0.0.2"] {
        zone.address("peer.example.com", address.parse().unwrap());
    }
    bench.command(|manager, now| manager.invite(now, call_to("sip:bob@peer.example.com")));
    bench.run(1_000);
    assert!(
        bench
            .take()
            .iter()
            .all(|invite| invite.request().raw_uri() == "sip:bob@peer.example.com")
    );
    bench.run(40_000);
    assert_eq!(bench.ended(), EndCause::TimedOut);
    bench.assert_clean();
}

#[test]
fn a_name_without_address_ends_the_call() {
    let mut bench = Bench::new();
    bench.command(|manager, now| manager.invite(now, call_to("sip:bob@nowhere.example.com")));
    bench.run(15_000);
    let error = LocateError::NoSuchName;
    assert_eq!(bench.ended(), EndCause::Unlocated { error });
    bench.assert_clean();
}

#[test]
fn a_call_may_be_given_up_while_its_name_is_resolved() {
    let mut bench = Bench::new();
    let address = "10.0.0.2".parse().unwrap();
    bench.sim.zone().address("peer.example.com", address);
    let (sim, node) = (&mut bench.sim, bench.node);
    sim.with(node, |manager, now| {
        let key = manager
            .invite(now, call_to("sip:bob@peer.example.com"))
            .unwrap();
        manager.terminate(now, key, TerminateCause::Normal).unwrap();
    });
    bench.run(1_000);
    assert_eq!(bench.ended(), EndCause::Cancelled);
    assert!(bench.take().is_empty());
    bench.assert_clean();
}

#[test]
fn a_refused_connection_ends_the_call() {
    let mut bench = Bench::new();
    bench.command(|manager, now| {
        manager.invite(now, call_to("sip:bob@10.0.0.9:5060;transport=tcp"))
    });
    bench.run(33_000);
    assert!(matches!(bench.ended(), EndCause::TransportFailed { .. }));
    bench.assert_clean();
}

#[test]
fn what_cannot_be_called_is_an_error_and_no_call() {
    let mut bench = Bench::new();
    for remote in [
        "sips:bob@10.0.0.2;transport=udp",
        "tel:+15551234",
        "mailto:bob@example.com",
        "sip:bob@10.0.0.2;transport=sctp",
    ] {
        let error = bench.fails(|manager, now| manager.invite(now, call_to(remote)));
        assert!(
            matches!(error, DialogError::Unreachable(_)),
            "{remote}: {error}"
        );
    }
    assert_eq!(bench.manager().calls(), 0);
    bench.quiet();
}

#[test]
fn a_preloaded_route_and_a_target_lead_the_invite() {
    let mut bench = Bench::new();
    let route: Vec<Uri> = vec![format!("sip:{PEER};lr").parse().unwrap()];
    bench.command(|manager, now| {
        manager.invite(
            now,
            OutgoingCall {
                route,
                ..call_to("sip:bob@far.example.com")
            },
        )
    });
    let invite = bench.take_one("INVITE");
    assert_eq!(invite.request().raw_uri(), "sip:bob@far.example.com");
    assert_eq!(invite.header(HeaderName::Route), format!("<sip:{PEER};lr>"));
    assert!(invite.at < Duration::from_millis(10));
}
