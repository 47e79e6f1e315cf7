//! Requests to domains with several servers, dead, busy, refusing or slow (RFC 3263 section 4.3), in virtual time.

use std::time::{Duration, Instant};

use rvoip_transaction_core::sip_core::{HeaderName, Method, Request};
use rvoip_transaction_core::sip_transport::LocateError;
use rvoip_transaction_core::sip_transport::sim::{ZoneFault, for_each_seed, seeds};
use rvoip_transaction_core::{ClientKey, NextHop, TransactionError};

use crate::servers::{BACKUP, Manner, PRIMARY, Scene};

fn millis(scene: &Scene, at: Instant) -> u64 {
    at.duration_since(scene.start).as_millis() as u64
}

/// Times in milliseconds and words of all that the caller was told.
fn said(scene: &mut Scene) -> Vec<(u64, String)> {
    let told = scene.told();
    told.into_iter()
        .map(|(at, word)| (millis(scene, at), word))
        .collect()
}

fn words(scene: &mut Scene) -> Vec<String> {
    said(scene).into_iter().map(|(_, word)| word).collect()
}

fn uri(text: &str) -> NextHop {
    text.parse::<rvoip_transaction_core::sip_core::Uri>()
        .unwrap()
        .into()
}

#[test]
fn a_dead_primary_costs_seconds_once() {
    let mut scene = Scene::new(1);
    scene.pair_of_servers("udp");
    scene.server(PRIMARY, Manner::Silent);
    scene.server(BACKUP, Manner::Answer(200));
    scene.invite(uri("sip:bob@example.com"));
    scene.run(5);
    let said = said(&mut scene);
    let (at, last) = said.last().unwrap();
    assert_eq!(last, "response 200");
    assert!((4_000..4_100).contains(at), "{said:?}");
    assert_eq!(
        words_of(&said),
        ["sent udp 10.0.0.2", "sent udp 10.0.0.3", "response 200"]
    );
    // The primary was asked four times, the backup once.
    assert_eq!(scene.arrived(PRIMARY, "INVITE").len(), 4);
    assert_eq!(scene.arrived(BACKUP, "INVITE").len(), 1);

    // The next call knows.
    scene.run(40);
    scene.told();
    let begun = scene.now();
    scene.invite(uri("sip:carol@example.com"));
    scene.run(1);
    let told = scene.told();
    assert_eq!(told[0].1, "sent udp 10.0.0.3");
    let (answered, word) = told.last().unwrap();
    assert_eq!(word, "response 200");
    assert!(answered.duration_since(begun) < Duration::from_millis(100));

    // After a minute the primary gets its chance again.
    scene.run(61);
    scene.told();
    scene.invite(uri("sip:dave@example.com"));
    scene.run(1);
    assert_eq!(words(&mut scene), ["sent udp 10.0.0.2"]);
}

fn words_of(said: &[(u64, String)]) -> Vec<&str> {
    said.iter().map(|(_, word)| &**word).collect()
}

#[test]
fn a_busy_primary_costs_nothing() {
    for (retry_after, second) in [(None, "10.0.0.2"), (Some("20"), "10.0.0.3")] {
        let mut scene = Scene::new(2);
        scene.pair_of_servers("udp");
        scene.server(PRIMARY, Manner::Busy(retry_after));
        scene.server(BACKUP, Manner::Answer(200));
        scene.invite(uri("sip:bob@example.com"));
        scene.run(1);
        assert_eq!(
            words(&mut scene),
            ["sent udp 10.0.0.2", "sent udp 10.0.0.3", "response 200"]
        );
        // The 503 is acknowledged, the user knows nothing of it.
        assert_eq!(scene.arrived(PRIMARY, "ACK").len(), 1);
        // Only a Retry-After keeps the next call away (RFC 3261 section 21.5.4), and only as long as it says.
        scene.invite(uri("sip:carol@example.com"));
        scene.run(1);
        assert_eq!(words(&mut scene)[0], format!("sent udp {second}"));
        scene.run(20);
        scene.told();
        scene.invite(uri("sip:dave@example.com"));
        scene.run(1);
        assert_eq!(words(&mut scene)[0], "sent udp 10.0.0.2");
    }
}

