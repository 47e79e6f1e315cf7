//! INVITE with Replaces (RFC 3891).

use rvoip_dialog_core::sip_core::HeaderName;
use rvoip_dialog_core::{CallKey, EndCause, TerminateCause};

use crate::kit::*;

/// Another call of the peer, with these lines.
fn second(bench: &mut Bench, lines: &[&str]) -> String {
    let text = bench.request("INVITE", 1, None, lines, OFFER);
    renamed(&text)
}

fn renamed(text: &str) -> String {
    text.replace("Call-ID: call-1@", "Call-ID: call-2@")
        .replace(">;tag=a1", ">;tag=c1")
}

fn replaces(tag: &str) -> String {
    format!("Replaces: call-1@10.0.0.2;to-tag={tag};from-tag=a1")
}

fn received(bench: &mut Bench) -> CallKey {
    match bench.event() {
        Event::IncomingCall { key, .. } => key,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_new_call_takes_the_place_of_an_answered_one() {
    let mut bench = Bench::new();
    let (old, tag) = bench.called();
    let line = replaces(&tag);
    let invite = second(&mut bench, &[&line, "Require: replaces"]);
    bench.send(&invite);
    let new = received(&mut bench);
    assert_eq!(bench.manager().replaces(new), Some(old));
    bench.command(|manager, now| manager.accept(now, new, sdp(ANSWER)));
    let all = bench.take();
    let labels: Vec<String> = all.iter().map(Received::label).collect();
    assert_eq!(labels, ["200", "BYE"]);
    assert_eq!(all[1].header(HeaderName::CallId), "call-1@10.0.0.2");
    bench.send(&reply(&all[1], "200 OK", None, &[], ""));
    assert_eq!(bench.ended(), EndCause::Replaced { by: new });
    let ack = bench.request("ACK", 1, Some(&all[0].to_tag()), &[], "");
    bench.send(&renamed(&ack));
    assert_eq!(bench.names(), ["Confirmed"]);
    bench.command(|manager, now| manager.terminate(now, new, TerminateCause::Normal));
    bench.assert_clean();
}

#[test]
fn a_new_call_that_is_refused_leaves_the_old_one() {
    let mut bench = Bench::new();
    let (old, tag) = bench.called();
    let line = replaces(&tag);
    let invite = second(&mut bench, &[&line]);
    bench.send(&invite);
    let new = received(&mut bench);
    bench.command(|manager, now| manager.reject(now, new, status(603), &[]));
    bench.take_one("603");
    assert!(matches!(bench.ended(), EndCause::Refused { .. }));
    assert_eq!(bench.manager().keys().collect::<Vec<_>>(), [old]);
}

#[test]
fn a_call_of_ours_that_still_rings_is_taken_over_and_cancelled() {
    let mut bench = Bench::new();
    let (old, invite) = bench.calling(sdp(OFFER));
    bench.send(&reply(&invite, "180 Ringing", Some("b1"), &[], ""));
    assert_eq!(bench.names(), ["Progress 180"]);
    let call_id = invite.header(HeaderName::CallId);
    let from = invite.header(HeaderName::From);
    let tag = from.split("tag=").nth(1).unwrap();
    for (remote, label) in [("b1", None), ("other", Some("481"))] {
        let line = format!("Replaces: {call_id};to-tag={tag};from-tag={remote};early-only");
        let text = second(&mut bench, &[&line])
            .replace("Call-ID: call-2@", &format!("Call-ID: {remote}@"));
        bench.send(&text);
        if let Some(label) = label {
            bench.take_one(label);
            continue;
        }
        let new = received(&mut bench);
        assert_eq!(bench.manager().replaces(new), Some(old));
        bench.command(|manager, now| manager.accept(now, new, sdp(ANSWER)));
        assert_eq!(bench.labels(), ["200", "CANCEL"]);
    }
}

#[test]
fn calls_that_cannot_be_replaced() {
    let mut bench = Bench::new();
    let (_, tag) = bench.called();
    let good = replaces(&tag);
    for (lines, label) in [
        (vec![format!("{good};early-only")], "486"),
        (vec![good.replace("a1", "a2")], "481"),
        (vec![good.replace("call-1", "call-9")], "481"),
        (vec![good.replace(&tag, "0123456789abcdef")], "481"),
        (vec![good.replace(&tag, "x")], "481"),
        (vec!["Replaces: call-1@10.0.0.2;to-tag=x".to_owned()], "400"),
        (vec![good.clone(), good.clone()], "400"),
    ] {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let invite = second(&mut bench, &lines);
        bench.send(&invite);
        bench.take_one(label);
        let ack = invite.replace("INVITE", "ACK").replace(OFFER, "");
        bench.send(&ack.replace("Content-Length: 9", "Content-Length: 0"));
        bench.take();
    }
    bench.quiet();
    // One that is being hung up.
    let key = bench.manager().keys().next().unwrap();
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    bench.take_one("BYE");
    let invite = second(&mut bench, &[&good]);
    bench.send(&invite);
    bench.take_one("603");

    // One that we have not answered.
    let mut bench = Bench::new();
    let key = bench.incoming();
    bench.command(|manager, now| manager.provisional(now, key, status(180), None, false));
    let tag = bench.take_one("180").to_tag();
    let line = replaces(&tag);
    let invite = second(&mut bench, &[&line]);
    bench.send(&invite);
    bench.take_one("481");
}

#[test]
fn a_takeover_names_the_call_as_its_peer_sees_it() {
    let mut bench = Bench::new();
    let (key, tag) = bench.called();
    let refer = bench.manager().takeover(key).unwrap();
    let replaces = refer.replaces().unwrap();
    assert_eq!(replaces.call_id(), "call-1@10.0.0.2");
    assert_eq!((replaces.to_tag(), replaces.from_tag()), ("a1", &*tag));
    assert_eq!(refer.target().as_str(), format!("sip:alice@{PEER}"));
}
