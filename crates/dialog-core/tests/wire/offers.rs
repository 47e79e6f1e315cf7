//! Offers and answers: who may speak, re-INVITE from either side, and what happens when both speak at once.

use rvoip_dialog_core::offer_answer::Violation;
use rvoip_dialog_core::sip_core::HeaderName;
use rvoip_dialog_core::{Body, DialogError, EndCause};

use crate::kit::*;

fn violation(error: DialogError) -> Violation {
    match error {
        DialogError::OfferAnswer { violation, .. } => violation,
        other => panic!("{other}"),
    }
}

#[test]
fn an_offer_must_be_answered_and_a_missing_one_made() {
    let mut bench = Bench::new();
    let key = bench.incoming();
    assert_eq!(
        violation(bench.fails(|manager, now| manager.accept(now, key, None))),
        Violation::AnswerMissing
    );
    bench.command(|manager, now| manager.accept(now, key, sdp(ANSWER)));

    let mut bench = Bench::new();
    let key = bench.incoming_with(&[], "");
    assert_eq!(
        violation(bench.fails(|manager, now| manager.accept(now, key, None))),
        Violation::OfferMissing
    );
    bench.command(|manager, now| manager.accept(now, key, sdp(OFFER)));
    let tag = bench.take_one("200").to_tag();
    let ack = bench.request("ACK", 1, Some(&tag), &[], ANSWER);
    bench.send(&ack);
    let Event::Confirmed {
        body: Some(body), ..
    } = bench.event()
    else {
        panic!()
    };
    assert_eq!(body, Body::sdp(ANSWER));
}

#[test]
fn a_reinvite_is_answered_and_its_2xx_repeated_until_the_ack() {
    let mut bench = Bench::new();
    let (key, tag) = bench.called();
    let reinvite = bench.request("INVITE", 2, Some(&tag), &[], "v=0 hold");
    bench.send(&reinvite);
    let Event::Offer {
        body: Some(body), ..
    } = bench.event()
    else {
        panic!()
    };
    assert_eq!(body, Body::sdp("v=0 hold"));
    bench.command(|manager, now| manager.answer_offer(now, key, sdp("v=0 held")));
    let ok = bench.take_one("200");
    assert_eq!((ok.body(), ok.to_tag()), ("v=0 held", tag.clone()));
    assert_eq!(ok.header(HeaderName::Contact), "<sip:bob@10.0.0.1:5060>");
    bench.run(2_000);
    assert_eq!(bench.labels(), ["200", "200"]);
    let ack = bench.request("ACK", 2, Some(&tag), &[], "");
    bench.send(&ack);
    bench.run(40_000);
    assert!(bench.take().is_empty());
    bench.quiet();
    let error = bench.fails(|manager, now| manager.answer_offer(now, key, sdp(ANSWER)));
    assert!(matches!(error, DialogError::InvalidState { .. }));
}

#[test]
fn a_refused_reinvite_leaves_the_call_as_it_was() {
    let mut bench = Bench::new();
    let (key, tag) = bench.called();
    let reinvite = bench.request(
        "INVITE",
        2,
        Some(&tag),
        &["Contact: <sip:other@10.0.0.9>"],
        "v=0 video",
    );
    bench.send(&reinvite);
    bench.events();
    bench.command(|manager, now| manager.refuse_offer(now, key, status(488), &[]));
    bench.take_one("488");
    let ack = reinvite.replace("INVITE", "ACK");
    bench.send(&ack);
    bench.run(40_000);
    bench.quiet();
    let bye = bench.request("BYE", 3, Some(&tag), &[], "");
    bench.send(&bye);
    assert!(bench.labels().contains(&"200".to_owned()));
    assert_eq!(bench.ended(), EndCause::RemoteBye);
    bench.assert_clean();
}

#[test]
fn a_reinvite_whose_2xx_is_never_acknowledged_ends_the_call() {
    let mut bench = Bench::new();
    let (key, tag) = bench.called();
    let reinvite = bench.request("INVITE", 2, Some(&tag), &[], OFFER);
    bench.send(&reinvite);
    bench.events();
    bench.command(|manager, now| manager.answer_offer(now, key, sdp(ANSWER)));
    bench.run(33_000);
    assert_eq!(bench.ended(), EndCause::AckTimeout);
    bench.assert_clean();
}

