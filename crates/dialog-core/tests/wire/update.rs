//! UPDATE: in an early dialog and in a confirmed one, both ways.

use rvoip_dialog_core::sip_core::HeaderName;
use rvoip_dialog_core::{Body, CallKey, EndCause, TerminateCause};

use crate::kit::*;
use crate::prack::{KNOWS, early, prack, reliable};

#[test]
fn an_update_changes_a_confirmed_session_and_moves_the_target() {
    let mut bench = Bench::new();
    let (key, tag) = bench.called();
    let lines = ["Contact: <sip:moved@10.0.0.2:5060>"];
    let update = bench.request("UPDATE", 2, Some(&tag), &lines, "v=0 hold");
    bench.send(&update);
    let Event::Offer {
        body: Some(body), ..
    } = bench.event()
    else {
        panic!()
    };
    assert_eq!(body, Body::sdp("v=0 hold"));
    bench.command(|manager, now| manager.answer_offer(now, key, sdp("v=0 held")));
    let ok = bench.take_one("200");
    assert_eq!(ok.body(), "v=0 held");
    assert_eq!(ok.header(HeaderName::Contact), "<sip:bob@10.0.0.1:5060>");
    assert_eq!(ok.header(HeaderName::Allow), ALLOW);
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    let bye = bench.take_one("BYE");
    assert_eq!(bye.request().raw_uri(), "sip:moved@10.0.0.2:5060");
}

#[test]
fn an_update_without_offer_is_answered_at_once() {
    let mut bench = Bench::new();
    let (key, tag) = bench.called();
    let lines = ["Contact: <sip:moved@10.0.0.2:5060>"];
    let update = bench.request("UPDATE", 2, Some(&tag), &lines, "");
    bench.send(&update);
    bench.take_one("200");
    bench.quiet();
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    let bye = bench.take_one("BYE");
    assert_eq!(bye.request().raw_uri(), "sip:moved@10.0.0.2:5060");
}

#[test]
fn an_update_that_cannot_be_taken_leaves_the_session_as_it_was() {
    let mut bench = Bench::new();
    let (key, tag) = bench.called();
    let lines = ["Contact: <sip:moved@10.0.0.2:5060>"];
    let update = bench.request("UPDATE", 2, Some(&tag), &lines, "v=0 video");
    bench.send(&update);
    bench.events();
    bench.command(|manager, now| manager.refuse_offer(now, key, status(488), &[]));
    bench.take_one("488");
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    let bye = bench.take_one("BYE");
    assert_eq!(bye.request().raw_uri(), "sip:alice@10.0.0.2:5060");
}

#[test]
fn a_second_update_before_the_answer_is_told_to_wait() {
    let mut bench = Bench::new();
    let (_, tag) = bench.called();
    for (cseq, body) in [(2, OFFER), (3, OFFER), (4, "")] {
        let update = bench.request("UPDATE", cseq, Some(&tag), &[], body);
        bench.send(&update);
        if cseq > 2 {
            let wait = bench.take_one("500").header(HeaderName::RetryAfter);
            assert!(wait.parse::<u8>().unwrap() <= 10);
        }
    }
    let reinvite = bench.request("INVITE", 5, Some(&tag), &[], OFFER);
    bench.send(&reinvite);
    bench.take_one("500");
    assert_eq!(name(&bench.event()), "Offer");
}

#[test]
fn an_update_that_crosses_our_reinvite_gets_491() {
    let mut bench = Bench::new();
    let (key, tag) = bench.called();
    bench.command(|manager, now| manager.offer(now, key, OfferMethod::Invite, Body::sdp(OFFER)));
    let ours = bench.take_one("INVITE");
    let update = bench.request("UPDATE", 2, Some(&tag), &[], OFFER);
    bench.send(&update);
    bench.take_one("491");
    // One without an offer is in nobody's way.
    let refresh = bench.request("UPDATE", 3, Some(&tag), &[], "");
    bench.send(&refresh);
    bench.take_one("200");
    bench.send(&reply(&ours, "200 OK", None, &[], ANSWER));
    assert_eq!(name(&bench.event()), "Answer");
}