#[test]
fn when_every_server_is_busy_the_user_hears_it_once() {
    let mut scene = Scene::new(3);
    scene.pair_of_servers("udp");
    scene.server(PRIMARY, Manner::Busy(None));
    scene.server(BACKUP, Manner::Busy(None));
    scene.invite(uri("sip:bob@example.com"));
    scene.run(40);
    assert_eq!(
        words(&mut scene),
        [
            "sent udp 10.0.0.2",
            "sent udp 10.0.0.3",
            "response 503",
            "terminated"
        ]
    );
    scene.assert_clean();
}

#[test]
fn a_refused_connection_costs_nothing_and_the_other_transport_tells_itself() {
    let mut scene = Scene::new(4);
    let zone = scene.net.zone();
    zone.naptr("example.com", (10, 10), ("s", "SIP+D2T"), "tcp.example.com")
        .naptr("example.com", (10, 20), ("s", "SIP+D2U"), "udp.example.com")
        .srv("tcp.example.com", (1, 1), "a.example.com", 5060)
        .srv("udp.example.com", (1, 1), "b.example.com", 5070)
        .address("a.example.com", PRIMARY.ip())
        .address("b.example.com", BACKUP.ip());
    scene.server("10.0.0.3:5070".parse().unwrap(), Manner::Answer(200));
    scene.invite(uri("sip:bob@example.com"));
    scene.run(1);
    let said = said(&mut scene);
    assert_eq!(
        words_of(&said),
        ["sent tcp 10.0.0.2", "sent udp 10.0.0.3", "response 200"]
    );
    assert!(said[2].0 < 50, "{said:?}");
    let arrived = scene.arrived("10.0.0.3:5070".parse().unwrap(), "INVITE");
    let via = arrived[0].top_via().unwrap();
    assert_eq!(via.transport.as_str(), "UDP");
    let contact = arrived[0].headers().raw(&HeaderName::Contact).unwrap();
    assert_eq!(contact, "<sip:alice@10.0.0.1:5060>");
}

#[test]
fn each_server_gets_a_branch_of_its_own_and_else_the_same_request() {
    let mut scene = Scene::new(5);
    scene.pair_of_servers("udp");
    scene.server(PRIMARY, Manner::Silent);
    scene.server(BACKUP, Manner::Answer(200));
    scene.invite(uri("sip:bob@example.com"));
    scene.run(5);
    let first = scene.arrived(PRIMARY, "INVITE");
    let second = scene.arrived(BACKUP, "INVITE");
    assert!(first.iter().all(|it| it.to_bytes() == first[0].to_bytes()));
    assert_ne!(first[0].branch(), second[0].branch());
    for name in [
        HeaderName::From,
        HeaderName::To,
        HeaderName::CallId,
        HeaderName::CSeq,
        HeaderName::Contact,
        HeaderName::MaxForwards,
    ] {
        let raw = |request: &Request| request.headers().raw(&name).unwrap().to_owned();
        assert_eq!(raw(&first[0]), raw(&second[0]), "{name:?}");
    }
    assert_eq!(first[0].raw_uri(), second[0].raw_uri());
    assert_eq!(first[0].body(), second[0].body());
}

#[test]
fn the_last_server_has_all_of_timer_b() {
    let mut scene = Scene::new(6);
    scene.pair_of_servers("udp");
    scene.invite(uri("sip:bob@example.com"));
    scene.run(120);
    let said = said(&mut scene);
    assert_eq!(
        words_of(&said),
        ["sent udp 10.0.0.2", "sent udp 10.0.0.3", "timed out"]
    );
    assert!((35_900..36_300).contains(&said[2].0), "{said:?}");
    scene.assert_clean();
}

