//! We subscribe (RFC 6665 section 4.1).

use std::time::Duration;

use rvoip_dialog_core::sip_core::HeaderName;
use rvoip_dialog_core::{
    DialogError, DialogManagerConfig, EventPackage, HybridConfig, OutgoingSubscription,
    SubscriptionEnd, SubscriptionKey, TerminationReason,
};

use crate::kit::*;

/// A NOTIFY of the peer, in the dialog of a SUBSCRIBE or REFER of ours.
pub(crate) fn notify(
    request: &Received,
    (tag, cseq): (&str, u32),
    event: &str,
    state: &str,
    body: &str,
) -> String {
    let to = request.header(HeaderName::From);
    let from = request.header(HeaderName::To);
    // In a call the peer has its tag already.
    let from = from.split(";tag=").next().unwrap();
    let call_id = request.header(HeaderName::CallId);
    let branch = format!("z9hG4bKn{tag}{cseq}{}", body.len() + state.len() * 1000);
    let media_type = match body.starts_with("SIP/2.0") {
        true => "message/sipfrag",
        false => "text/plain",
    };
    format!(
        "NOTIFY sip:alice@{US} SIP/2.0\nVia: SIP/2.0/UDP {PEER};branch={branch}\nMax-Forwards: 70\n\
         From: {from};tag={tag}\nTo: {to}\nCall-ID: {call_id}\nCSeq: {cseq} NOTIFY\nContact: <sip:{tag}@{PEER}>\n\
         Event: {event}\nSubscription-State: {state}\nContent-Type: {media_type}\nContent-Length: {}\n\n{body}",
        body.len()
    )
}

/// One whose subscriptions are not made again.
pub(crate) fn once() -> Bench {
    let mut config = HybridConfig::default();
    config.server.subscriptions.renewal = None;
    Bench::with(DialogManagerConfig::Hybrid(config))
}

fn wanted(package: EventPackage) -> OutgoingSubscription {
    OutgoingSubscription::new(
        "Alice <sip:alice@example.com>".parse().unwrap(),
        format!("sip:bob@{PEER}").parse().unwrap(),
        package,
    )
}

fn subscribe(bench: &mut Bench, package: EventPackage) -> (SubscriptionKey, Received) {
    let key = bench.command(|manager, now| manager.subscribe(now, wanted(package)));
    (key, bench.take_one("SUBSCRIBE"))
}

/// A subscription to presence that is active.
pub(crate) fn active(bench: &mut Bench) -> (SubscriptionKey, Received) {
    let (key, request) = subscribe(bench, EventPackage::presence());
    bench.send(&reply(
        &request,
        "200 OK",
        Some("n1"),
        &["Expires: 600"],
        "",
    ));
    let first = notify(&request, ("n1", 7), "presence", "active;expires=600", "one");
    bench.send(&first);
    bench.take_one("200");
    assert_eq!(bench.names(), ["Subscribed", "Notified"]);
    (key, request)
}

/// Waits for the refresh.
fn refreshed(bench: &mut Bench) -> Received {
    for _ in 0..600 {
        bench.run(1_000);
        if let Some(refresh) = bench.take().pop() {
            assert_eq!(refresh.label(), "SUBSCRIBE");
            return refresh;
        }
    }
    panic!("no refresh")
}