#[test]
fn a_reinvite_without_offer_asks_for_ours() {
    let mut bench = Bench::new();
    let (key, tag) = bench.called();
    let reinvite = bench.request("INVITE", 2, Some(&tag), &[], "");
    bench.send(&reinvite);
    assert!(matches!(bench.event(), Event::Offer { body: None, .. }));
    let missing = bench.fails(|manager, now| manager.answer_offer(now, key, None));
    assert_eq!(violation(missing), Violation::OfferMissing);
    bench.command(|manager, now| manager.answer_offer(now, key, sdp(OFFER)));
    bench.take_one("200");
    let ack = bench.request("ACK", 2, Some(&tag), &[], ANSWER);
    bench.send(&ack);
    let Event::Answer {
        body: Some(body), ..
    } = bench.event()
    else {
        panic!()
    };
    assert_eq!(body, Body::sdp(ANSWER));
}

#[test]
fn a_second_reinvite_before_the_answer_is_told_to_wait() {
    let mut bench = Bench::new();
    let (key, tag) = bench.called();
    let reinvite = bench.request("INVITE", 2, Some(&tag), &[], OFFER);
    bench.send(&reinvite);
    bench.events();
    let second = bench.request("INVITE", 3, Some(&tag), &[], OFFER);
    bench.send(&second);
    let wait = bench
        .take()
        .into_iter()
        .find(|message| message.label() == "500")
        .unwrap();
    assert!(wait.header(HeaderName::RetryAfter).parse::<u8>().unwrap() <= 10);
    bench.quiet();
    bench.command(|manager, now| manager.answer_offer(now, key, sdp(ANSWER)));
    assert!(bench.labels().contains(&"200".to_owned()));
    let third = bench.request("INVITE", 4, Some(&tag), &[], OFFER);
    bench.send(&third);
    assert!(bench.labels().contains(&"491".to_owned()));
    bench.quiet();
}

#[test]
fn an_invite_inside_an_undecided_call_is_told_to_wait() {
    let mut bench = Bench::new();
    let key = bench.incoming();
    bench.command(|manager, now| manager.provisional(now, key, status(180), None, false));
    let tag = bench.take_one("180").to_tag();
    let second = bench.request("INVITE", 2, Some(&tag), &[], OFFER);
    bench.send(&second);
    assert!(bench.take_one("500").has(HeaderName::RetryAfter));
    bench.quiet();
}

#[test]
fn a_cancelled_reinvite_is_withdrawn_and_the_call_goes_on() {
    let mut bench = Bench::new();
    let (key, tag) = bench.called();
    let reinvite = bench.request("INVITE", 2, Some(&tag), &[], "");
    bench.send(&reinvite);
    bench.events();
    bench.send(&reinvite.replace("INVITE", "CANCEL"));
    let mut labels = bench.labels();
    labels.sort();
    assert_eq!(labels, ["200", "487"]);
    assert_eq!(name(&bench.event()), "OfferWithdrawn");
    let error = bench.fails(|manager, now| manager.answer_offer(now, key, sdp(ANSWER)));
    assert!(matches!(error, DialogError::InvalidState { .. }));
    assert_eq!(bench.manager().calls(), 1);
}

#[test]
fn a_reinvite_with_a_body_that_cannot_be_read_gets_415() {
    let mut bench = Bench::new();
    let (_, tag) = bench.called();
    let reinvite = bench
        .request("INVITE", 2, Some(&tag), &[], OFFER)
        .replace("application/sdp", "text/plain");
    bench.send(&reinvite);
    assert_eq!(
        bench.take_one("415").header(HeaderName::Accept),
        "application/sdp, multipart/mixed, multipart/alternative"
    );
    bench.quiet();
}

#[test]
fn our_reinvite_is_answered_acknowledged_and_moves_the_target() {
    let mut bench = Bench::new();
    let (key, _, _) = bench.answered();
    bench.command(|manager, now| {
        manager.offer(now, key, OfferMethod::Invite, Body::sdp("v=0 hold"))
    });
    let reinvite = bench.take_one("INVITE");
    assert_eq!(reinvite.header(HeaderName::CSeq), "2 INVITE");
    assert_eq!(
        reinvite.header(HeaderName::Contact),
        "<sip:alice@10.0.0.1:5060>"
    );
    assert_eq!(reinvite.body(), "v=0 hold");
    let pending =
        bench.fails(|manager, now| manager.offer(now, key, OfferMethod::Invite, Body::sdp(OFFER)));
    assert_eq!(violation(pending), Violation::OfferOutstanding);
    let moved = reply(
        &reinvite,
        "200 OK",
        None,
        &["Contact: <sip:moved@10.0.0.2:5060>"],
        "v=0 held",
    );
    bench.send(&moved);
    let Event::Answer {
        body: Some(body), ..
    } = bench.event()
    else {
        panic!()
    };
    assert_eq!(body, Body::sdp("v=0 held"));
    let ack = bench.take_one("ACK");
    assert_eq!(ack.header(HeaderName::CSeq), "2 ACK");
    assert_eq!(ack.request().raw_uri(), "sip:moved@10.0.0.2:5060");
    bench.send(&moved);
    assert_eq!(bench.take_one("ACK").text, ack.text);
    bench.quiet();
}

