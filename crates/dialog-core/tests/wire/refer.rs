//! REFER in calls and outside, as the one who asks and as the one who is asked (RFC 3515, RFC 4488, RFC 5589).

use rvoip_dialog_core::sip_core::{HeaderName, Uri};
use rvoip_dialog_core::{
    CallKey, DialogError, EndCause, OutgoingRefer, Refer, SubscriptionEnd, SubscriptionKey,
    TerminateCause, TerminationReason,
};

use crate::kit::*;
use crate::subscriptions::notify;

const DONE: &str = "terminated;reason=noresource";

fn carol() -> Refer {
    Refer::to(&"sip:carol@10.0.0.3".parse::<Uri>().unwrap())
}

fn said(status: &str) -> String {
    format!("SIP/2.0 {status}\r\n").replace("\r\n", "\n")
}

/// A REFER inside a call that we placed, and its key.
fn referring(bench: &mut Bench) -> (CallKey, SubscriptionKey, Received) {
    let (call, _, _) = bench.answered();
    let by: Uri = "sip:alice@example.com".parse().unwrap();
    let refer = carol().referred_by(&by);
    let key = bench.command(|manager, now| manager.refer(now, call, &refer));
    (call, key, bench.take_one("REFER"))
}

/// A NOTIFY in the call that we placed.
fn tell(bench: &mut Bench, refer: &Received, cseq: u32, state: &str, status: &str) {
    let text = notify(refer, ("b1", cseq), "refer", state, &said(status));
    bench.send(&text);
}

fn noresource() -> SubscriptionEnd {
    SubscriptionEnd::Terminated {
        reason: Some(TerminationReason::NoResource),
        retry_after: None,
    }
}

/// What happened, progress by its status.
fn story(bench: &mut Bench) -> Vec<String> {
    let tell = |event: &Event| match event {
        Event::ReferProgress { status, .. } => format!("{}", status.code()),
        Event::SubscriptionEnded { cause, .. } if *cause == noresource() => "done".to_owned(),
        Event::SubscriptionEnded { cause, .. } => format!("{cause:?}"),
        Event::Subscribed { status, .. } => format!("Subscribed {}", status.code()),
        other => name(other),
    };
    bench.events().iter().map(tell).collect()
}

#[test]
fn who_asks_is_told_how_far_it_has_come() {
    let mut bench = Bench::new();
    let (call, _, refer) = referring(&mut bench);
    assert_eq!(refer.header(HeaderName::ReferTo), "<sip:carol@10.0.0.3>");
    assert_eq!(
        refer.header(HeaderName::ReferredBy),
        "<sip:alice@example.com>"
    );
    assert_eq!(refer.header(HeaderName::CSeq), "2 REFER");
    assert_eq!(refer.to_tag(), "b1");
    bench.send(&reply(&refer, "202 Accepted", None, &[], ""));
    tell(&mut bench, &refer, 1, "active;expires=60", "100 Trying");
    tell(&mut bench, &refer, 2, "active;expires=50", "180 Ringing");
    tell(&mut bench, &refer, 3, DONE, "200 OK");
    assert_eq!(bench.labels(), ["200", "200", "200"]);
    assert_eq!(
        story(&mut bench),
        ["Subscribed 202", "100", "180", "200", "done"]
    );
    tell(&mut bench, &refer, 4, DONE, "200 OK");
    bench.take_one("481");
    bench.command(|manager, now| manager.terminate(now, call, TerminateCause::Normal));
    bench.assert_clean();
}

#[test]
fn a_notify_may_overtake_the_202() {
    let mut bench = Bench::new();
    let (call, _, refer) = referring(&mut bench);
    tell(&mut bench, &refer, 1, "active;expires=60", "100 Trying");
    tell(&mut bench, &refer, 2, DONE, "603 Decline");
    bench.send(&reply(&refer, "202 Accepted", None, &[], ""));
    assert_eq!(story(&mut bench), ["100", "603", "done"]);
    bench.take();
    bench.command(|manager, now| manager.terminate(now, call, TerminateCause::Normal));
    bench.assert_clean();
}