#[test]
fn any_response_ends_the_haste() {
    let mut scene = Scene::new(7);
    scene.pair_of_servers("udp");
    scene.server(PRIMARY, Manner::Ring(Duration::from_secs(20), 200));
    scene.server(BACKUP, Manner::Answer(200));
    scene.invite(uri("sip:bob@example.com"));
    scene.run(30);
    assert_eq!(
        words(&mut scene),
        ["sent udp 10.0.0.2", "response 180", "response 200"]
    );
    assert!(scene.arrived(BACKUP, "INVITE").is_empty());
}

#[test]
fn requests_other_than_invite_fail_over_too() {
    let mut scene = Scene::new(8);
    scene.pair_of_servers("udp");
    scene.server(BACKUP, Manner::Answer(200));
    scene.request(Method::Options, uri("sip:example.com"), 0);
    scene.run(20);
    let said = said(&mut scene);
    assert_eq!(
        words_of(&said),
        [
            "sent udp 10.0.0.2",
            "sent udp 10.0.0.3",
            "response 200",
            "terminated"
        ]
    );
    assert!((4_000..4_600).contains(&said[2].0), "{said:?}");
    scene.assert_clean();
}

#[test]
fn cancelling_before_the_servers_are_known_ends_it_at_once() {
    let mut scene = Scene::new(9);
    scene.pair_of_servers("udp");
    scene.server(PRIMARY, Manner::Answer(200));
    scene.net.zone().set_delay(Duration::from_secs(1));
    let key = scene.invite(uri("sip:bob@example.com"));
    scene.run(1);
    let cancel = scene.cancel(key).unwrap();
    assert_ne!(cancel, key);
    assert_eq!(words(&mut scene), ["cancelled", "terminated"]);
    assert_eq!(scene.cancel(key), Err(TransactionError::Unknown));
    scene.run(60);
    assert!(words(&mut scene).is_empty());
    assert!(scene.arrived(PRIMARY, "INVITE").is_empty());
    scene.assert_clean();
}

#[test]
fn after_a_cancel_no_other_server_is_tried() {
    let mut scene = Scene::new(10);
    scene.pair_of_servers("udp");
    scene.server(BACKUP, Manner::Answer(200));
    let key = scene.invite(uri("sip:bob@example.com"));
    scene.run(2);
    scene.cancel(key).unwrap();
    scene.run(100);
    let said = said(&mut scene);
    // The CANCEL never went out, as nothing has come back; its own end is told too.
    assert_eq!(
        words_of(&said),
        ["sent udp 10.0.0.2", "timed out", "terminated"]
    );
    assert!(said[1].0 < 4_100, "{said:?}");
    assert!(scene.arrived(BACKUP, "INVITE").is_empty());
    scene.assert_clean();
}

#[test]
fn a_server_that_rings_after_it_was_given_up_is_cancelled() {
    let mut scene = Scene::new(11);
    scene.pair_of_servers("udp");
    scene.server(PRIMARY, Manner::Late(Duration::from_secs(6), 180));
    scene.server(BACKUP, Manner::Ring(Duration::from_secs(10), 200));
    scene.invite(uri("sip:bob@example.com"));
    scene.run(100);
    assert_eq!(scene.arrived(PRIMARY, "CANCEL").len(), 1);
    assert!(scene.arrived(BACKUP, "CANCEL").is_empty());
    // Its 487 is acknowledged; the user hears of the other server alone.
    assert_eq!(scene.arrived(PRIMARY, "ACK").len(), 1);
    assert_eq!(
        words(&mut scene),
        [
            "sent udp 10.0.0.2",
            "sent udp 10.0.0.3",
            "response 180",
            "response 200",
            "terminated"
        ]
    );
    scene.assert_clean();
}

