//! Reliable provisional responses and their PRACK, as caller and as called.

use std::time::Duration;

use rvoip_dialog_core::offer_answer::Violation;
use rvoip_dialog_core::sip_core::HeaderName;
use rvoip_dialog_core::{
    Body, CallExtensions, CallKey, ClientConfig, DialogError, DialogManagerConfig, EndCause,
    HybridConfig, Leg, ReliableProvisionals, ServerConfig, TerminateCause,
};

use crate::kit::*;

/// A side with this policy in both directions.
pub(crate) fn with_policy(reliable_provisionals: ReliableProvisionals) -> DialogManagerConfig {
    let extensions = CallExtensions {
        reliable_provisionals,
        ..CallExtensions::default()
    };
    DialogManagerConfig::Hybrid(HybridConfig {
        client: ClientConfig {
            extensions: extensions.clone(),
            ..ClientConfig::default()
        },
        server: ServerConfig {
            extensions,
            ..ServerConfig::default()
        },
    })
}

/// A reliable provisional response of the peer, which also speaks UPDATE.
pub(crate) fn reliable(
    invite: &Received,
    line: &str,
    tag: &str,
    rseq: u32,
    lines: &[&str],
    body: &str,
) -> String {
    let rseq = format!("RSeq: {rseq}");
    let mut all = vec!["Require: 100rel", "Allow: INVITE, PRACK, UPDATE", &*rseq];
    all.extend(lines);
    reply(invite, line, Some(tag), &all, body)
}

/// The PRACK of a caller for our response.
pub(crate) fn prack(bench: &mut Bench, cseq: u32, response: &Received, body: &str) -> String {
    let rack = format!("RAck: {} 1 INVITE", response.header(HeaderName::RSeq));
    bench.request("PRACK", cseq, Some(&response.to_tag()), &[&rack], body)
}

pub(crate) const KNOWS: &[&str] = &["Supported: 100rel", "Allow: INVITE, PRACK, UPDATE"];

#[test]
fn each_reliable_response_gets_its_prack_in_order() {
    let mut bench = Bench::new();
    let (key, invite) = bench.calling(sdp(OFFER));
    assert_eq!(invite.header(HeaderName::Supported), SUPPORTED);
    let ringing = reliable(&invite, "180 Ringing", "b1", 10, &[], "");
    bench.send(&ringing);
    assert_eq!(name(&bench.event()), "Progress 180");
    let first = bench.take_one("PRACK");
    assert_eq!(first.header(HeaderName::RAck), "10 1 INVITE");
    assert_eq!(first.header(HeaderName::CSeq), "2 PRACK");
    assert_eq!(first.to_tag(), "b1");
    assert_eq!(first.request().raw_uri(), "sip:bob@10.0.0.2:5060");
    bench.send(&reply(&first, "200 OK", None, &[], ""));

    // Neither twice, nor out of order.
    bench.send(&ringing);
    let early = reliable(&invite, "183 Session Progress", "b1", 12, &[], "");
    bench.send(&early);
    assert!(bench.take().is_empty());
    bench.quiet();

    let answer = reliable(&invite, "183 Session Progress", "b1", 11, &[], ANSWER);
    bench.send(&answer);
    let Event::Progress {
        reliable: true,
        body: Some(body),
        ..
    } = bench.event()
    else {
        panic!()
    };
    assert_eq!(body, Body::sdp(ANSWER));
    let second = bench.take_one("PRACK");
    assert_eq!(second.header(HeaderName::RAck), "11 1 INVITE");
    assert_eq!(second.header(HeaderName::CSeq), "3 PRACK");
    bench.send(&reply(&second, "200 OK", None, &[], ""));
    bench.send(&early);
    assert_eq!(
        bench.take_one("PRACK").header(HeaderName::RAck),
        "12 1 INVITE"
    );
    bench.events();

    // The 2xx says nothing new; its ACK has the number of the INVITE, the BYE one that was never used.
    bench.send(&reply(&invite, "200 OK", Some("b1"), &[], ""));
    let Event::Answered {
        body: Some(body),
        offer: false,
        ..
    } = bench.event()
    else {
        panic!()
    };
    assert_eq!(body, Body::sdp(ANSWER));
    let ack = bench.take().pop().unwrap();
    assert_eq!(ack.header(HeaderName::CSeq), "1 ACK");
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    let bye = bench.take().pop().unwrap();
    assert_eq!(bye.header(HeaderName::CSeq), "5 BYE");
    bench.send(&reply(&bye, "200 OK", None, &[], ""));
    assert_eq!(bench.ended(), EndCause::LocalBye);
    bench.assert_clean();
}