pub(crate) fn ended(bench: &mut Bench) -> SubscriptionEnd {
    let mut events = bench.events();
    match events.pop() {
        Some(Event::SubscriptionEnded { cause, .. }) => cause,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_subscription_is_told_refreshed_and_taken_back() {
    let mut bench = Bench::new();
    let (key, request) = active(&mut bench);
    assert_eq!(request.header(HeaderName::Event), "presence");
    assert_eq!(request.header(HeaderName::Expires), "3600");
    assert_eq!(request.header(HeaderName::Accept), "application/pidf+xml");
    assert_eq!(
        request.header(HeaderName::Contact),
        format!("<sip:alice@{US}>")
    );

    // Between seven and nine tenths of its time.
    bench.run(415_000);
    assert!(bench.take().is_empty());
    let refresh = refreshed(&mut bench);
    assert!(
        (420..541).contains(&refresh.at.as_secs()),
        "{:?}",
        refresh.at
    );
    assert_eq!(refresh.to_tag(), "n1");
    assert_eq!(refresh.header(HeaderName::CSeq), "2 SUBSCRIBE");
    assert_eq!(refresh.request().raw_uri(), format!("sip:n1@{PEER}"));
    bench.send(&reply(&refresh, "200 OK", None, &["Expires: 600"], ""));
    bench.quiet();

    bench.command(|manager, now| manager.unsubscribe(now, key));
    let all = bench.take();
    let last = all.last().unwrap();
    assert_eq!(last.header(HeaderName::Expires), "0");
    bench.send(&reply(last, "200 OK", None, &["Expires: 0"], ""));
    bench.send(&notify(
        &request,
        ("n1", 9),
        "presence",
        "terminated;reason=timeout",
        "",
    ));
    assert_eq!(
        ended(&mut bench),
        SubscriptionEnd::Terminated {
            reason: Some(TerminationReason::Timeout),
            retry_after: None
        }
    );
    assert!(matches!(
        bench.fails(|manager, now| manager.unsubscribe(now, key)),
        DialogError::NoSuchSubscription(_)
    ));
    bench.assert_clean();
}

#[test]
fn the_first_notify_may_come_before_the_2xx() {
    let mut bench = Bench::new();
    let (_, request) = subscribe(&mut bench, EventPackage::presence());
    bench.send(&notify(
        &request,
        ("n1", 1),
        "presence",
        "pending;expires=600",
        "",
    ));
    bench.take_one("200");
    bench.send(&reply(
        &request,
        "202 Accepted",
        Some("n1"),
        &["Expires: 600"],
        "",
    ));
    bench.send(&notify(
        &request,
        ("n1", 2),
        "presence",
        "active;expires=500",
        "one",
    ));
    bench.take_one("200");
    assert_eq!(bench.names(), ["Notified", "Notified"]);
    let moved = "terminated;reason=rejected;retry-after=9";
    bench.send(&notify(&request, ("n1", 3), "presence", moved, ""));
    assert_eq!(
        ended(&mut bench),
        SubscriptionEnd::Terminated {
            reason: Some(TerminationReason::Rejected),
            retry_after: Some(Duration::from_secs(9))
        }
    );
    bench.assert_clean();
}

#[test]
fn a_fetch_is_over_with_its_notify() {
    let mut bench = Bench::new();
    bench.command(|manager, now| {
        let mut wanted = wanted(EventPackage::presence());
        wanted.expires = Duration::ZERO;
        manager.subscribe(now, wanted)
    });
    let request = bench.take_one("SUBSCRIBE");
    assert_eq!(request.header(HeaderName::Expires), "0");
    bench.send(&reply(&request, "200 OK", Some("n1"), &["Expires: 0"], ""));
    bench.send(&notify(
        &request,
        ("n1", 1),
        "presence",
        "terminated;reason=timeout",
        "one",
    ));
    assert_eq!(bench.names(), ["Notified", "SubscriptionEnded"]);
    bench.assert_clean();
}

#[test]
fn an_interval_that_is_too_brief_is_lengthened_once() {
    let mut bench = Bench::new();
    let (_, request) = subscribe(&mut bench, EventPackage::presence());
    bench.send(&reply(
        &request,
        "423 Interval Too Brief",
        Some("x"),
        &["Min-Expires: 7200"],
        "",
    ));
    let again = bench.take_one("SUBSCRIBE");
    assert_eq!(again.header(HeaderName::Expires), "7200");
    assert_eq!(again.header(HeaderName::CSeq), "2 SUBSCRIBE");
    assert_eq!(
        again.header(HeaderName::CallId),
        request.header(HeaderName::CallId)
    );
    bench.quiet();
    bench.send(&reply(
        &again,
        "423 Interval Too Brief",
        Some("x"),
        &["Min-Expires: 7200"],
        "",
    ));
    assert!(matches!(
        ended(&mut bench),
        SubscriptionEnd::Refused { status, .. } if status.code() == 423
    ));
    bench.assert_clean();
}

#[test]
fn a_refusal_names_the_packages_that_are_known() {
    let mut bench = Bench::new();
    let (_, request) = subscribe(&mut bench, EventPackage::dialog());
    let lines = ["Allow-Events: presence, conference", "Retry-After: 7"];
    bench.send(&reply(&request, "489 Bad Event", Some("x"), &lines, ""));
    match ended(&mut bench) {
        SubscriptionEnd::Refused {
            status,
            retry_after,
            allow_events,
        } => {
            assert_eq!(status.code(), 489);
            assert_eq!(retry_after, Some(Duration::from_secs(7)));
            assert_eq!(allow_events, ["presence", "conference"]);
        }
        other => panic!("{other:?}"),
    }
    bench.assert_clean();
}

#[test]
fn without_a_notify_timer_n_ends_it() {
    let mut bench = Bench::new();
    let (key, request) = subscribe(&mut bench, EventPackage::presence());
    bench.send(&reply(
        &request,
        "200 OK",
        Some("n1"),
        &["Expires: 600"],
        "",
    ));
    assert_eq!(bench.names(), ["Subscribed"]);
    bench.run(31_900);
    bench.quiet();
    // Taking it back has no dialog yet in which to say so.
    bench.command(|manager, now| manager.unsubscribe(now, key));
    bench.run(200);
    assert_eq!(ended(&mut bench), SubscriptionEnd::TimedOut);
    bench.send(&notify(&request, ("n1", 1), "presence", "active", ""));
    bench.take_one("481");
    bench.assert_clean();
}

#[test]
fn what_is_taken_back_early_is_said_after_the_first_notify() {
    let mut bench = Bench::new();
    let (key, request) = subscribe(&mut bench, EventPackage::presence());
    bench.command(|manager, now| manager.unsubscribe(now, key));
    assert!(bench.take().is_empty());
    bench.send(&reply(
        &request,
        "200 OK",
        Some("n1"),
        &["Expires: 600"],
        "",
    ));
    bench.send(&notify(
        &request,
        ("n1", 1),
        "presence",
        "active;expires=600",
        "",
    ));
    let all = bench.take();
    let labels: Vec<String> = all.iter().map(Received::label).collect();
    assert_eq!(labels, ["200", "SUBSCRIBE"]);
    assert_eq!(all[1].header(HeaderName::Expires), "0");
    bench.send(&reply(&all[1], "481 No Subscription", None, &[], ""));
    assert!(matches!(
        ended(&mut bench),
        SubscriptionEnd::Lost { status } if status.code() == 481
    ));
    bench.assert_clean();
}

#[test]
fn a_refresh_answered_481_ends_it_and_another_failure_does_not() {
    let mut bench = once();
    active(&mut bench);
    let refresh = refreshed(&mut bench);
    bench.send(&reply(&refresh, "481 No Subscription", None, &[], ""));
    assert!(matches!(ended(&mut bench), SubscriptionEnd::Lost { .. }));
    bench.assert_clean();

    let mut bench = once();
    active(&mut bench);
    let refresh = refreshed(&mut bench);
    bench.send(&reply(&refresh, "500 Overloaded", None, &[], ""));
    bench.quiet();
    let again = refreshed(&mut bench);
    bench.send(&reply(&again, "500 Overloaded", None, &[], ""));
    bench.run(200_000);
    assert_eq!(ended(&mut bench), SubscriptionEnd::Expired);
    bench.assert_clean();
}

#[test]
fn several_branches_notify_where_the_package_allows() {
    let mut bench = once();
    let (key, request) = subscribe(&mut bench, EventPackage::message_summary());
    bench.send(&reply(
        &request,
        "200 OK",
        Some("n1"),
        &["Expires: 600"],
        "",
    ));
    assert_eq!(bench.names(), ["Subscribed"]);
    bench.send(&notify(
        &request,
        ("n1", 1),
        "message-summary",
        "active;expires=600",
        "one",
    ));
    bench.send(&notify(
        &request,
        ("n2", 1),
        "message-summary",
        "active;expires=600",
        "two",
    ));
    assert_eq!(bench.labels(), ["200", "200"]);
    let events = bench.events();
    let names: Vec<String> = events.iter().map(name).collect();
    assert_eq!(names, ["Notified", "SubscriptionForked", "Notified"]);
    let Event::SubscriptionForked { key: branch, of } = events[1] else {
        panic!("{events:?}")
    };
    assert_eq!(of, key);
    assert_ne!(branch, key);
    bench.send(&notify(
        &request,
        ("n2", 2),
        "message-summary",
        "terminated",
        "",
    ));
    bench.take_one("200");
    match bench.events().as_slice() {
        [Event::Notified { .. }, Event::SubscriptionEnded { key, .. }] => assert_eq!(*key, branch),
        other => panic!("{other:?}"),
    }
    // Too late for a third.
    bench.run(33_000);
    bench.send(&notify(
        &request,
        ("n3", 1),
        "message-summary",
        "active",
        "",
    ));
    bench.take_one("481");
    bench.send(&notify(
        &request,
        ("n1", 2),
        "message-summary",
        "terminated",
        "",
    ));
    bench.take_one("200");
    bench.assert_clean();
    assert_eq!(bench.names().last().unwrap(), "SubscriptionEnded");

    let mut bench = once();
    let (_, request) = active(&mut bench);
    bench.send(&notify(&request, ("n2", 1), "presence", "active", "two"));
    bench.take_one("481");
    bench.quiet();
}

#[test]
fn notifications_that_cannot_be_placed_change_nothing() {
    let mut bench = Bench::new();
    let (_, request) = active(&mut bench);
    let good = |cseq, event, state| notify(&request, ("n1", cseq), event, state, "");
    for (text, label) in [
        (
            good(10, "presence", "active").replace("Event: presence\n", ""),
            "489",
        ),
        (
            good(11, "presence", "active").replace("Subscription-State: active\n", ""),
            "400",
        ),
        (good(12, "presence;id=3", "active"), "481"),
        (good(13, "dialog", "active"), "481"),
        (good(13, "presence", "active;x=y"), "500"),
        (
            good(14, "presence", "active").replace("Call-ID: ", "Call-ID: x"),
            "481",
        ),
    ] {
        bench.send(&text);
        bench.take_one(label);
        bench.quiet();
    }
    bench.send(&good(15, "presence", "active;expires=600"));
    bench.take_one("200");
    assert_eq!(bench.names(), ["Notified"]);
}
