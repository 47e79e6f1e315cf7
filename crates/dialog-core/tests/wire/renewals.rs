//! Subscriptions that the notifier ends for a time (RFC 6665 section 4.1.3), and NOTIFYs that nobody has asked for.

use std::time::Duration;

use rvoip_dialog_core::sip_core::HeaderName;
use rvoip_dialog_core::{
    DialogManagerConfig, HybridConfig, ServerConfig, SubscriptionConfig, SubscriptionEnd,
    SubscriptionKey,
};

use crate::kit::*;
use crate::subscriptions::{active, ended, notify, once};

/// The notifier ends a subscription.
fn terminate(bench: &mut Bench, request: &Received, cseq: u32, state: &str) {
    bench.send(&notify(request, ("n1", cseq), "presence", state, ""));
    bench.take_one("200");
}

/// How long a subscription waits to be made again, and its key.
fn interrupted(bench: &mut Bench) -> (SubscriptionKey, Duration) {
    match bench.events().pop() {
        Some(Event::SubscriptionInterrupted {
            key, retry_after, ..
        }) => (key, retry_after),
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_that_has_lasted_is_made_again_at_once_in_a_new_dialog() {
    for reason in ["deactivated", "timeout", "probation", "giveup"] {
        let mut bench = Bench::new();
        let (key, request) = active(&mut bench);
        bench.run(60_000);
        let state = format!("terminated;reason={reason}");
        bench.send(&notify(&request, ("n1", 8), "presence", &state, ""));
        let all = bench.take();
        let again = all.last().unwrap();
        assert_eq!(again.label(), "SUBSCRIBE", "{reason}");
        assert_ne!(
            again.header(HeaderName::CallId),
            request.header(HeaderName::CallId)
        );
        assert!(!again.header(HeaderName::To).contains("tag="));
        assert_eq!(interrupted(&mut bench), (key, Duration::ZERO));

        // It goes on under its key; its old dialog is no more.
        bench.send(&reply(again, "200 OK", Some("n2"), &["Expires: 600"], ""));
        let told = notify(again, ("n2", 1), "presence", "active;expires=600", "two");
        bench.send(&told);
        bench.take_one("200");
        assert_eq!(bench.names(), ["Subscribed", "Notified"]);
        bench.send(&notify(&request, ("n1", 9), "presence", "active", "old"));
        bench.take_one("481");
        bench.command(|manager, now| manager.unsubscribe(now, key));
        let last = bench.take_one("SUBSCRIBE");
        bench.send(&reply(&last, "200 OK", None, &["Expires: 0"], ""));
        let state = "terminated;reason=timeout";
        bench.send(&notify(again, ("n2", 2), "presence", state, ""));
        bench.take_one("200");
        ended(&mut bench);
        bench.run(40_000);
        bench.assert_clean();
    }
}

#[test]
fn the_notifier_says_how_long_to_wait() {
    let mut bench = Bench::new();
    let (_, request) = active(&mut bench);
    terminate(
        &mut bench,
        &request,
        8,
        "terminated;reason=probation;retry-after=90",
    );
    assert_eq!(interrupted(&mut bench).1, Duration::from_secs(90));
    bench.run(89_500);
    bench.quiet();
    bench.run(700);
    bench.take_one("SUBSCRIBE");
}

#[test]
fn what_will_not_be_granted_again_is_over() {
    for reason in ["rejected", "noresource", "invariant"] {
        let mut bench = Bench::new();
        let (_, request) = active(&mut bench);
        bench.run(60_000);
        let state = format!("terminated;reason={reason}");
        terminate(&mut bench, &request, 8, &state);
        assert!(matches!(
            ended(&mut bench),
            SubscriptionEnd::Terminated { .. }
        ));
        bench.run(4_000_000);
        bench.quiet();
        bench.assert_clean();
    }
}

/// A notifier that ends every subscription as soon as it is there is not asked all the time.
#[test]
fn what_does_not_last_is_asked_for_less_and_less_often() {
    let mut bench = Bench::new();
    let (key, request) = active(&mut bench);
    terminate(&mut bench, &request, 8, "terminated;reason=deactivated");
    let mut waits = vec![interrupted(&mut bench).1];
    for _ in 0..4 {
        let wait = waits.last().unwrap().as_millis() as u64;
        bench.run(wait + 1);
        let again = bench.take().remove(0);
        bench.send(&reply(
            &again,
            "503 Service Unavailable",
            Some("n9"),
            &[],
            "",
        ));
        waits.push(interrupted(&mut bench).1);
    }
    assert!(waits[0] >= Duration::from_secs(30), "{waits:?}");
    assert!(waits[3] >= Duration::from_secs(240), "{waits:?}");
    assert!(waits.iter().all(|wait| *wait <= Duration::from_secs(1800)));

    // Whoever wants it no longer does not wait.
    bench.command(|manager, now| manager.unsubscribe(now, key));
    ended(&mut bench);
    bench.run(4_000_000);
    bench.quiet();
    bench.assert_clean();
}

#[test]
fn one_that_was_refused_for_good_while_it_was_made_again_is_over() {
    let mut bench = Bench::new();
    let (_, request) = active(&mut bench);
    bench.run(60_000);
    bench.send(&notify(
        &request,
        ("n1", 8),
        "presence",
        "terminated;reason=deactivated",
        "",
    ));
    let all = bench.take();
    interrupted(&mut bench);
    let again = all.last().unwrap();
    bench.send(&reply(again, "403 Forbidden", Some("n2"), &[], ""));
    assert!(matches!(ended(&mut bench), SubscriptionEnd::Refused { .. }));
    bench.assert_clean();
}

#[test]
fn without_a_back_off_what_has_ended_is_over() {
    let mut bench = once();
    let (_, request) = active(&mut bench);
    bench.run(60_000);
    terminate(&mut bench, &request, 8, "terminated;reason=deactivated");
    ended(&mut bench);
    bench.assert_clean();
}

#[test]
fn a_state_that_nobody_has_asked_for_is_taken_where_it_is_welcome() {
    let mailbox = "Messages-Waiting: yes";
    let lines = ["Event: message-summary", "Subscription-State: active"];
    let mut bench = Bench::new();
    let request = bench.request("NOTIFY", 1, None, &lines, mailbox);
    bench.send(&request);
    bench.take_one("481");
    assert!(bench.events().is_empty());

    let subscriptions = SubscriptionConfig {
        unsolicited: vec!["message-summary".into()],
        ..SubscriptionConfig::default()
    };
    let server = ServerConfig {
        subscriptions,
        ..ServerConfig::default()
    };
    let mut bench = Bench::with(DialogManagerConfig::Hybrid(HybridConfig {
        server,
        ..HybridConfig::default()
    }));
    let request = bench.request("NOTIFY", 1, None, &lines, mailbox);
    bench.send(&request);
    bench.take_one("200");
    match bench.event() {
        Event::Unsolicited { body, .. } => {
            let content = body.unwrap().content;
            assert_eq!(std::str::from_utf8(&content), Ok(mailbox));
        }
        other => panic!("{other:?}"),
    }
    let other = ["Event: presence", "Subscription-State: active"];
    let request = bench.request("NOTIFY", 2, None, &other, mailbox);
    bench.send(&request);
    bench.take_one("481");
    bench.run(40_000);
    bench.assert_clean();
}