#[test]
fn an_offer_in_a_reliable_response_is_answered_in_its_prack() {
    let mut bench = Bench::new();
    let (key, invite) = bench.calling(None);
    bench.send(&reliable(
        &invite,
        "183 Session Progress",
        "b1",
        1,
        &[],
        OFFER,
    ));
    let mut events = bench.events();
    let Some(Event::Offer {
        fork,
        body: Some(body),
        ..
    }) = events.pop()
    else {
        panic!("{events:?}")
    };
    assert_eq!(body, Body::sdp(OFFER));
    assert!(bench.take().is_empty());
    let leg = Leg { call: key, fork };
    let missing = bench.fails(|manager, now| manager.answer_offer(now, leg, None));
    assert!(matches!(
        missing,
        DialogError::OfferAnswer {
            violation: Violation::AnswerMissing,
            ..
        }
    ));
    bench.command(|manager, now| manager.answer_offer(now, leg, sdp(ANSWER)));
    let prack = bench.take_one("PRACK");
    assert_eq!(prack.body(), ANSWER);
    bench.send(&reply(&prack, "200 OK", None, &[], ""));
    bench.send(&reply(&invite, "200 OK", Some("b1"), &[], ""));
    assert!(matches!(
        bench.event(),
        Event::Answered {
            body: None,
            offer: false,
            ..
        }
    ));
    assert_eq!(bench.take_one("ACK").body(), "");
}

