//! What happens when both sides act at once: every crossing ends consistently.

use rvoip_dialog_core::sip_core::HeaderName;
use rvoip_dialog_core::{Body, EndCause, TerminateCause};

use crate::caller::bye_of_peer;
use crate::kit::*;

fn labels(sent: &[Received]) -> Vec<String> {
    sent.iter().map(Received::label).collect()
}

#[test]
fn cancel_crossing_200_as_caller_is_acknowledged_and_hung_up() {
    let mut bench = Bench::new();
    let (key, invite) = bench.calling(sdp(OFFER));
    bench.send(&reply(&invite, "180 Ringing", Some("b1"), &[], ""));
    bench.events();
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    let cancel = bench.take_one("CANCEL");
    bench.send(&reply(&invite, "200 OK", Some("b1"), &[], ANSWER));
    let sent = bench.take();
    assert_eq!(labels(&sent), ["ACK", "BYE"]);
    bench.send(&reply(
        &cancel,
        "481 Call/Transaction Does Not Exist",
        Some("b1"),
        &[],
        "",
    ));
    bench.quiet();
    bench.send(&reply(&sent[1], "200 OK", None, &[], ""));
    assert_eq!(bench.ended(), EndCause::Cancelled);
    bench.assert_clean();
}

#[test]
fn cancel_crossing_486_as_caller_ends_once() {
    let mut bench = Bench::new();
    let (key, invite) = bench.calling(sdp(OFFER));
    bench.send(&reply(&invite, "180 Ringing", Some("b1"), &[], ""));
    bench.events();
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    bench.send(&reply(&invite, "486 Busy Here", Some("b1"), &[], ""));
    assert_eq!(bench.ended(), EndCause::Cancelled);
    bench.assert_clean();
}

#[test]
fn cancel_crossing_200_as_called_changes_nothing() {
    let mut bench = Bench::new();
    let invite = bench.request("INVITE", 1, None, &[], OFFER);
    bench.send(&invite);
    let Event::IncomingCall { key, .. } = bench.event() else {
        panic!()
    };
    bench.command(|manager, now| manager.accept(now, key, sdp(ANSWER)));
    let tag = bench.take_one("200").to_tag();
    let cancel = invite
        .replace("INVITE", "CANCEL")
        .split("Content-Type")
        .next()
        .unwrap()
        .to_owned();
    bench.send(&(cancel + "Content-Length: 0\n\n"));
    bench.take_one("200");
    bench.quiet();
    let ack = bench.request("ACK", 1, Some(&tag), &[], "");
    bench.send(&ack);
    assert_eq!(name(&bench.event()), "Confirmed");
    let bye = bench.request("BYE", 2, Some(&tag), &[], "");
    bench.send(&bye);
    bench.take_one("200");
    assert_eq!(bench.ended(), EndCause::RemoteBye);
    bench.assert_clean();
}

#[test]
fn bye_crossing_bye_ends_once_on_either_side() {
    let mut bench = Bench::new();
    let (key, invite, ack) = bench.answered();
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    let ours = bench.take_one("BYE");
    bench.send(&bye_of_peer(&invite, &ack.header(HeaderName::To)));
    bench.take_one("200");
    assert_eq!(bench.ended(), EndCause::LocalBye);
    bench.send(&reply(
        &ours,
        "481 Call/Transaction Does Not Exist",
        None,
        &[],
        "",
    ));
    bench.assert_clean();
    bench.quiet();
}

#[test]
fn a_reinvite_crossing_our_bye_gets_481() {
    let mut bench = Bench::new();
    let (key, tag) = bench.called();
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    let bye = bench.take_one("BYE");
    let reinvite = bench.request("INVITE", 2, Some(&tag), &[], OFFER);
    bench.send(&reinvite);
    bench.take_one("481");
    bench.send(&reply(&bye, "200 OK", None, &[], ""));
    assert_eq!(bench.ended(), EndCause::LocalBye);
    bench.assert_clean();
}

#[test]
fn a_bye_ends_a_reinvite_that_waits_for_us() {
    let mut bench = Bench::new();
    let (_, tag) = bench.called();
    let reinvite = bench.request("INVITE", 2, Some(&tag), &[], OFFER);
    bench.send(&reinvite);
    bench.events();
    let bye = bench.request("BYE", 3, Some(&tag), &[], "");
    bench.send(&bye);
    assert_eq!(bench.labels(), ["200", "487"]);
    assert_eq!(bench.ended(), EndCause::RemoteBye);
    bench.assert_clean();
}

