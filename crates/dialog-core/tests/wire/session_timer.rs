//! Session timers: agreed, refreshed by either side and by either method, run out.

use std::time::Duration;

use rvoip_dialog_core::sip_core::HeaderName;
use rvoip_dialog_core::{
    CallExtensions, ClientConfig, DialogManagerConfig, EndCause, HybridConfig, ServerConfig,
    SessionTimerConfig, TerminateCause,
};

use crate::kit::*;
use crate::pair::Pair;

fn with_timer(session_timer: Option<SessionTimerConfig>) -> DialogManagerConfig {
    let extensions = CallExtensions {
        session_timer,
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

fn brief(seconds: u64) -> DialogManagerConfig {
    with_timer(Some(SessionTimerConfig {
        expires: Duration::from_secs(seconds),
        ..SessionTimerConfig::default()
    }))
}

/// A call of ours whose 2xx has these lines; its key and the INVITE.
fn refreshed_call(bench: &mut Bench, lines: &[&str]) -> (rvoip_dialog_core::CallKey, Received) {
    let (key, invite) = bench.calling(sdp(OFFER));
    bench.send(&reply(&invite, "200 OK", Some("b1"), lines, ANSWER));
    bench.events();
    bench.take_one("ACK");
    (key, invite)
}

const BY_US: &str = "Session-Expires: 1800;refresher=uac";
const UPDATES: &str = "Allow: INVITE, ACK, BYE, UPDATE";

#[test]
fn an_interval_is_asked_for_and_refreshed_by_update_at_its_half() {
    let mut bench = Bench::new();
    let (_, invite) = refreshed_call(&mut bench, &[BY_US, "Require: timer", UPDATES]);
    assert_eq!(invite.header(HeaderName::SessionExpires), "1800");
    for cseq in 2..5 {
        bench.run(899_000);
        assert!(bench.take().is_empty());
        bench.run(1_000);
        let update = bench.take_one("UPDATE");
        assert_eq!(update.header(HeaderName::CSeq), format!("{cseq} UPDATE"));
        assert_eq!(
            update.header(HeaderName::SessionExpires),
            "1800;refresher=uac"
        );
        assert_eq!(update.body(), "");
        bench.send(&reply(
            &update,
            "200 OK",
            None,
            &[BY_US, "Require: timer"],
            "",
        ));
    }
    bench.quiet();
    assert_eq!(bench.manager().calls(), 1);
}

#[test]
fn a_peer_without_update_is_refreshed_by_a_reinvite_that_changes_nothing() {
    let mut bench = Bench::new();
    refreshed_call(&mut bench, &[BY_US]);
    bench.run(900_000);
    let reinvite = bench.take_one("INVITE");
    assert_eq!(reinvite.body(), OFFER);
    assert_eq!(
        reinvite.header(HeaderName::SessionExpires),
        "1800;refresher=uac"
    );
    bench.send(&reply(&reinvite, "200 OK", None, &[BY_US], ANSWER));
    bench.take_one("ACK");
    bench.quiet();
    // One that says UPDATE and does not speak it is refreshed by re-INVITE too.
    bench.run(900_000);
    let reinvite = bench.take_one("INVITE");
    let lines = [BY_US, UPDATES];
    bench.send(&reply(&reinvite, "200 OK", None, &lines, ANSWER));
    bench.take_one("ACK");
    bench.run(900_000);
    let update = bench.take_one("UPDATE");
    bench.send(&reply(&update, "405 Method Not Allowed", None, &[], ""));
    bench.take_one("INVITE");
}

#[test]
fn a_refresh_that_is_refused_comes_again_and_at_last_the_call_ends() {
    let mut bench = Bench::new();
    refreshed_call(&mut bench, &[BY_US, UPDATES]);
    bench.run(900_000);
    let update = bench.take_one("UPDATE");
    bench.send(&reply(&update, "500 Busy", None, &[], ""));
    bench.run(430_000);
    assert!(bench.take().is_empty());
    bench.run(4_200);
    let update = bench.take_one("UPDATE");
    bench.send(&reply(&update, "500 Busy", None, &[], ""));
    let mut refreshes = 0;
    let bye = loop {
        bench.run(1_000);
        let sent = bench.take();
        if let Some(bye) = sent.iter().find(|it| it.label() == "BYE") {
            break bye.clone();
        }
        for update in sent {
            refreshes += 1;
            assert!(refreshes < 20);
            bench.send(&reply(&update, "500 Busy", None, &[], ""));
        }
    };
    assert_eq!(bye.at.as_secs(), 1_768);
    bench.send(&reply(&bye, "200 OK", None, &[], ""));
    assert_eq!(bench.ended(), EndCause::SessionExpired);
    bench.assert_clean();
}

#[test]
fn a_refresh_that_finds_nobody_ends_the_call() {
    let mut bench = Bench::new();
    refreshed_call(&mut bench, &[BY_US, UPDATES]);
    bench.run(900_000);
    bench.take_one("UPDATE");
    bench.run(70_000);
    assert_eq!(
        bench.ended(),
        EndCause::DialogLost {
            status: status(408)
        }
    );
    bench.assert_clean();
}

#[test]
fn a_peer_that_stops_refreshing_is_hung_up_on() {
    let mut bench = Bench::new();
    refreshed_call(&mut bench, &["Session-Expires: 600;refresher=uas"]);
    bench.run(567_000);
    assert!(bench.take().is_empty());
    bench.run(1_000);
    let bye = bench.take_one("BYE");
    bench.send(&reply(&bye, "200 OK", None, &[], ""));
    assert_eq!(bench.ended(), EndCause::SessionExpired);
    bench.assert_clean();
}

#[test]
fn a_2xx_without_interval_leaves_the_call_without_end() {
    let mut bench = Bench::new();
    refreshed_call(&mut bench, &[]);
    bench.run(10_000_000);
    assert!(bench.take().is_empty());
    assert_eq!(bench.manager().calls(), 1);
}

#[test]
fn an_interval_that_is_too_small_for_the_peer_is_asked_for_again() {
    let mut bench = Bench::with(brief(120));
    let (key, invite) = bench.calling(sdp(OFFER));
    assert_eq!(invite.header(HeaderName::SessionExpires), "120");
    let lines = ["Min-SE: 300"];
    bench.send(&reply(
        &invite,
        "422 Session Interval Too Small",
        Some("x"),
        &lines,
        "",
    ));
    let sent = bench.take();
    assert_eq!(sent[0].label(), "ACK");
    let again = &sent[1];
    assert_eq!(again.header(HeaderName::CSeq), "2 INVITE");
    assert_eq!(again.header(HeaderName::SessionExpires), "300");
    assert_eq!(again.header(HeaderName::MinSe), "300");
    for name in [HeaderName::CallId, HeaderName::From, HeaderName::To] {
        assert_eq!(again.header(name.clone()), invite.header(name));
    }
    assert_eq!(again.body(), OFFER);
    bench.quiet();
    let lines = ["Session-Expires: 300;refresher=uac"];
    bench.send(&reply(again, "200 OK", Some("b1"), &lines, ANSWER));
    assert_eq!(name(&bench.event()), "Answered");
    assert_eq!(bench.take_one("ACK").header(HeaderName::CSeq), "2 ACK");
    bench.run(150_000);
    assert_eq!(bench.take_one("INVITE").body(), OFFER);
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
}

const ASKS: &[&str] = &[
    "Session-Expires: 600;refresher=uas",
    "Supported: timer",
    UPDATES,
];

#[test]
fn a_called_party_refreshes_when_it_is_asked_to() {
    let mut bench = Bench::new();
    let key = bench.incoming_with(ASKS, OFFER);
    bench.command(|manager, now| manager.accept(now, key, sdp(ANSWER)));
    let ok = bench.take_one("200");
    assert_eq!(ok.header(HeaderName::SessionExpires), "600;refresher=uas");
    assert_eq!(ok.header(HeaderName::Require), "timer");
    let ack = bench.request("ACK", 1, Some(&ok.to_tag()), &[], "");
    bench.send(&ack);
    bench.events();
    bench.run(300_000);
    let update = bench.take_one("UPDATE");
    assert_eq!(
        update.header(HeaderName::SessionExpires),
        "600;refresher=uac"
    );
    let lines = ["Session-Expires: 600;refresher=uac"];
    bench.send(&reply(&update, "200 OK", None, &lines, ""));
    bench.run(299_000);
    assert!(bench.take().is_empty());
    bench.run(1_000);
    bench.take_one("UPDATE");
}

#[test]
fn the_peers_refresh_begins_the_interval_anew() {
    let mut bench = Bench::new();
    let lines = ["Session-Expires: 600;refresher=uac", "Supported: timer"];
    let (_, tag) = bench.called_with(&lines);
    for cseq in 2..6 {
        bench.run(500_000);
        let update = bench.request("UPDATE", cseq, Some(&tag), &lines, "");
        bench.send(&update);
        let ok = bench.take_one("200");
        assert_eq!(ok.header(HeaderName::SessionExpires), "600;refresher=uac");
    }
    bench.quiet();
    bench.run(600_000);
    assert_eq!(bench.ended(), EndCause::SessionExpired);
    bench.assert_clean();
}

#[test]
fn an_interval_that_is_too_small_for_us_is_refused() {
    let mut bench = Bench::new();
    let lines = ["Session-Expires: 60", "Supported: timer"];
    let invite = bench.request("INVITE", 1, None, &lines, OFFER);
    bench.send(&invite);
    let refusal = bench.take_one("422");
    assert_eq!(refusal.header(HeaderName::MinSe), "90");
    bench.quiet();
    bench.send(&invite.replace("INVITE", "ACK"));

    let (_, tag) = bench.called();
    for (cseq, method) in [(2, "UPDATE"), (3, "INVITE")] {
        let refresh = bench.request(method, cseq, Some(&tag), &lines, "");
        bench.send(&refresh);
        bench.take_one("422");
    }
}

#[test]
fn session_timers_may_be_switched_off() {
    let mut bench = Bench::with(with_timer(None));
    let (_, invite) = refreshed_call(&mut bench, &[BY_US]);
    assert!(!invite.has(HeaderName::SessionExpires));
    assert!(!invite.header(HeaderName::Supported).contains("timer"));
    let key = bench.incoming_with(ASKS, OFFER);
    bench.command(|manager, now| manager.accept(now, key, sdp(ANSWER)));
    assert!(!bench.take_one("200").has(HeaderName::SessionExpires));
}

#[test]
fn a_call_of_two_hours_is_kept_alive() {
    let mut pair = Pair::new(1, "10.0.0.1:5060", "10.0.0.2:5060");
    let (a, b) = (pair.alice, pair.bob);
    let call = pair.call("sip:bob@10.0.0.2");
    pair.run(50);
    let incoming = pair.incoming();
    pair.sim
        .with(b, |manager, now| manager.accept(now, incoming, sdp(ANSWER)))
        .unwrap();
    pair.run(7_200_000);
    assert_eq!(pair.names(a), ["Answered"]);
    assert_eq!(pair.names(b), ["Confirmed"]);
    // INVITE, and a refresh every 900 s by its sender, as the called party leaves it to that one.
    let requests = pair
        .sim
        .core(a)
        .transactions()
        .counters()
        .client_transactions;
    assert_eq!(requests, 1 + 7);
    pair.sim
        .with(a, |manager, now| {
            manager.terminate(now, call, TerminateCause::Normal)
        })
        .unwrap();
    pair.run(100_000);
    assert_eq!(pair.names(b), ["Ended RemoteBye"]);
    assert!(pair.sim.core(a).is_idle() && pair.sim.core(b).is_idle());
}

#[test]
fn a_peer_that_always_wants_more_is_not_asked_for_ever() {
    let mut bench = Bench::new();
    let (_, mut invite) = bench.calling(sdp(OFFER));
    let mut rounds = 0;
    let cause = loop {
        let more = format!("Min-SE: {}", 3_600 + rounds);
        let lines = [&*more];
        bench.send(&reply(
            &invite,
            "422 Session Interval Too Small",
            Some("x"),
            &lines,
            "",
        ));
        let sent = bench.take();
        match sent.into_iter().find(|it| it.label() == "INVITE") {
            Some(again) => invite = again,
            None => break bench.ended(),
        }
        rounds += 1;
    };
    assert_eq!(rounds, 5);
    assert!(matches!(cause, EndCause::Rejected { status: code, .. } if code == status(422)));
    bench.assert_clean();
}