#[test]
fn a_refused_refer_leaves_the_call() {
    let mut bench = Bench::new();
    let (call, key, refer) = referring(&mut bench);
    bench.send(&reply(&refer, "603 Decline", None, &[], ""));
    match bench.event() {
        Event::SubscriptionEnded {
            key: ended,
            cause: SubscriptionEnd::Refused { status, .. },
        } => assert_eq!((ended, status.code()), (key, 603)),
        other => panic!("{other:?}"),
    }
    assert_eq!(bench.manager().keys().collect::<Vec<_>>(), [call]);
    tell(&mut bench, &refer, 1, "active;expires=60", "100 Trying");
    bench.take_one("481");
    bench.command(|manager, now| manager.terminate(now, call, TerminateCause::Normal));
    bench.assert_clean();
}

/// The other side hangs up at once, as many do when they were asked to call somebody else.
#[test]
fn the_subscription_outlives_the_call() {
    let mut bench = Bench::new();
    let (call, _, refer) = referring(&mut bench);
    bench.send(&reply(&refer, "202 Accepted", None, &[], ""));
    let bye = notify(&refer, ("b1", 1), "x", "y", "").replace("NOTIFY", "BYE");
    bench.send(&bye);
    bench.take_one("200");
    assert_eq!(story(&mut bench), ["Subscribed 202", "Ended RemoteBye"]);
    assert_eq!(bench.manager().call_id(call), None);
    tell(&mut bench, &refer, 2, "active;expires=60", "100 Trying");
    tell(&mut bench, &refer, 2, "active;expires=60", "180 Ringing");
    tell(&mut bench, &refer, 5, DONE, "200 OK");
    assert_eq!(bench.labels(), ["200", "500", "200"]);
    assert_eq!(story(&mut bench), ["100", "200", "done"]);
    bench.assert_clean();
}

#[test]
fn after_202_and_bye_silence_ends_it_too() {
    let mut bench = Bench::new();
    let (call, _, refer) = referring(&mut bench);
    bench.send(&reply(&refer, "202 Accepted", None, &[], ""));
    bench.command(|manager, now| manager.terminate(now, call, TerminateCause::Normal));
    let bye = bench.take_one("BYE");
    assert_eq!(bye.header(HeaderName::CSeq), "3 BYE");
    bench.send(&reply(&bye, "200 OK", None, &[], ""));
    assert_eq!(story(&mut bench), ["Subscribed 202", "Ended LocalBye"]);
    bench.run(33_000);
    assert_eq!(story(&mut bench), ["TimedOut"]);
    bench.assert_clean();
}

#[test]
fn a_refer_that_is_never_answered_ends() {
    let mut bench = Bench::new();
    let (call, _, _) = referring(&mut bench);
    bench.run(33_000);
    assert_eq!(story(&mut bench), ["TimedOut"]);
    bench.command(|manager, now| manager.terminate(now, call, TerminateCause::Normal));
    bench.assert_clean();
}

#[test]
fn without_subscription_the_answer_is_all() {
    let mut bench = Bench::new();
    let (call, _, _) = bench.answered();
    let refer = Refer {
        subscribe: false,
        ..carol()
    };
    bench.command(|manager, now| manager.refer(now, call, &refer));
    let refer = bench.take_one("REFER");
    assert_eq!(refer.header(HeaderName::ReferSub), "false");
    bench.send(&reply(
        &refer,
        "202 Accepted",
        None,
        &["Refer-Sub: false"],
        "",
    ));
    assert_eq!(story(&mut bench), ["Subscribed 202", "WithoutSubscription"]);
    bench.command(|manager, now| manager.terminate(now, call, TerminateCause::Normal));
    bench.assert_clean();
}