#[test]
fn an_offer_in_a_reliable_response_that_cannot_be_taken_gives_the_call_up() {
    let mut bench = Bench::new();
    let (key, invite) = bench.calling(None);
    bench.send(&reliable(
        &invite,
        "183 Session Progress",
        "b1",
        1,
        &[],
        OFFER,
    ));
    bench.events();
    bench.command(|manager, now| manager.refuse_offer(now, key, status(488), &[]));
    let sent = bench.take();
    assert_eq!(sent[0].label(), "PRACK");
    assert_eq!(sent[1].label(), "CANCEL");
    bench.send(&reply(&sent[0], "200 OK", None, &[], ""));
    bench.send(&reply(&sent[1], "200 OK", None, &[], ""));
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

#[test]
fn reliable_responses_may_be_switched_off_or_demanded() {
    let mut bench = Bench::with(with_policy(ReliableProvisionals::Off));
    let (_, invite) = bench.calling(sdp(OFFER));
    assert!(!invite.header(HeaderName::Supported).contains("100rel"));
    bench.send(&reliable(&invite, "180 Ringing", "b1", 1, &[], ""));
    assert!(bench.take().is_empty());
    assert_eq!(name(&bench.event()), "Progress 180");
    let required = bench.request("INVITE", 1, None, &["Require: 100rel"], OFFER);
    bench.send(&required);
    assert_eq!(
        bench.take_one("420").header(HeaderName::Unsupported),
        "100rel"
    );

    let mut bench = Bench::with(with_policy(ReliableProvisionals::Required));
    let (_, invite) = bench.calling(sdp(OFFER));
    assert_eq!(invite.header(HeaderName::Require), "100rel");
    let plain = bench.request("INVITE", 1, None, &[], OFFER);
    bench.send(&plain);
    assert_eq!(bench.take_one("421").header(HeaderName::Require), "100rel");
}

#[test]
fn a_reliable_response_is_repeated_at_doubled_intervals_until_its_prack() {
    let mut bench = Bench::new();
    let key = bench.incoming_with(KNOWS, OFFER);
    bench.command(|manager, now| manager.provisional(now, key, status(180), None, true));
    bench.run(10_000);
    let sent = bench.take();
    assert_eq!(sent[0].header(HeaderName::Require), "100rel");
    assert!(sent.iter().all(|again| again.text == sent[0].text));
    let times: Vec<Duration> = sent.iter().map(|again| again.at - sent[0].at).collect();
    assert_eq!(
        times,
        [0, 500, 1_500, 3_500, 7_500].map(Duration::from_millis)
    );
    let ack = prack(&mut bench, 2, &sent[0], "");
    bench.send(&ack);
    bench.take_one("200");
    bench.run(40_000);
    assert!(bench.take().is_empty());
    // The same response once more has had its PRACK.
    let again = prack(&mut bench, 3, &sent[0], "");
    bench.send(&again);
    bench.take_one("481");
    bench.command(|manager, now| manager.provisional(now, key, status(183), None, true));
    let next = bench.take_one("183");
    let number = |message: &Received| message.header(HeaderName::RSeq).parse::<u32>().unwrap();
    assert_eq!(number(&next), number(&sent[0]) + 1);
    bench.quiet();
}

#[test]
fn a_reliable_response_without_prack_ends_the_call() {
    let mut bench = Bench::new();
    let key = bench.incoming_with(KNOWS, OFFER);
    bench.command(|manager, now| manager.provisional(now, key, status(180), None, true));
    bench.run(33_000);
    assert!(bench.labels().contains(&"504".to_owned()));
    assert_eq!(bench.ended(), EndCause::PrackTimeout);
    bench.assert_clean();
}

#[test]
fn the_2xx_waits_for_the_prack_of_a_description() {
    let mut bench = Bench::new();
    let key = bench.incoming_with(KNOWS, OFFER);
    bench.command(|manager, now| manager.provisional(now, key, status(183), sdp(ANSWER), true));
    let progress = bench.take_one("183");
    assert_eq!(progress.body(), ANSWER);
    bench.command(|manager, now| manager.accept(now, key, sdp(ANSWER)));
    assert!(bench.take().is_empty());
    let twice = bench.fails(|manager, now| manager.accept(now, key, sdp(ANSWER)));
    assert!(matches!(twice, DialogError::InvalidState { .. }));
    let ack = prack(&mut bench, 2, &progress, "");
    bench.send(&ack);
    let sent = bench.take();
    assert_eq!(sent[0].header(HeaderName::CSeq), "2 PRACK");
    assert_eq!(sent[1].header(HeaderName::CSeq), "1 INVITE");
    assert_eq!((sent[1].label(), sent[1].body()), ("200".to_owned(), ""));
    let ack = bench.request("ACK", 1, Some(&progress.to_tag()), &[], "");
    bench.send(&ack);
    assert_eq!(name(&bench.event()), "Confirmed");
    bench.run(40_000);
    assert!(bench.take().is_empty());
}

#[test]
fn without_a_description_the_2xx_goes_out_and_the_prack_is_still_answered() {
    let mut bench = Bench::new();
    let key = bench.incoming_with(KNOWS, OFFER);
    bench.command(|manager, now| manager.provisional(now, key, status(180), None, true));
    let ringing = bench.take_one("180");
    bench.command(|manager, now| manager.accept(now, key, sdp(ANSWER)));
    assert_eq!(bench.take_one("200").body(), ANSWER);
    let late = prack(&mut bench, 2, &ringing, "");
    bench.send(&late);
    assert_eq!(bench.take_one("200").header(HeaderName::CSeq), "2 PRACK");
    let ack = bench.request("ACK", 1, Some(&ringing.to_tag()), &[], "");
    bench.send(&ack);
    let stray = prack(&mut bench, 3, &ringing, "");
    bench.send(&stray);
    bench.take_one("481");
    bench.run(40_000);
    assert!(bench.take().is_empty());
}

#[test]
fn one_response_waits_for_the_prack_of_the_other() {
    let mut bench = Bench::new();
    let key = bench.incoming_with(KNOWS, OFFER);
    bench.command(|manager, now| {
        manager.provisional(now, key, status(180), None, true)?;
        manager.provisional(now, key, status(183), sdp(ANSWER), true)
    });
    bench.command(|manager, now| manager.accept(now, key, None));
    let ringing = bench.take_one("180");
    let ack = prack(&mut bench, 2, &ringing, "");
    bench.send(&ack);
    let sent = bench.take();
    let labels: Vec<String> = sent.iter().map(Received::label).collect();
    assert_eq!(labels, ["200", "183"]);
    assert_eq!(sent[1].body(), ANSWER);
    let ack = prack(&mut bench, 3, &sent[1], "");
    bench.send(&ack);
    assert_eq!(bench.labels(), ["200", "200"]);
}

#[test]
fn our_offer_in_a_reliable_response_is_answered_in_its_prack() {
    let mut bench = Bench::new();
    let key = bench.incoming_with(KNOWS, "");
    let plain =
        bench.fails(|manager, now| manager.provisional(now, key, status(183), sdp(OFFER), false));
    assert!(matches!(
        plain,
        DialogError::OfferAnswer {
            violation: Violation::OfferUnreliable,
            ..
        }
    ));
    let first = bench.fails(|manager, now| manager.provisional(now, key, status(180), None, true));
    assert!(matches!(
        first,
        DialogError::OfferAnswer {
            violation: Violation::OfferMissing,
            ..
        }
    ));
    bench.command(|manager, now| manager.provisional(now, key, status(183), sdp(OFFER), true));
    let progress = bench.take_one("183");
    let ack = prack(&mut bench, 2, &progress, ANSWER);
    bench.send(&ack);
    bench.take_one("200");
    assert!(matches!(bench.event(), Event::Answer { body: Some(_), .. }));
    bench.command(|manager, now| manager.accept(now, key, None));
    assert_eq!(bench.take_one("200").body(), "");
}

/// A call that rings reliably, with the offer of the INVITE answered and acknowledged; the response.
pub(crate) fn early(bench: &mut Bench) -> (CallKey, Received) {
    let key = bench.incoming_with(KNOWS, OFFER);
    bench.command(|manager, now| manager.provisional(now, key, status(183), sdp(ANSWER), true));
    let progress = bench.take_one("183");
    let ack = prack(bench, 2, &progress, "");
    bench.send(&ack);
    bench.take_one("200");
    bench.quiet();
    (key, progress)
}

#[test]
fn an_offer_in_a_prack_is_answered_in_its_200() {
    let mut bench = Bench::new();
    let key = bench.incoming_with(KNOWS, OFFER);
    bench.command(|manager, now| manager.provisional(now, key, status(183), sdp(ANSWER), true));
    let progress = bench.take_one("183");
    let ack = prack(&mut bench, 2, &progress, "v=0 another");
    bench.send(&ack);
    assert_eq!(name(&bench.event()), "Offer");
    bench.command(|manager, now| manager.accept(now, key, sdp(ANSWER)));
    assert!(bench.take().is_empty());
    bench.command(|manager, now| manager.answer_offer(now, key, sdp("v=0 other")));
    let sent = bench.take();
    assert_eq!(sent[0].header(HeaderName::CSeq), "2 PRACK");
    assert_eq!(sent[0].body(), "v=0 other");
    assert_eq!(sent[1].header(HeaderName::CSeq), "1 INVITE");
}

#[test]
fn an_offer_in_a_prack_that_cannot_be_taken_refuses_the_call() {
    let mut bench = Bench::new();
    let key = bench.incoming_with(KNOWS, OFFER);
    bench.command(|manager, now| manager.provisional(now, key, status(183), sdp(ANSWER), true));
    let progress = bench.take_one("183");
    let ack = prack(&mut bench, 2, &progress, "v=0 another");
    bench.send(&ack);
    bench.events();
    bench.command(|manager, now| manager.refuse_offer(now, key, status(488), &[]));
    assert_eq!(bench.labels(), ["200", "488"]);
    assert_eq!(
        bench.ended(),
        EndCause::Refused {
            status: status(488)
        }
    );
    bench.assert_clean();
}

#[test]
fn what_the_caller_requires_or_does_not_know_decides() {
    let mut bench = Bench::new();
    let key = bench.incoming();
    bench.command(|manager, now| manager.provisional(now, key, status(180), None, true));
    assert!(!bench.take_one("180").has(HeaderName::RSeq));

    let mut bench = Bench::new();
    let key = bench.incoming_with(&["Require: 100rel"], OFFER);
    bench.command(|manager, now| manager.provisional(now, key, status(180), None, false));
    assert!(bench.take_one("180").has(HeaderName::RSeq));
}

#[test]
fn a_reliable_response_to_a_reinvite_has_its_prack_and_may_bring_the_answer() {
    let mut bench = Bench::new();
    let (key, _, _) = bench.answered();
    bench.command(|manager, now| {
        manager.offer(now, key, OfferMethod::Invite, Body::sdp("v=0 hold"))
    });
    let reinvite = bench.take_one("INVITE");
    let lines = ["Require: 100rel", "RSeq: 5"];
    let progress = reply(&reinvite, "183 Session Progress", None, &lines, "v=0 held");
    bench.send(&progress);
    let ack = bench.take_one("PRACK");
    assert_eq!(ack.header(HeaderName::RAck), "5 2 INVITE");
    assert_eq!(ack.header(HeaderName::CSeq), "3 PRACK");
    bench.send(&reply(&ack, "200 OK", None, &[], ""));
    assert_eq!(name(&bench.event()), "Answer");
    bench.send(&progress);
    assert!(bench.take().is_empty());
    bench.send(&reply(&reinvite, "200 OK", None, &[], ""));
    assert_eq!(bench.take_one("ACK").header(HeaderName::CSeq), "2 ACK");
    bench.quiet();
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    assert_eq!(bench.take_one("BYE").header(HeaderName::CSeq), "4 BYE");
}

#[test]
fn a_call_that_rings_for_long_is_kept_alive_reliably() {
    let mut bench = Bench::new();
    let key = bench.incoming_with(&["Require: 100rel"], OFFER);
    bench.command(|manager, now| manager.provisional(now, key, status(180), None, false));
    let mut last = bench.take_one("180");
    for cseq in 2..4 {
        let ack = prack(&mut bench, cseq, &last, "");
        bench.send(&ack);
        bench.take_one("200");
        bench.run(60_000);
        let next = bench.take_one("180");
        let number = |it: &Received| it.header(HeaderName::RSeq).parse::<u32>().unwrap();
        assert_eq!(number(&next), number(&last) + 1);
        last = next;
    }
}
