//! Peers subscribe (RFC 6665 section 4.2).

use std::time::Duration;

use rvoip_dialog_core::sip_core::HeaderName;
use rvoip_dialog_core::{
    Body, ClientConfig, DialogManagerConfig, EventPackage, Grant, HybridConfig, SubscriptionEnd,
    SubscriptionKey, TerminationReason,
};

use crate::kit::*;

fn config() -> DialogManagerConfig {
    let mut config = HybridConfig::default();
    config.server.subscriptions.packages = vec![EventPackage::message_summary()];
    config.server.subscriptions.max_subscriptions = 2;
    DialogManagerConfig::Hybrid(config)
}

fn mail(text: &'static str) -> Option<Body> {
    Some(Body {
        content_type: "application/simple-message-summary".into(),
        content: text.into(),
    })
}

fn subscribe(bench: &mut Bench, cseq: u32, tag: Option<&str>, lines: &[&str]) -> String {
    let mut lines = lines.to_vec();
    if !lines.iter().any(|line| line.starts_with("Event")) {
        lines.push("Event: message-summary");
    }
    bench.request("SUBSCRIBE", cseq, tag, &lines, "")
}

fn incoming(bench: &mut Bench, lines: &[&str]) -> SubscriptionKey {
    let request = subscribe(bench, 1, None, lines);
    bench.send(&request);
    match bench.event() {
        Event::IncomingSubscription { key, package, .. } => {
            assert_eq!(package, "message-summary");
            key
        }
        other => panic!("{other:?}"),
    }
}

/// A subscriber that is served; our tag and the first NOTIFY.
fn served(bench: &mut Bench) -> (SubscriptionKey, String, Received) {
    let key = incoming(bench, &["Expires: 300"]);
    bench
        .command(|manager, now| manager.accept_subscription(now, key, Grant::Active, mail("none")));
    let all = bench.take();
    let [ok, notify] = &all[..] else {
        panic!("{all:?}")
    };
    assert_eq!(ok.header(HeaderName::Expires), "300");
    assert_eq!(ok.header(HeaderName::Contact), format!("<sip:bob@{US}>"));
    bench.send(&reply(notify, "200 OK", None, &[], ""));
    (key, ok.to_tag(), notify.clone())
}