#[test]
fn only_a_confirmed_call_can_be_referred() {
    let mut bench = Bench::new();
    let (call, _) = bench.calling(sdp(OFFER));
    assert!(matches!(
        bench.fails(|manager, now| manager.refer(now, call, &carol())),
        DialogError::InvalidState { .. }
    ));
    bench.assert_clean();
}

#[test]
fn somebody_is_asked_without_a_call() {
    let mut bench = Bench::new();
    bench.command(|manager, now| {
        let wanted = OutgoingRefer {
            local: "<sip:alice@example.com>".parse().unwrap(),
            remote: format!("sip:bob@{PEER}").parse().unwrap(),
            target: None,
            route: Vec::new(),
            refer: carol(),
        };
        manager.refer_outside(now, wanted)
    });
    let refer = bench.take_one("REFER");
    assert_eq!(
        refer.header(HeaderName::Contact),
        format!("<sip:alice@{US}>")
    );
    bench.send(&reply(&refer, "202 Accepted", Some("n1"), &[], ""));
    let done = notify(
        &refer,
        ("n1", 1),
        "refer;id=1",
        DONE,
        &said("486 Busy Here"),
    );
    bench.send(&done);
    bench.take_one("200");
    assert_eq!(story(&mut bench), ["Subscribed 202", "486", "done"]);
    bench.assert_clean();
}