#[test]
fn our_reinvite_is_refused_and_the_call_goes_on() {
    let mut bench = Bench::new();
    let (key, _, _) = bench.answered();
    for (cseq, line) in [(2, "488 Not Acceptable Here"), (3, "606 Not Acceptable")] {
        bench
            .command(|manager, now| manager.offer(now, key, OfferMethod::Invite, Body::sdp(OFFER)));
        let reinvite = bench.take_one("INVITE");
        assert_eq!(reinvite.header(HeaderName::CSeq), format!("{cseq} INVITE"));
        bench.send(&reply(&reinvite, line, None, &[], ""));
        assert_eq!(name(&bench.event()), format!("OfferRefused {}", &line[..3]));
        bench.take_one("ACK");
    }
    assert_eq!(bench.manager().calls(), 1);
}

#[test]
fn a_reinvite_answered_481_or_not_at_all_ends_the_call() {
    let mut bench = Bench::new();
    let (key, _, _) = bench.answered();
    bench.command(|manager, now| manager.offer(now, key, OfferMethod::Invite, Body::sdp(OFFER)));
    let reinvite = bench.take_one("INVITE");
    bench.send(&reply(
        &reinvite,
        "481 Call/Transaction Does Not Exist",
        None,
        &[],
        "",
    ));
    assert_eq!(bench.labels(), ["ACK", "BYE"]);
    bench.run(33_000);
    assert_eq!(
        bench.ended(),
        EndCause::DialogLost {
            status: status(481)
        }
    );
    bench.assert_clean();

    let mut bench = Bench::new();
    let (key, _, _) = bench.answered();
    bench.command(|manager, now| manager.offer(now, key, OfferMethod::Invite, Body::sdp(OFFER)));
    bench.run(66_000);
    assert_eq!(
        bench.ended(),
        EndCause::DialogLost {
            status: status(408)
        }
    );
    bench.assert_clean();
}

#[test]
fn a_reinvite_left_unanswered_is_cancelled_or_refused_and_the_call_goes_on() {
    let mut bench = Bench::new();
    let (key, _, _) = bench.answered();
    bench.command(|manager, now| manager.offer(now, key, OfferMethod::Invite, Body::sdp(OFFER)));
    let reinvite = bench.take_one("INVITE");
    bench.send(&reply(&reinvite, "100 Trying", None, &[], ""));
    bench.run(180_000);
    bench.take_one("CANCEL");
    bench.send(&reply(&reinvite, "487 Request Terminated", None, &[], ""));
    assert_eq!(name(&bench.event()), "OfferRefused 487");
    assert_eq!(bench.manager().calls(), 1);

    let mut bench = Bench::new();
    let (_, tag) = bench.called();
    let reinvite = bench.request("INVITE", 2, Some(&tag), &[], OFFER);
    bench.send(&reinvite);
    bench.events();
    bench.run(180_000);
    assert!(bench.labels().contains(&"480".to_owned()));
    assert_eq!(name(&bench.event()), "OfferWithdrawn");
    assert_eq!(bench.manager().calls(), 1);
}

#[test]
fn a_reinvite_that_crosses_ours_gets_491() {
    let mut bench = Bench::new();
    let (key, tag) = bench.called();
    bench.command(|manager, now| manager.offer(now, key, OfferMethod::Invite, Body::sdp(OFFER)));
    let ours = bench.take_one("INVITE");
    let theirs = bench.request("INVITE", 2, Some(&tag), &[], OFFER);
    bench.send(&theirs);
    bench.take_one("491");
    bench.send(&reply(&ours, "491 Request Pending", None, &[], ""));
    bench.take_one("ACK");
    bench.quiet();
    // We did not make the Call-ID: again within two seconds.
    bench.run(2_005);
    let sent = bench.take();
    let again = sent.iter().find(|it| it.label() == "INVITE").unwrap();
    assert_eq!(again.header(HeaderName::CSeq), "2 INVITE");
    assert_eq!(again.body(), OFFER);
    bench.send(&reply(again, "200 OK", None, &[], ANSWER));
    assert_eq!(name(&bench.event()), "Answer");
}
