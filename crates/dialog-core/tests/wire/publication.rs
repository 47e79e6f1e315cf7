//! Published state: a client of ours against a raw compositor, and against one of ours.

use std::time::Duration;

use rvoip_dialog_core::compositor::{CompositorConfig, PublicationChange};
use rvoip_dialog_core::sip_core::HeaderName;
use rvoip_dialog_core::{Body, OutgoingPublication, PublicationKey, PublicationStatus as Status};

use crate::kit::*;
use crate::pair::Pair;
use crate::registration::wait;

fn presence(text: &'static str) -> Body {
    Body {
        content_type: "application/pidf+xml".into(),
        content: text.as_bytes().into(),
    }
}

fn wanted(entity: &str) -> OutgoingPublication {
    let local = "<sip:alice@example.com>".parse().unwrap();
    OutgoingPublication::new(local, entity.parse().unwrap(), "presence", presence("open"))
}

fn status(bench: &mut Bench) -> Status {
    match bench.event() {
        Event::Publication { status, .. } => status,
        other => panic!("{other:?}"),
    }
}

fn publishing(bench: &mut Bench) -> (PublicationKey, Received) {
    let wanted = wanted(&format!("sip:alice@{PEER}"));
    let key = bench.command(|manager, now| manager.publish_state(now, wanted));
    assert_eq!(status(bench), Status::Publishing);
    (key, bench.take_one("PUBLISH"))
}

/// The compositor calls the state so, for ten minutes.
fn accept(bench: &mut Bench, publish: &Received, etag: &str) {
    let etag = format!("SIP-ETag: {etag}");
    bench.send(&reply(
        publish,
        "200 OK",
        Some("p1"),
        &[&etag, "Expires: 600"],
        "",
    ));
}

fn condition(publish: &Received) -> Option<String> {
    publish.headers(HeaderName::SipIfMatch).pop()
}

#[test]
fn the_body_goes_with_what_is_new_or_changed_and_the_name_with_everything_else() {
    let mut bench = Bench::new();
    let (key, first) = publishing(&mut bench);
    assert_eq!(first.header(HeaderName::Event), "presence");
    assert_eq!(
        first.header(HeaderName::ContentType),
        "application/pidf+xml"
    );
    assert_eq!((first.body(), condition(&first)), ("open", None));
    assert!(!first.has(HeaderName::Contact));
    accept(&mut bench, &first, "one");
    let expires = Duration::from_secs(600);
    let published = |etag: &str| Status::Published {
        etag: etag.into(),
        expires,
    };
    assert_eq!(status(&mut bench), published("one"));

    let (_, refresh) = wait(&mut bench, 600);
    assert_eq!(status(&mut bench), Status::Refreshing);
    assert_eq!(
        (refresh.body(), condition(&refresh)),
        ("", Some("one".to_owned()))
    );
    // Two changes while it is on its way: the last one follows at once, and only when the answer is there.
    for text in ["busy", "away"] {
        bench.command(|manager, now| manager.modify_state(now, key, presence(text)));
        assert!(bench.take().is_empty());
    }
    accept(&mut bench, &refresh, "two");
    assert_eq!(bench.events().len(), 2);
    let change = bench.take_one("PUBLISH");
    assert_eq!(
        (change.body(), condition(&change)),
        ("away", Some("two".to_owned()))
    );
    accept(&mut bench, &change, "three");
    assert_eq!(status(&mut bench), published("three"));

    bench.command(|manager, now| manager.unpublish(now, key));
    let last = bench.take_one("PUBLISH");
    assert_eq!(
        (last.body(), condition(&last)),
        ("", Some("three".to_owned()))
    );
    assert_eq!(last.header(HeaderName::Expires), "0");
    accept(&mut bench, &last, "four");
    assert_eq!(status(&mut bench), Status::Ended { refusal: None });
    bench.run(4_000_000);
    assert!(bench.take().is_empty() && bench.manager().is_idle());
}

#[test]
fn a_compositor_that_has_forgotten_the_state_gets_it_anew() {
    let mut bench = Bench::new();
    let (_, first) = publishing(&mut bench);
    let brief = "423 Interval Too Brief";
    bench.send(&reply(
        &first,
        brief,
        Some("p1"),
        &["Min-Expires: 7200"],
        "",
    ));
    let longer = bench.take_one("PUBLISH");
    assert_eq!(
        (longer.body(), longer.header(HeaderName::Expires)),
        ("open", "7200".into())
    );
    accept(&mut bench, &longer, "one");
    status(&mut bench);
    let (_, refresh) = wait(&mut bench, 600);
    status(&mut bench);
    let forgotten = "412 Conditional Request Failed";
    bench.send(&reply(&refresh, forgotten, Some("p1"), &[], ""));
    let anew = bench.take_one("PUBLISH");
    assert_eq!((anew.body(), condition(&anew)), ("open", None));
    accept(&mut bench, &anew, "two");
    assert!(matches!(status(&mut bench), Status::Published { .. }));
}

#[test]
fn a_package_that_is_not_known_ends_it() {
    let mut bench = Bench::new();
    let (_, first) = publishing(&mut bench);
    bench.send(&reply(&first, "489 Bad Event", Some("p1"), &[], ""));
    assert!(matches!(
        status(&mut bench),
        Status::Ended { refusal: Some(_) }
    ));
}

#[test]
fn a_client_and_a_compositor_of_ours_over_hours() {
    let mut pair = Pair::new(1, "10.0.0.1:5060", "10.0.0.2:5060");
    pair.sim.with(pair.bob, |manager, _| {
        manager.serve_publications(CompositorConfig::default());
    });
    let key = pair.sim.with(pair.alice, |manager, now| {
        manager
            .publish_state(now, wanted("sip:alice@10.0.0.2"))
            .unwrap()
    });
    pair.run(10_000_000);
    pair.sim.with(pair.alice, |manager, now| {
        manager.modify_state(now, key, presence("busy")).unwrap();
    });
    pair.run(1_000);
    pair.sim.with(pair.alice, |manager, now| {
        manager.unpublish(now, key).unwrap()
    });
    pair.run(1_000);
    let events = pair.sim.events(pair.bob);
    let told: Vec<(PublicationChange, Body)> = events
        .into_iter()
        .map(|(_, event)| match event {
            Event::Published(event) => (event.change, event.body),
            other => panic!("{other:?}"),
        })
        .collect();
    let changes: Vec<PublicationChange> = told.iter().map(|(change, _)| *change).collect();
    use PublicationChange::*;
    assert_eq!(
        changes,
        [
            Published, Refreshed, Refreshed, Refreshed, Modified, Removed
        ]
    );
    assert_eq!(told[4].1, presence("busy"));
    pair.run(100_000);
    assert!(pair.sim.core(pair.alice).is_idle() && pair.sim.core(pair.bob).is_idle());
}