#[test]
fn a_bye_crossing_our_reinvite_ends_the_call_and_its_late_2xx_is_acknowledged() {
    let mut bench = Bench::new();
    let (key, invite, ack) = bench.answered();
    bench.command(|manager, now| manager.offer(now, key, OfferMethod::Invite, Body::sdp(OFFER)));
    let reinvite = bench.take_one("INVITE");
    bench.send(&bye_of_peer(&invite, &ack.header(HeaderName::To)));
    bench.take_one("200");
    assert_eq!(bench.ended(), EndCause::RemoteBye);
    bench.send(&reply(&reinvite, "200 OK", None, &[], ANSWER));
    bench.take_one("ACK");
    bench.quiet();
    bench.assert_clean();
}

#[test]
fn hanging_up_during_our_reinvite_sends_bye_and_still_acknowledges() {
    let mut bench = Bench::new();
    let (key, _, _) = bench.answered();
    bench.command(|manager, now| manager.offer(now, key, OfferMethod::Invite, Body::sdp(OFFER)));
    let reinvite = bench.take_one("INVITE");
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    let bye = bench.take_one("BYE");
    bench.send(&reply(&reinvite, "200 OK", None, &[], ANSWER));
    bench.take_one("ACK");
    bench.send(&reply(&bye, "200 OK", None, &[], ""));
    assert_eq!(bench.ended(), EndCause::LocalBye);
    bench.assert_clean();
}

#[test]
fn the_2xx_of_a_call_already_over_is_acknowledged_and_hung_up() {
    let mut bench = Bench::new();
    let (key, invite) = bench.calling(sdp(OFFER));
    bench.send(&reply(&invite, "200 OK", Some("b1"), &[], ANSWER));
    bench.take();
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    let bye = bench.take_one("BYE");
    bench.send(&reply(&bye, "200 OK", None, &[], ""));
    bench.events();
    bench.send(&reply(&invite, "200 OK", Some("b1"), &[], ANSWER));
    bench.take_one("ACK");
    bench.send(&reply(&invite, "200 OK", Some("b2"), &[], ANSWER));
    let sent = bench.take();
    assert_eq!(labels(&sent), ["ACK", "BYE"]);
    assert_eq!(sent[1].to_tag(), "b2");
    bench.quiet();
}

#[test]
fn hanging_up_twice_sends_one_bye() {
    let mut bench = Bench::new();
    let (key, _) = bench.called();
    for _ in 0..3 {
        bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    }
    let bye = bench.take_one("BYE");
    bench.send(&reply(&bye, "200 OK", None, &[], ""));
    assert_eq!(bench.ended(), EndCause::LocalBye);
    bench.fails(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    bench.assert_clean();
}

#[test]
fn a_bye_ends_an_update_that_waits_for_us() {
    let mut bench = Bench::new();
    let (_, tag) = bench.called();
    let update = bench.request("UPDATE", 2, Some(&tag), &[], OFFER);
    bench.send(&update);
    bench.events();
    let bye = bench.request("BYE", 3, Some(&tag), &[], "");
    bench.send(&bye);
    assert_eq!(bench.labels(), ["200", "487"]);
    assert_eq!(bench.ended(), EndCause::RemoteBye);
    bench.assert_clean();
}

#[test]
fn a_bye_crossing_our_update_ends_the_call_once() {
    let mut bench = Bench::new();
    let (_, invite) = bench.calling(sdp(OFFER));
    let lines = [
        "Session-Expires: 90;refresher=uac",
        "Allow: INVITE, UPDATE, BYE",
    ];
    bench.send(&reply(&invite, "200 OK", Some("b1"), &lines, ANSWER));
    bench.events();
    let ack = bench.take_one("ACK");
    bench.run(45_000);
    let update = bench.take_one("UPDATE");
    bench.send(&bye_of_peer(&invite, &ack.header(HeaderName::To)));
    bench.take_one("200");
    assert_eq!(bench.ended(), EndCause::RemoteBye);
    bench.send(&reply(
        &update,
        "481 Call/Transaction Does Not Exist",
        None,
        &[],
        "",
    ));
    bench.quiet();
    bench.assert_clean();
}