/// A REFER of the peer inside a call that it placed; our tag.
fn asked(bench: &mut Bench, lines: &[&str]) -> (CallKey, SubscriptionKey, String) {
    let (call, tag) = bench.called();
    let mut all = vec!["Refer-To: <sip:carol@10.0.0.3>"];
    all.extend(lines);
    let refer = bench.request("REFER", 2, Some(&tag), &all, "");
    bench.send(&refer);
    match bench.event() {
        Event::IncomingRefer {
            key,
            call: inside,
            refer,
            ..
        } => {
            assert_eq!(inside, Some(call));
            assert_eq!(refer.target().as_str(), "sip:carol@10.0.0.3");
            (call, key, tag)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_is_asked_tells_how_far_it_has_come() {
    let mut bench = Bench::new();
    let (_, key, tag) = asked(&mut bench, &[]);
    bench.command(|manager, now| manager.accept_refer(now, key));
    let all = bench.take();
    assert_eq!(all[0].label(), "202");
    assert_eq!(all[1].header(HeaderName::Event), "refer;id=2");
    assert_eq!(
        all[1].header(HeaderName::SubscriptionState),
        "active;expires=240"
    );
    assert_eq!(all[1].body(), "SIP/2.0 100 Trying\r\n");
    // While the first is under way, of two provisional statuses the later is told.
    bench.command(|manager, now| {
        manager.notify_refer(now, key, status(180))?;
        manager.notify_refer(now, key, status(183))
    });
    bench.send(&reply(&all[1], "200 OK", None, &[], ""));
    let progress = bench.take_one("NOTIFY");
    assert_eq!(progress.body(), "SIP/2.0 183 Session Progress\r\n");
    bench.send(&reply(&progress, "200 OK", None, &[], ""));
    // The one who asked hangs up, and is told the end all the same.
    let bye = bench.request("BYE", 3, Some(&tag), &[], "");
    bench.send(&bye);
    bench.take_one("200");
    assert_eq!(bench.names(), ["Ended RemoteBye"]);
    bench.command(|manager, now| manager.notify_refer(now, key, status(200)));
    let last = bench.take_one("NOTIFY");
    assert_eq!(last.header(HeaderName::SubscriptionState), DONE);
    assert_eq!(last.header(HeaderName::CSeq), "3 NOTIFY");
    assert_eq!(last.to_tag(), "a1");
    bench.fails(|manager, now| manager.notify_refer(now, key, status(200)));
    bench.send(&reply(&last, "200 OK", None, &[], ""));
    assert_eq!(story(&mut bench), ["done"]);
    bench.assert_clean();
}

#[test]
fn who_is_asked_may_decline_or_stay_silent() {
    let mut bench = Bench::new();
    let (_, key, tag) = asked(&mut bench, &[]);
    bench.command(|manager, now| manager.refuse_refer(now, key, status(603)));
    bench.take_one("603");
    assert!(matches!(
        bench.event(),
        Event::SubscriptionEnded {
            cause: SubscriptionEnd::Refused { .. },
            ..
        }
    ));
    let refer = bench.request("REFER", 3, Some(&tag), &["Refer-To: sip:dave@10.0.0.4"], "");
    bench.send(&refer);
    assert_eq!(bench.names(), ["IncomingRefer"]);
    bench.run(16_000);
    bench.take_one("480");
    assert_eq!(bench.names(), ["SubscriptionEnded"]);
    let bad = [
        &[][..],
        &["Refer-To: <sip:a@b>", "Refer-To: <sip:c@d>"],
        &["Refer-To: <<"],
    ];
    for (cseq, lines) in (4..).zip(bad) {
        let refer = bench.request("REFER", cseq, Some(&tag), lines, "");
        bench.send(&refer);
        bench.take_one("400");
    }
    bench.quiet();
    let bye = bench.request("BYE", 90, Some(&tag), &[], "");
    bench.send(&bye);
    bench.assert_clean();
}

#[test]
fn a_peer_that_wants_to_be_told_nothing_is_told_nothing() {
    let mut bench = Bench::new();
    let (call, key, _) = asked(&mut bench, &["Refer-Sub: false"]);
    bench.command(|manager, now| manager.accept_refer(now, key));
    let accepted = bench.take_one("202");
    assert_eq!(accepted.header(HeaderName::ReferSub), "false");
    assert_eq!(story(&mut bench), ["WithoutSubscription"]);
    bench.fails(|manager, now| manager.notify_refer(now, key, status(200)));
    bench.command(|manager, now| manager.terminate(now, call, TerminateCause::Normal));
    bench.assert_clean();
}

#[test]
fn requests_in_one_call_are_bounded() {
    let mut bench = Bench::new();
    let (_, tag) = bench.called();
    for cseq in 2..=9 {
        let refer = bench.request("REFER", cseq, Some(&tag), &["Refer-To: <sip:c@d>"], "");
        bench.send(&refer);
        assert_eq!(bench.names(), ["IncomingRefer"]);
    }
    let refer = bench.request("REFER", 10, Some(&tag), &["Refer-To: <sip:c@d>"], "");
    bench.send(&refer);
    bench.take_one("503");
    bench.quiet();
    let bye = bench.request("BYE", 11, Some(&tag), &[], "");
    bench.send(&bye);
    bench.assert_clean();
    let ended = bench.names();
    assert_eq!(
        ended
            .iter()
            .filter(|name| *name == "SubscriptionEnded")
            .count(),
        8
    );
}

#[test]
fn the_end_of_a_call_is_told_once_though_its_dialog_lives_on() {
    let mut bench = Bench::new();
    let (call, key, _) = asked(&mut bench, &[]);
    bench.command(|manager, now| manager.terminate(now, call, TerminateCause::Normal));
    let bye = bench.take_one("BYE");
    bench.send(&reply(&bye, "200 OK", None, &[], ""));
    match bench.event() {
        Event::Ended { cause, .. } => assert_eq!(cause, EndCause::LocalBye),
        other => panic!("{other:?}"),
    }
    // Still undecided: it can be accepted in what is left of the dialog.
    bench.command(|manager, now| manager.accept_refer(now, key));
    let labels = bench.labels();
    assert_eq!(labels, ["202", "NOTIFY"]);
    bench.assert_clean();
    assert_eq!(bench.names(), ["SubscriptionEnded"]);
}