#[test]
fn an_offer_that_nobody_answers_is_refused_in_time() {
    let mut bench = Bench::new();
    let (_, tag) = bench.called();
    let update = bench.request("UPDATE", 2, Some(&tag), &[], OFFER);
    bench.send(&update);
    bench.events();
    bench.run(17_000);
    bench.take_one("504");
    assert_eq!(name(&bench.event()), "OfferWithdrawn");
    assert_eq!(bench.manager().calls(), 1);
}

#[test]
fn the_caller_changes_an_early_session() {
    let mut bench = Bench::new();
    let (key, invite) = bench.calling(sdp(OFFER));
    bench.send(&reply(&invite, "180 Ringing", Some("b1"), &[], ""));
    bench.events();
    bench
        .fails(|manager, now| manager.offer(now, key, OfferMethod::Invite, Body::sdp("v=0 other")));
    let progress = reliable(&invite, "183 Session Progress", "b1", 1, &[], ANSWER);
    bench.send(&progress);
    bench.events();
    let ack = bench.take_one("PRACK");
    bench.send(&reply(&ack, "200 OK", None, &[], ""));
    bench.command(|manager, now| {
        manager.offer(now, key, OfferMethod::Invite, Body::sdp("v=0 other"))
    });
    let update = bench.take_one("UPDATE");
    assert_eq!(update.header(HeaderName::CSeq), "3 UPDATE");
    assert_eq!(
        update.header(HeaderName::Contact),
        "<sip:alice@10.0.0.1:5060>"
    );
    assert_eq!(update.body(), "v=0 other");
    bench.send(&reply(&update, "200 OK", None, &[], "v=0 another"));
    assert_eq!(name(&bench.event()), "Answer");
    bench.send(&reply(&invite, "200 OK", Some("b1"), &[], ""));
    assert!(matches!(bench.event(), Event::Answered { body: None, .. }));
    bench.take_one("ACK");
}

#[test]
fn the_called_party_changes_an_early_session() {
    let mut bench = Bench::new();
    let (key, _) = early(&mut bench);
    bench.command(|manager, now| {
        manager.offer(now, key, OfferMethod::Invite, Body::sdp("v=0 other"))
    });
    let update = bench.take_one("UPDATE");
    assert_eq!(update.header(HeaderName::CSeq), "1 UPDATE");
    // The 2xx waits for the end of it.
    bench.command(|manager, now| manager.accept(now, key, sdp(ANSWER)));
    assert!(bench.take().is_empty());
    bench.send(&reply(&update, "200 OK", None, &[], "v=0 another"));
    assert_eq!(name(&bench.event()), "Answer");
    assert_eq!(bench.take_one("200").header(HeaderName::CSeq), "1 INVITE");
}

#[test]
fn the_called_party_offers_nothing_before_its_answer_has_arrived() {
    let mut bench = Bench::new();
    let key = bench.incoming_with(KNOWS, OFFER);
    let offer = |bench: &mut Bench| {
        bench.sim.with(bench.node, |manager, now| {
            manager.offer(now, key, OfferMethod::Invite, Body::sdp("v=0 other"))
        })
    };
    assert!(offer(&mut bench).is_err());
    bench.command(|manager, now| manager.provisional(now, key, status(183), sdp(ANSWER), true));
    let progress = bench.take_one("183");
    assert!(offer(&mut bench).is_err());
    let ack = prack(&mut bench, 2, &progress, "");
    bench.send(&ack);
    assert!(offer(&mut bench).is_ok());
}

#[test]
fn the_caller_changes_the_early_session_of_a_called_party() {
    let mut bench = Bench::new();
    let (key, progress) = early(&mut bench);
    let update = bench.request("UPDATE", 3, Some(&progress.to_tag()), &[], "v=0 other");
    bench.send(&update);
    assert_eq!(name(&bench.event()), "Offer");
    bench.command(|manager, now| manager.answer_offer(now, key, sdp("v=0 another")));
    assert_eq!(bench.take_one("200").body(), "v=0 another");
    bench.command(|manager, now| manager.accept(now, key, None));
    bench.take_one("200");
}