#[test]
fn a_server_that_answers_after_it_was_given_up_wins_over_one_that_rings() {
    let mut scene = Scene::new(12);
    scene.pair_of_servers("udp");
    scene.server(PRIMARY, Manner::Late(Duration::from_secs(6), 200));
    scene.server(BACKUP, Manner::Ring(Duration::from_secs(30), 200));
    scene.invite(uri("sip:bob@example.com"));
    scene.run(100);
    assert_eq!(
        words(&mut scene),
        [
            "sent udp 10.0.0.2",
            "sent udp 10.0.0.3",
            "response 180",
            "response 200",
            "terminated"
        ]
    );
    assert_eq!(scene.arrived(BACKUP, "CANCEL").len(), 1);
    scene.assert_clean();
}

#[test]
fn the_2xx_of_a_call_that_is_over_is_told_apart() {
    let mut scene = Scene::new(13);
    scene.pair_of_servers("udp");
    scene.server(PRIMARY, Manner::Late(Duration::from_secs(6), 200));
    scene.server(BACKUP, Manner::Answer(486));
    scene.invite(uri("sip:bob@example.com"));
    scene.run(100);
    assert_eq!(
        words(&mut scene),
        [
            "sent udp 10.0.0.2",
            "sent udp 10.0.0.3",
            "response 486",
            "late success",
            "terminated"
        ]
    );
    scene.assert_clean();
}

#[test]
fn two_answers_are_two_branches_of_one_request() {
    let mut scene = Scene::new(14);
    scene.pair_of_servers("udp");
    scene.server(PRIMARY, Manner::Late(Duration::from_secs(6), 200));
    scene.server(BACKUP, Manner::Answer(200));
    scene.invite(uri("sip:bob@example.com"));
    scene.run(100);
    assert_eq!(
        words(&mut scene),
        [
            "sent udp 10.0.0.2",
            "sent udp 10.0.0.3",
            "response 200",
            "response 200",
            "terminated"
        ]
    );
    scene.assert_clean();
}

#[test]
fn a_place_that_cannot_be_found_is_one_end_with_a_reason() {
    let mut scene = Scene::new(15);
    scene
        .net
        .zone()
        .set_fault("dead.example.com", Some(ZoneFault::Silent));
    for (place, expected) in [
        ("sip:bob@nowhere.example.com", LocateError::NoSuchName),
        ("sip:bob@nowhere.example.com", LocateError::NoSuchName),
        ("sip:bob@dead.example.com:5060", LocateError::NoAnswer),
    ] {
        scene.invite(uri(place));
        scene.run(5);
        assert_eq!(words(&mut scene), [format!("unlocated {expected:?}")]);
    }
    for (place, expected) in [
        ("tel:+15551234", LocateError::UnsupportedScheme),
        ("sips:bob@example.com;transport=udp", LocateError::NotSecure),
    ] {
        let refused = scene.try_request(Method::Invite, uri(place), 0);
        assert_eq!(refused, Err(TransactionError::Locate(expected)));
    }
    scene.assert_clean();
}

#[test]
fn the_ack_of_a_2xx_finds_its_host_and_comes_again_in_the_same_octets() {
    let mut scene = Scene::new(16);
    scene.net.zone().address("peer.example.com", PRIMARY.ip());
    scene.server(PRIMARY, Manner::Silent);
    let ack = scene.ack(uri("sip:bob@peer.example.com"));
    scene.resend(&ack).unwrap();
    assert!(scene.arrived(PRIMARY, "ACK").is_empty());
    scene.run(1);
    assert_eq!(scene.arrived(PRIMARY, "ACK").len(), 1);
    scene.resend(&ack).unwrap();
    scene.run(1);
    let acks = scene.arrived(PRIMARY, "ACK");
    assert_eq!(acks.len(), 2);
    assert_eq!(acks[0].to_bytes(), acks[1].to_bytes());
    // Once the 2xx can come no more it is forgotten.
    scene.run(40);
    assert_eq!(scene.resend(&ack), Err(TransactionError::Unknown));
    scene.assert_clean();
}