fn ended(bench: &mut Bench) -> SubscriptionEnd {
    match bench.event() {
        Event::SubscriptionEnded { cause, .. } => cause,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_subscriber_is_told_and_may_stay_as_long_as_it_refreshes() {
    let mut bench = Bench::with(config());
    let (key, tag, notify) = served(&mut bench);
    assert_eq!(notify.label(), "NOTIFY");
    assert_eq!(notify.header(HeaderName::Event), "message-summary");
    assert_eq!(
        notify.header(HeaderName::SubscriptionState),
        "active;expires=300"
    );
    assert_eq!(notify.body(), "none");
    assert_eq!(notify.to_tag(), "a1");

    // One at a time, in order.
    bench.command(|manager, now| {
        manager.notify(now, key, mail("one"))?;
        manager.notify(now, key, mail("two"))
    });
    let one = bench.take_one("NOTIFY");
    bench.send(&reply(&one, "200 OK", None, &[], ""));
    let two = bench.take_one("NOTIFY");
    assert_eq!((one.body(), two.body()), ("one", "two"));
    bench.send(&reply(&two, "200 OK", None, &[], ""));

    bench.run(290_000);
    let refresh = subscribe(&mut bench, 2, Some(&tag), &["Expires: 9999"]);
    bench.send(&refresh);
    let all = bench.take();
    assert_eq!(all[0].header(HeaderName::Expires), "3600");
    assert_eq!((all[1].label().as_str(), all[1].body()), ("NOTIFY", "two"));
    bench.send(&reply(&all[1], "200 OK", None, &[], ""));
    assert!(matches!(
        bench.event(),
        Event::SubscriptionRefreshed { expires, .. } if expires == Duration::from_secs(3600)
    ));
    bench.run(3_595_000);
    bench.quiet();
    bench.run(5_000);
    let last = bench.take_one("NOTIFY");
    assert_eq!(
        last.header(HeaderName::SubscriptionState),
        "terminated;reason=timeout"
    );
    bench.quiet();
    bench.send(&reply(&last, "200 OK", None, &[], ""));
    assert_eq!(ended(&mut bench), SubscriptionEnd::Expired);
    bench.assert_clean();
}

#[test]
fn a_subscriber_leaves() {
    let mut bench = Bench::with(config());
    let (key, tag, _) = served(&mut bench);
    let leave = subscribe(&mut bench, 2, Some(&tag), &["Expires: 0"]);
    bench.send(&leave);
    let all = bench.take();
    assert_eq!(all[0].label(), "200");
    assert_eq!(
        all[1].header(HeaderName::SubscriptionState),
        "terminated;reason=timeout"
    );
    bench.fails(|manager, now| manager.notify(now, key, None));
    let again = subscribe(&mut bench, 3, Some(&tag), &["Expires: 60"]);
    bench.send(&again);
    bench.take_one("481");
    // The last NOTIFY is lost for good.
    bench.run(33_000);
    assert_eq!(ended(&mut bench), SubscriptionEnd::Unsubscribed);
    bench.assert_clean();
}

#[test]
fn a_fetch_gets_one_notification() {
    let mut bench = Bench::with(config());
    let key = incoming(&mut bench, &["Expires: 0"]);
    bench
        .command(|manager, now| manager.accept_subscription(now, key, Grant::Active, mail("none")));
    let all = bench.take();
    assert_eq!(
        all[1].header(HeaderName::SubscriptionState),
        "terminated;reason=timeout"
    );
    assert_eq!(all[1].body(), "none");
    bench.send(&reply(&all[1], "200 OK", None, &[], ""));
    assert_eq!(ended(&mut bench), SubscriptionEnd::Unsubscribed);
    bench.assert_clean();
}

#[test]
fn permission_may_take_its_time() {
    let mut bench = Bench::with(config());
    let key = incoming(&mut bench, &[]);
    bench.command(|manager, now| manager.accept_subscription(now, key, Grant::Pending, None));
    let all = bench.take();
    let state = all[1].header(HeaderName::SubscriptionState);
    assert_eq!(state, "pending;expires=3600");
    bench.send(&reply(&all[1], "200 OK", None, &[], ""));
    bench.command(|manager, now| manager.accept_subscription(now, key, Grant::Active, mail("x")));
    let granted = bench.take_one("NOTIFY");
    assert!(
        granted
            .header(HeaderName::SubscriptionState)
            .starts_with("active")
    );
    bench.send(&reply(&granted, "200 OK", None, &[], ""));
    let wait = Some(Duration::from_secs(60));
    bench.command(|manager, now| {
        manager.terminate_subscription(now, key, TerminationReason::Probation, wait, None)
    });
    let last = bench.take_one("NOTIFY");
    assert_eq!(
        last.header(HeaderName::SubscriptionState),
        "terminated;reason=probation;retry-after=60"
    );
    bench.send(&reply(&last, "200 OK", None, &[], ""));
    assert!(matches!(
        ended(&mut bench),
        SubscriptionEnd::Terminated { .. }
    ));
    bench.assert_clean();
}

#[test]
fn refusals_say_why() {
    let mut bench = Bench::with(config());
    for (lines, label, name, value) in [
        (
            ["Event: dialog", "x: y"],
            "489",
            HeaderName::AllowEvents,
            "message-summary, refer",
        ),
        (["Expires: 5", "x: y"], "423", HeaderName::MinExpires, "60"),
    ] {
        let request = subscribe(&mut bench, 1, None, &lines);
        bench.send(&request);
        assert_eq!(bench.take_one(label).header(name), value);
    }
    let request = subscribe(&mut bench, 1, None, &["Accept: text/plain"]);
    bench.send(&request);
    bench.take_one("406");
    let request = subscribe(&mut bench, 1, None, &[]).replace("Event: message-summary\n", "");
    bench.send(&request);
    bench.take_one("489");
    bench.quiet();

    let key = incoming(&mut bench, &[]);
    bench.command(|manager, now| manager.refuse_subscription(now, key, status(403)));
    bench.take_one("403");
    assert!(matches!(ended(&mut bench), SubscriptionEnd::Refused { .. }));
    // Nobody decides.
    incoming(&mut bench, &[]);
    bench.run(16_000);
    bench.take_one("480");
    assert!(matches!(ended(&mut bench), SubscriptionEnd::Refused { .. }));
    // No room.
    incoming(&mut bench, &[]);
    incoming(&mut bench, &[]);
    let request = subscribe(&mut bench, 1, None, &[]);
    bench.send(&request);
    assert!(bench.take_one("503").has(HeaderName::RetryAfter));
    bench.assert_clean();

    let mut bench = Bench::with(DialogManagerConfig::Client(ClientConfig::default()));
    let request = subscribe(&mut bench, 1, None, &[]);
    bench.send(&request);
    bench.take_one("403");
    bench.assert_clean();
}

#[test]
fn a_notification_that_is_refused_or_lost_ends_the_subscription() {
    for answer in [Some("481 No Subscription"), Some("500 Oops"), None] {
        let mut bench = Bench::with(config());
        let (key, _, _) = served(&mut bench);
        bench.command(|manager, now| manager.notify(now, key, mail("one")));
        let notify = bench.take_one("NOTIFY");
        match answer {
            Some(answer) => bench.send(&reply(&notify, answer, None, &[], "")),
            None => bench.run(33_000),
        }
        let cause = ended(&mut bench);
        match answer {
            Some(_) => assert!(matches!(cause, SubscriptionEnd::Lost { .. }), "{cause:?}"),
            None => assert_eq!(cause, SubscriptionEnd::TimedOut),
        }
        bench.assert_clean();
    }
    let mut bench = Bench::with(config());
    let (key, _, _) = served(&mut bench);
    bench.command(|manager, now| manager.notify(now, key, mail("one")));
    let notify = bench.take_one("NOTIFY");
    bench.send(&reply(&notify, "503 Later", None, &["Retry-After: 5"], ""));
    bench.quiet();
    bench.command(|manager, now| manager.notify(now, key, mail("two")));
    assert_eq!(bench.take_one("NOTIFY").body(), "two");
}