#[test]
fn an_update_that_meets_an_offer_comes_again_in_the_owners_time() {
    let mut bench = Bench::new();
    let (key, invite) = bench.calling(sdp(OFFER));
    bench.send(&reliable(
        &invite,
        "183 Session Progress",
        "b1",
        1,
        &[],
        ANSWER,
    ));
    let ack = bench.take_one("PRACK");
    bench.send(&reply(&ack, "200 OK", None, &[], ""));
    bench.events();
    bench.command(|manager, now| {
        manager.offer(now, key, OfferMethod::Invite, Body::sdp("v=0 other"))
    });
    let update = bench.take().pop().unwrap();
    bench.send(&reply(&update, "491 Request Pending", None, &[], ""));
    bench.run(2_050);
    let sent = bench.labels();
    assert!(!sent.contains(&"UPDATE".to_owned()), "{sent:?}");
    bench.run(2_000);
    let again = bench.take();
    let again = again.iter().find(|it| it.label() == "UPDATE").unwrap();
    assert_eq!(again.body(), "v=0 other");
    bench.quiet();
    bench.send(&reply(again, "500 Busy", None, &["Retry-After: 3"], ""));
    bench.run(3_010);
    let again = bench.take();
    let again = again.iter().find(|it| it.label() == "UPDATE").unwrap();
    bench.send(&reply(again, "488 Not Acceptable Here", None, &[], ""));
    assert_eq!(name(&bench.event()), "OfferRefused 488");
}

#[test]
fn an_early_session_that_is_refused_ends_with_everything_open() {
    let mut bench = Bench::new();
    let (key, progress) = early(&mut bench);
    let update = bench.request("UPDATE", 3, Some(&progress.to_tag()), &[], "v=0 other");
    bench.send(&update);
    bench.events();
    bench.command(|manager, now| manager.reject(now, key, status(486), &[]));
    assert!(bench.labels().contains(&"486".to_owned()));
    assert_eq!(
        bench.ended(),
        EndCause::Refused {
            status: status(486)
        }
    );
    bench.assert_clean();
}

#[test]
fn an_update_does_not_overtake_the_prack() {
    let mut bench = Bench::new();
    let (key, invite) = bench.calling(sdp(OFFER));
    let progress = reliable(&invite, "183 Session Progress", "b1", 1, &[], ANSWER);
    bench.send(&progress);
    bench.events();
    let ack = bench.take_one("PRACK");
    bench.command(|manager, now| {
        manager.offer(now, key, OfferMethod::Invite, Body::sdp("v=0 other"))
    });
    bench.run(3_000);
    assert!(bench.labels().iter().all(|label| label == "PRACK"));
    bench
        .fails(|manager, now| manager.offer(now, key, OfferMethod::Invite, Body::sdp("v=0 third")));
    // Refused for whatever reason: the response that comes again has another PRACK.
    bench.send(&reply(&ack, "500 Out Of Order", None, &[], ""));
    let update = bench.take_one("UPDATE");
    bench.send(&reply(&update, "200 OK", None, &[], "v=0 another"));
    assert_eq!(name(&bench.event()), "Answer");
    bench.send(&progress);
    let again = bench.take_one("PRACK");
    assert_eq!(again.header(HeaderName::RAck), "1 1 INVITE");
    assert_eq!(again.header(HeaderName::CSeq), "4 PRACK");
}

const UPDATES: &[&str] = &["Allow: INVITE, ACK, BYE, UPDATE"];

/// A call of the peer, who speaks UPDATE, and our offer by UPDATE as it arrived.
fn updated(bench: &mut Bench) -> (CallKey, Received) {
    let (key, _) = bench.called_with(UPDATES);
    let body = Body::sdp("v=0 other");
    bench.command(|manager, now| manager.offer(now, key, OfferMethod::Update, body));
    (key, bench.take_one("UPDATE"))
}

