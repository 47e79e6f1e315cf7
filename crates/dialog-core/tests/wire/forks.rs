//! One INVITE that several called parties answer, and what the dialogs with them remember.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rvoip_dialog_core::sip_core::{HeaderName, NameAddr, Uri};
use rvoip_dialog_core::sip_transport::sim::for_each_seed;
use rvoip_dialog_core::{Body, EndCause, Leg, OutgoingCall, TerminateCause};

use crate::kit::*;
use crate::prack::reliable;
use crate::scene::usual_seeds;

fn fork_of(event: Event) -> Option<rvoip_dialog_core::ForkId> {
    match event {
        Event::Progress { fork, .. } | Event::Answered { fork, .. } => fork,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_early_dialog_has_its_own_route_target_and_numbers() {
    let mut bench = Bench::new();
    let (key, invite) = bench.calling(sdp(OFFER));
    let (one, two) = (
        [
            "Record-Route: <sip:10.0.0.2:5060;lr;p=1>",
            "Contact: <sip:one@desk.example.com>",
        ],
        [
            "Record-Route: <sip:10.0.0.2:5060;lr;p=2>",
            "Contact: <sip:two@desk.example.com>",
        ],
    );
    let mut pracks = Vec::new();
    for (tag, rseq, lines) in [("f1", 7, &one), ("f2", 100, &two), ("f1", 8, &one)] {
        bench.send(&reliable(&invite, "180 Ringing", tag, rseq, lines, ""));
        let prack = bench.take_one("PRACK");
        bench.send(&reply(&prack, "200 OK", None, &[], ""));
        pracks.push(prack);
    }
    let facts: Vec<[String; 4]> = pracks
        .iter()
        .map(|prack| {
            [
                prack.to_tag(),
                prack.header(HeaderName::CSeq),
                prack.header(HeaderName::Route),
                prack.request().raw_uri().to_owned(),
            ]
        })
        .collect();
    let expected = [
        [
            "f1",
            "2 PRACK",
            "<sip:10.0.0.2:5060;lr;p=1>",
            "sip:one@desk.example.com",
        ],
        [
            "f2",
            "2 PRACK",
            "<sip:10.0.0.2:5060;lr;p=2>",
            "sip:two@desk.example.com",
        ],
        [
            "f1",
            "3 PRACK",
            "<sip:10.0.0.2:5060;lr;p=1>",
            "sip:one@desk.example.com",
        ],
    ];
    assert_eq!(facts, expected);
    let forks: Vec<_> = bench.events().into_iter().map(fork_of).collect();
    assert_eq!(forks[0], forks[2]);
    assert_ne!(forks[0], forks[1]);

    // The second wins; the first answers too late and is hung up on with a number that it has not seen.
    let mut answer = two.to_vec();
    answer.push("X-Winner: yes");
    bench.send(&reply(&invite, "200 OK", Some("f2"), &answer, ANSWER));
    assert_eq!(fork_of(bench.event()), forks[1]);
    let ack = bench.take_one("ACK");
    assert_eq!(
        (ack.to_tag(), ack.header(HeaderName::CSeq)),
        ("f2".to_owned(), "1 ACK".to_owned())
    );
    bench.send(&reply(&invite, "200 OK", Some("f1"), &one, ANSWER));
    let sent = bench.take();
    assert_eq!(sent[0].header(HeaderName::CSeq), "1 ACK");
    assert_eq!(sent[1].header(HeaderName::CSeq), "4 BYE");
    assert_eq!(
        sent[1].header(HeaderName::Route),
        "<sip:10.0.0.2:5060;lr;p=1>"
    );
    bench.send(&reply(&sent[1], "200 OK", None, &[], ""));
    bench.quiet();
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    let bye = bench.take_one("BYE");
    assert_eq!(bye.header(HeaderName::CSeq), "3 BYE");
    assert_eq!(bye.header(HeaderName::Route), "<sip:10.0.0.2:5060;lr;p=2>");
    bench.send(&reply(&bye, "200 OK", None, &[], ""));
    assert_eq!(bench.ended(), EndCause::LocalBye);
    bench.assert_clean();
}

#[test]
fn each_called_party_answers_the_offer_for_itself() {
    let mut bench = Bench::new();
    let (key, invite) = bench.calling(sdp(OFFER));
    let mut forks = Vec::new();
    for (tag, answer) in [("f1", "v=0 one"), ("f2", "v=0 two")] {
        bench.send(&reliable(
            &invite,
            "183 Session Progress",
            tag,
            1,
            &[],
            answer,
        ));
        let prack = bench.take_one("PRACK");
        bench.send(&reply(&prack, "200 OK", None, &[], ""));
        forks.push(fork_of(bench.event()));
    }
    // With two of them a change has to name the one.
    bench
        .fails(|manager, now| manager.offer(now, key, OfferMethod::Invite, Body::sdp("v=0 other")));
    let leg = Leg {
        call: key,
        fork: forks[1],
    };
    bench.command(|manager, now| {
        manager.offer(now, leg, OfferMethod::Invite, Body::sdp("v=0 other"))
    });
    let update = bench.take_one("UPDATE");
    assert_eq!(update.to_tag(), "f2");
    bench.send(&reply(&update, "200 OK", None, &[], "v=0 another"));
    assert!(matches!(bench.event(), Event::Answer { fork, .. } if fork == forks[1]));
    bench.send(&reply(&invite, "200 OK", Some("f1"), &[], ""));
    let Event::Answered {
        fork,
        body: Some(body),
        ..
    } = bench.event()
    else {
        panic!()
    };
    assert_eq!((fork, body), (forks[0], Body::sdp("v=0 one")));
}

#[test]
fn a_request_of_a_called_party_finds_its_own_early_dialog() {
    let mut bench = Bench::new();
    let (_, invite) = bench.calling(sdp(OFFER));
    for tag in ["f1", "f2"] {
        bench.send(&reliable(
            &invite,
            "183 Session Progress",
            tag,
            1,
            &[],
            ANSWER,
        ));
        let prack = bench.take_one("PRACK");
        bench.send(&reply(&prack, "200 OK", None, &[], ""));
    }
    bench.events();
    // Each counts by itself.
    for (tag, cseq) in [("f1", 50), ("f2", 3), ("f2", 4)] {
        bench.send(&request_of_peer(&invite, "UPDATE", tag, cseq));
        bench.take_one("200");
    }
    bench.send(&request_of_peer(&invite, "UPDATE", "f1", 49));
    bench.take_one("500");
    bench.quiet();
}

/// A request of a called peer in a dialog of our INVITE.
pub(crate) fn request_of_peer(invite: &Received, method: &str, tag: &str, cseq: u32) -> String {
    format!(
        "{method} sip:alice@{US} SIP/2.0\nVia: SIP/2.0/UDP {PEER};branch=z9hG4bK{tag}{cseq}{method}\nMax-Forwards: 70\n\
         From: {};tag={tag}\nTo: {}\nCall-ID: {}\nCSeq: {cseq} {method}\nContact: <sip:bob@{PEER}>\nContent-Length: 0\n\n",
        invite.header(HeaderName::To),
        invite.header(HeaderName::From),
        invite.header(HeaderName::CallId),
    )
}

#[test]
fn the_route_set_is_never_overwritten_inside_a_dialog() {
    let mut bench = Bench::new();
    let (key, invite) = bench.calling(sdp(OFFER));
    let route = "Record-Route: <sip:10.0.0.2:5060;lr;first>";
    bench.send(&reply(&invite, "200 OK", Some("b1"), &[route], ANSWER));
    bench.take();
    bench.events();
    bench.command(|manager, now| manager.offer(now, key, OfferMethod::Invite, Body::sdp(OFFER)));
    let reinvite = bench.take_one("INVITE");
    let other = [
        "Record-Route: <sip:10.0.0.9:5060;lr;other>",
        "Contact: <sip:moved@10.0.0.2:5060>",
    ];
    bench.send(&reply(&reinvite, "200 OK", None, &other, ANSWER));
    bench.take_one("ACK");
    bench.command(|manager, now| manager.terminate(now, key, TerminateCause::Normal));
    let bye = bench.take_one("BYE");
    assert_eq!(
        bye.headers(HeaderName::Route),
        ["<sip:10.0.0.2:5060;lr;first>"]
    );
    assert_eq!(bye.request().raw_uri(), "sip:moved@10.0.0.2:5060");
    assert_eq!(bye.header(HeaderName::CSeq), "3 BYE");
}

#[test]
fn record_route_is_copied_into_provisional_responses_and_the_2xx() {
    let mut bench = Bench::new();
    let lines = [
        "Record-Route: <sip:10.0.0.2:5060;lr;p=1>, <sip:10.0.0.2:5060;lr;p=2>",
        "Record-Route: <sip:10.0.0.2:5060;lr;p=3>",
    ];
    let key = bench.incoming_with(&lines, OFFER);
    bench.command(|manager, now| manager.provisional(now, key, status(180), None, false));
    let ringing = bench.take_one("180");
    bench.command(|manager, now| manager.accept(now, key, sdp(ANSWER)));
    let ok = bench.take_one("200");
    let recorded = |message: &Received| message.headers(HeaderName::RecordRoute).join(", ");
    for message in [&ringing, &ok] {
        assert_eq!(
            recorded(message),
            "<sip:10.0.0.2:5060;lr;p=1>, <sip:10.0.0.2:5060;lr;p=2>, <sip:10.0.0.2:5060;lr;p=3>"
        );
    }
}

#[test]
fn a_redirection_tells_where_to() {
    let mut bench = Bench::new();
    let (_, invite) = bench.calling(sdp(OFFER));
    let contacts = ["Contact: <sip:one@a.example.com>;q=0.5, <sip:two@b.example.com>"];
    bench.send(&reply(
        &invite,
        "302 Moved Temporarily",
        Some("b1"),
        &contacts,
        "",
    ));
    bench.take_one("ACK");
    let EndCause::Redirected {
        status: code,
        contacts,
    } = bench.ended()
    else {
        panic!()
    };
    let uris: Vec<&str> = contacts
        .iter()
        .map(|contact| contact.uri().as_str())
        .collect();
    assert_eq!(uris, ["sip:one@a.example.com", "sip:two@b.example.com"]);
    assert_eq!(
        (code, contacts[0].params().get("q")),
        (status(302), Some("0.5"))
    );
    bench.assert_clean();
}

#[test]
fn the_request_uri_may_be_another_than_the_to() {
    let mut bench = Bench::new();
    let elsewhere: Uri = format!("sip:desk@{PEER}").parse().unwrap();
    bench.command(|manager, now| {
        let local: NameAddr = "<sip:alice@example.com>".parse().unwrap();
        let mut call = OutgoingCall::new(local, "sip:bob@example.com".parse().unwrap());
        call.request_uri = Some(elsewhere.clone());
        call.body = sdp(OFFER);
        manager.invite(now, call)
    });
    let invite = bench.take_one("INVITE");
    assert_eq!(invite.request().raw_uri(), elsewhere.as_str());
    assert_eq!(invite.header(HeaderName::To), "<sip:bob@example.com>");
}

/// Three called parties answer in any order, each as often as it likes, and the caller may give up between.
fn race(seed: u64, bench: &mut Bench) {
    let mut rng = StdRng::seed_from_u64(seed);
    let (key, invite) = bench.calling(sdp(OFFER));
    let mut wire: Vec<String> = Vec::new();
    for tag in ["f1", "f2", "f3"] {
        let first = rng.random_range(1..1_000);
        for number in first..first + rng.random_range(0..3) {
            wire.push(reliable(&invite, "180 Ringing", tag, number, &[], ""));
        }
        if rng.random_range(0..3) > 0 {
            wire.push(reply(&invite, "200 OK", Some(tag), &[], ANSWER));
        }
        if rng.random() {
            wire.push(reply(&invite, "180 Ringing", Some(tag), &[], ""));
        }
    }
    let (mut ended, mut answered) = (0, 0);
    for round in 0..80 {
        // What is sent once comes again for a while, in another order.
        if !wire.is_empty() && round < 40 {
            let at = rng.random_range(0..wire.len());
            let message = wire[at].clone();
            bench.send(&message);
        }
        if rng.random_range(0..30) == 0 || round == 79 {
            let _ = bench.sim.with(bench.node, |manager, now| {
                manager.terminate(now, key, TerminateCause::Normal)
            });
        }
        bench.run(rng.random_range(0..700));
        for sent in bench.take() {
            match sent.label().as_str() {
                "PRACK" | "BYE" => bench.send(&reply(&sent, "200 OK", None, &[], "")),
                "CANCEL" => {
                    bench.send(&reply(&sent, "200 OK", None, &[], ""));
                    bench.send(&reply(
                        &invite,
                        "487 Request Terminated",
                        Some("p"),
                        &[],
                        "",
                    ));
                }
                _ => {}
            }
        }
        for event in bench.events() {
            assert_eq!(ended, 0, "seed {seed}: {event:?} after the end");
            match event {
                Event::Ended { .. } => ended += 1,
                Event::Answered { .. } => answered += 1,
                _ => {}
            }
        }
    }
    bench.run(300_000);
    ended += bench.events().len();
    assert_eq!(ended, 1, "seed {seed}");
    assert!(answered <= 1, "seed {seed}");
    assert!(bench.manager().is_idle(), "seed {seed}");
}

#[test]
fn whoever_wins_one_call_remains_and_nothing_is_left() {
    for_each_seed(usual_seeds(), |_| Bench::new(), race).unwrap();
}

#[test]
fn a_called_party_offers_in_its_early_dialog_and_loses() {
    let mut bench = Bench::new();
    let (key, invite) = bench.calling(sdp(OFFER));
    let mut forks = Vec::new();
    for tag in ["f1", "f2"] {
        bench.send(&reliable(
            &invite,
            "183 Session Progress",
            tag,
            1,
            &[],
            ANSWER,
        ));
        let prack = bench.take_one("PRACK");
        bench.send(&reply(&prack, "200 OK", None, &[], ""));
        forks.push(fork_of(bench.event()));
    }
    let offer = |tag: &str, cseq| {
        request_of_peer(&invite, "UPDATE", tag, cseq).replace(
            "Content-Length: 0\n\n",
            "Content-Type: application/sdp\nContent-Length: 9\n\nv=0 offer",
        )
    };
    for tag in ["f1", "f2"] {
        bench.send(&offer(tag, 7));
    }
    let offered: Vec<_> = bench
        .events()
        .into_iter()
        .map(|event| match event {
            Event::Offer { fork, .. } => fork,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(offered, forks);
    let leg = Leg {
        call: key,
        fork: forks[0],
    };
    bench.command(|manager, now| manager.answer_offer(now, leg, sdp("v=0 mine")));
    let ok = bench.take_one("200");
    assert_eq!(ok.header(HeaderName::CSeq), "7 UPDATE");
    // The first wins; what the second has offered is void.
    bench.send(&reply(&invite, "200 OK", Some("f1"), &[], ""));
    assert!(matches!(bench.event(), Event::Answered { body: None, .. }));
    let mut labels = bench.labels();
    labels.sort();
    assert_eq!(labels, ["487", "ACK"]);
    bench.send(&request_of_peer(&invite, "UPDATE", "f2", 8));
    bench.take_one("481");
    bench.send(&request_of_peer(&invite, "UPDATE", "f1", 8));
    bench.take_one("200");
    bench.send(&request_of_peer(&invite, "BYE", "f1", 9));
    bench.take_one("200");
    assert_eq!(bench.ended(), EndCause::RemoteBye);
    bench.assert_clean();
}