#[test]
fn a_request_too_large_for_a_datagram_goes_over_tcp_and_falls_back() {
    const LARGE: usize = 1400;
    let mut scene = Scene::new(17);
    scene.server_over(PRIMARY, &["udp", "tcp"], Manner::Answer(200));
    scene.server_over(BACKUP, &["udp"], Manner::Answer(200));
    scene.request(Method::Message, uri("sip:bob@10.0.0.2"), LARGE);
    scene.run(1);
    assert_eq!(
        words(&mut scene),
        ["sent tcp 10.0.0.2", "response 200", "terminated"]
    );
    let via = |request: &Request| request.top_via().unwrap().transport.as_str().to_owned();
    assert_eq!(via(&scene.arrived(PRIMARY, "MESSAGE")[0]), "TCP");

    // Nobody listens on TCP: the same request as a datagram.
    scene.request(Method::Message, uri("sip:bob@10.0.0.3"), LARGE);
    scene.run(1);
    let arrived = scene.arrived(BACKUP, "MESSAGE");
    assert_eq!((arrived.len(), via(&arrived[0])), (1, "UDP".to_owned()));
    assert_eq!(scene.connections_opened(), 2);

    // That is remembered, and what the URI says is done at once.
    scene.request(Method::Message, uri("sip:bob@10.0.0.3"), LARGE);
    let said = uri("sip:bob@10.0.0.3;transport=udp");
    scene.request(Method::Message, said, LARGE);
    scene.run(1);
    assert_eq!(scene.arrived(BACKUP, "MESSAGE").len(), 3);
    assert_eq!(scene.connections_opened(), 2);

    // A small one is a datagram from the start.
    scene.request(Method::Message, uri("sip:bob@10.0.0.2"), 10);
    scene.run(1);
    assert_eq!(via(&scene.arrived(PRIMARY, "MESSAGE")[1]), "UDP");
}

#[test]
fn an_address_costs_no_state_of_failover() {
    let mut scene = Scene::new(18);
    scene.server(PRIMARY, Manner::Answer(200));
    scene.invite(uri("sip:bob@10.0.0.2"));
    scene.run(1);
    assert_eq!(words(&mut scene), ["sent udp 10.0.0.2", "response 200"]);
    assert!(scene.net.zone().take_asked().is_empty());
    let counters = scene.counters();
    assert_eq!((counters.client_transactions, counters.failovers), (1, 0));
}

/// Each seed is another network: loss, servers that are dead, busy or slow, a name server that loses questions, and a
/// user that cancels now and then.
#[test]
fn every_request_to_a_domain_ends_once_and_leaves_nothing() {
    for_each_seed(seeds(300), Scene::new, |seed, scene| {
        scene.lossy(0.2);
        scene.net.zone().set_loss(0.1);
        scene.pair_of_servers(if seed % 3 == 0 { "tcp" } else { "udp" });
        let manners = [
            Manner::Answer(200),
            Manner::Busy(Some("5")),
            Manner::Late(Duration::from_secs(5), 200),
            Manner::Late(Duration::from_secs(7), 180),
            Manner::Ring(Duration::from_secs(3), 486),
            Manner::Silent,
        ];
        let pick = |place: u64| manners[(seed / place % 6) as usize].clone();
        if seed % 5 != 0 {
            scene.server_over(PRIMARY, &["udp", "tcp"], pick(1));
        }
        scene.server_over(BACKUP, &["udp", "tcp"], pick(6));
        let mut keys: Vec<ClientKey> = Vec::new();
        for call in 0..4 {
            keys.push(scene.invite(uri("sip:bob@example.com")));
            keys.push(scene.request(Method::Options, uri("sip:example.com"), 0));
            scene.run(call);
            if (seed + call) % 4 == 0 {
                let _ = scene.cancel(keys[keys.len() - 2]);
            }
        }
        scene.run(20);
        // Nobody lets a telephone ring for ever.
        for key in &keys {
            let _ = scene.cancel(*key);
        }
        scene.run(200);
        for key in keys {
            assert_eq!(scene.ends(key), 1, "seed {seed}: {key:?}");
        }
        scene.assert_clean();
    })
    .unwrap();
}