#[test]
fn we_change_a_confirmed_session_by_update() {
    let mut bench = Bench::new();
    let (key, update) = updated(&mut bench);
    assert_eq!(update.header(HeaderName::CSeq), "1 UPDATE");
    assert_eq!(update.body(), "v=0 other");
    assert_eq!(
        update.header(HeaderName::Contact),
        "<sip:bob@10.0.0.1:5060>"
    );
    // One change at a time, whatever its method.
    for method in [OfferMethod::Invite, OfferMethod::Update] {
        bench.fails(|manager, now| manager.offer(now, key, method, Body::sdp("v=0 third")));
    }
    let moved = ["Contact: <sip:moved@10.0.0.2:5060>"];
    bench.send(&reply(&update, "200 OK", None, &moved, "v=0 another"));
    let Event::Answer { body, .. } = bench.event() else {
        panic!()
    };
    assert_eq!(body, sdp("v=0 another"));
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    let bye = bench.take_one("BYE");
    assert_eq!(bye.header(HeaderName::CSeq), "2 BYE");
    assert_eq!(bye.request().raw_uri(), "sip:moved@10.0.0.2:5060");
}

#[test]
fn the_caller_changes_a_confirmed_session_by_update_when_the_answer_has_allowed_it() {
    for (allow, label) in [
        (UPDATES, "UPDATE"),
        (&["Allow: INVITE, BYE"][..], "INVITE"),
        (&[][..], "INVITE"),
    ] {
        let mut bench = Bench::new();
        let (key, invite) = bench.calling(sdp(OFFER));
        bench.send(&reply(&invite, "200 OK", Some("b1"), allow, ANSWER));
        bench.events();
        bench.take_one("ACK");
        let body = Body::sdp("v=0 other");
        bench.command(|manager, now| manager.offer(now, key, OfferMethod::Update, body));
        let sent = bench.take_one(label);
        assert_eq!(sent.body(), "v=0 other");
        bench.send(&reply(&sent, "200 OK", None, &[], "v=0 another"));
        assert_eq!(name(&bench.event()), "Answer");
    }
}

#[test]
fn an_offer_by_update_to_a_peer_that_does_not_speak_it_after_all_goes_by_invite() {
    for refusal in ["405 Method Not Allowed", "501 Not Implemented"] {
        let mut bench = Bench::new();
        let (key, update) = updated(&mut bench);
        bench.send(&reply(&update, refusal, None, &[], ""));
        let invite = bench.take_one("INVITE");
        assert_eq!(invite.body(), "v=0 other");
        bench.quiet();
        bench.send(&reply(&invite, "200 OK", None, &[], "v=0 another"));
        bench.take_one("ACK");
        assert_eq!(name(&bench.event()), "Answer");
        let body = Body::sdp("v=0 third");
        bench.command(|manager, now| manager.offer(now, key, OfferMethod::Update, body));
        bench.take_one("INVITE");
    }
}

#[test]
fn an_update_of_ours_that_is_refused_leaves_the_session_as_it_was() {
    let mut bench = Bench::new();
    let (key, update) = updated(&mut bench);
    bench.send(&reply(&update, "488 Not Acceptable Here", None, &[], ""));
    assert_eq!(name(&bench.event()), "OfferRefused 488");
    let body = Body::sdp("v=0 third");
    bench.command(|manager, now| manager.offer(now, key, OfferMethod::Update, body));
    let update = bench.take_one("UPDATE");
    bench.send(&reply(&update, "481 No Dialog", None, &[], ""));
    let bye = bench.take_one("BYE");
    bench.send(&reply(&bye, "481 No Dialog", None, &[], ""));
    assert!(matches!(bench.ended(), EndCause::DialogLost { .. }));
}

#[test]
fn an_update_of_ours_in_a_call_that_meets_an_offer_comes_again() {
    let mut bench = Bench::new();
    let (_, update) = updated(&mut bench);
    bench.send(&reply(&update, "491 Request Pending", None, &[], ""));
    bench.run(2_050);
    let again = bench.take_one("UPDATE");
    assert_eq!(again.body(), "v=0 other");
    bench.quiet();
}
