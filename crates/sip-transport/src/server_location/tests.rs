//! Zones as the RFCs print them, and what is found in them.

use std::collections::BTreeMap;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::StdRng;

use super::*;
use crate::resource_record::{Naptr, RecordData, Srv};

/// RFC 3263 section 4.1, with the SRV records of section 4.2 and addresses of RFC 5737.
const RFC_3263: &str = "
    example.com NAPTR 50 50 s SIPS+D2T - _sips._tcp.example.com.
    example.com NAPTR 90 50 s SIP+D2T - _sip._tcp.example.com.
    example.com NAPTR 100 50 s SIP+D2U - _sip._udp.example.com.
    _sips._tcp.example.com SRV 0 1 5061 server1.example.com.
    _sip._tcp.example.com SRV 0 1 5060 server1.example.com.
    _sip._tcp.example.com SRV 1 2 5070 server2.example.com.
    _sip._udp.example.com SRV 0 1 5060 server2.example.com.
    server1.example.com A 192.0.2.1
    server2.example.com A 192.0.2.2
    server2.example.com AAAA 2001:db8::2
    example.com A 192.0.2.9";

fn records(zone: &str, question: &Question) -> Result<Records, LookupError> {
    let (mut naptr, mut srv, mut a, mut aaaa) = (vec![], vec![], vec![], vec![]);
    let mut exists = false;
    for line in zone.lines().filter(|line| !line.trim().is_empty()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let text = |place: usize| match words[place] {
            "-" => ByteString::new(),
            word => word.into(),
        };
        let number = |place: usize| words[place].parse().unwrap();
        exists |= words[0] == &**question.name();
        match (question, words[1]) {
            _ if words[0] != &**question.name() => {}
            (_, "SILENT") => return Err(LookupError::Timeout),
            (Question::Naptr(_), "NAPTR") => naptr.push(Naptr {
                order: number(2),
                preference: number(3),
                flags: text(4),
                service: text(5),
                regexp: text(6),
                replacement: text(7),
            }),
            (Question::Srv(_), "SRV") => srv.push(Srv {
                priority: number(2),
                weight: number(3),
                port: number(4),
                target: text(5),
            }),
            (Question::A(_), "A") => a.push(words[2].parse().unwrap()),
            (Question::Aaaa(_), "AAAA") => aaaa.push(words[2].parse().unwrap()),
            _ => {}
        }
    }
    let data = match question {
        Question::Naptr(_) if !naptr.is_empty() => RecordData::Naptr(naptr),
        Question::Srv(_) if !srv.is_empty() => RecordData::Srv(srv),
        Question::A(_) if !a.is_empty() => RecordData::A(a),
        Question::Aaaa(_) if !aaaa.is_empty() => RecordData::Aaaa(aaaa),
        _ if exists => return Err(LookupError::NoRecords { ttl: None }),
        _ => return Err(LookupError::NoSuchName { ttl: None }),
    };
    let ttl = Duration::from_secs(60);
    Ok(Records { ttl, data })
}

fn reach(ways: &str) -> Reach {
    ways.split_whitespace()
        .fold(Reach::default(), |reach, way| match way.strip_suffix('6') {
            Some(kind) => reach.with(kind.parse().unwrap(), false),
            None => reach.with(way.parse().unwrap(), true),
        })
}

type Found = Result<Vec<Target>, LocateError>;

/// Runs a search to its end; also returns how many questions it asked.
fn search(zone: &str, ways: &str, sought: Sought, seed: u64) -> (Found, usize) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut asked = 0;
    let mut location = match ServerLocation::start(sought, reach(ways)) {
        Ok(Start::Known(target)) => return (Ok(vec![target]), 0),
        Ok(Start::Asking(location)) => location,
        Err(error) => return (Err(error), 0),
    };
    loop {
        let mut questions = Vec::new();
        while let Some(question) = location.poll_question() {
            questions.push(question);
        }
        asked += questions.len();
        assert!(!questions.is_empty(), "nothing is asked and nothing found");
        assert_eq!(location.open_questions(), questions);
        for question in questions {
            let answer = records(zone, &question);
            let answer = answer.as_ref().map_err(|error| *error);
            if let Some(found) = location.handle_answer(&question, answer, &mut rng) {
                return (found, asked);
            }
        }
    }
}

fn written(targets: &[Target]) -> String {
    let each: Vec<String> = targets
        .iter()
        .map(|target| match target {
            Target::Address { kind, addr, name } => {
                let name = name.as_ref().map(|name| format!("({name})"));
                format!("{kind}:{addr}{}", name.unwrap_or_default())
            }
            Target::Flow(_) => unreachable!(),
        })
        .collect();
    each.join(" ")
}

fn located(zone: &str, ways: &str, uri: &str) -> Result<String, LocateError> {
    let sought = Sought::of_uri(&uri.parse().unwrap())?;
    let (found, _) = search(zone, ways, sought, 1);
    found.map(|targets| written(&targets))
}

#[test]
fn an_address_needs_no_question() {
    for (uri, expected) in [
        ("sip:192.0.2.4", "udp:192.0.2.4:5060"),
        ("sip:u@192.0.2.4:5070;transport=TCP", "tcp:192.0.2.4:5070"),
        ("sip:u@[2001:db8::1]:5062", "udp:[2001:db8::1]:5062"),
        ("sips:192.0.2.4", "tls:192.0.2.4:5061"),
        ("sips:192.0.2.4;transport=tcp", "tls:192.0.2.4:5061"),
        ("sip:192.0.2.4;transport=tls", "tls:192.0.2.4:5061"),
        ("sip:192.0.2.4;transport=ws", "ws:192.0.2.4:80"),
        ("sips:192.0.2.4;transport=ws", "wss:192.0.2.4:443"),
        ("sip:x.example;maddr=192.0.2.9", "udp:192.0.2.9:5060"),
        (
            "sips:x.example;maddr=192.0.2.9",
            "tls:192.0.2.9:5061(x.example)",
        ),
    ] {
        let found = located("", "udp tcp tls ws wss udp6", uri);
        assert_eq!(found.unwrap_or_default(), expected, "{uri}");
    }
}

#[test]
fn what_no_transport_can_carry_is_said_at_once() {
    for (ways, uri, expected) in [
        ("udp", "tel:+15551234", LocateError::UnsupportedScheme),
        (
            "udp",
            "sip:a.example;transport=sctp",
            LocateError::UnsupportedTransport,
        ),
        (
            "udp",
            "sip:a.example;transport=tcp",
            LocateError::UnsupportedTransport,
        ),
        (
            "udp tcp",
            "sips:192.0.2.1",
            LocateError::UnsupportedTransport,
        ),
        (
            "udp tls",
            "sips:a.example;transport=udp",
            LocateError::NotSecure,
        ),
        ("udp", "sip:a.example;maddr=a*b", LocateError::NoHost),
        (
            "udp",
            "sip:a.example;maddr=192.0.2.1:5060",
            LocateError::NoHost,
        ),
        ("udp", "sip:a.example;maddr=a..b", LocateError::NoSuchName),
    ] {
        assert_eq!(located("", ways, uri), Err(expected), "{uri}");
    }
}

#[test]
fn a_transport_that_is_not_there_gives_way_to_one_that_is() {
    assert_eq!(
        located("", "tcp", "sip:192.0.2.4").unwrap(),
        "tcp:192.0.2.4:5060"
    );
    assert_eq!(
        located("", "tls", "sip:192.0.2.4").unwrap(),
        "tls:192.0.2.4:5061"
    );
}

#[test]
fn naptr_records_choose_the_transport() {
    for (ways, uri, expected) in [
        // The example's client knows TCP and UDP: TCP it is, as the lower order says.
        (
            "udp tcp",
            "sip:example.com",
            "tcp:192.0.2.1:5060 tcp:192.0.2.2:5070",
        ),
        (
            "udp tcp tls",
            "sip:example.com",
            "tls:192.0.2.1:5061(example.com)",
        ),
        (
            "udp tcp tls",
            "sips:example.com",
            "tls:192.0.2.1:5061(example.com)",
        ),
        ("udp", "sip:Example.COM", "udp:192.0.2.2:5060"),
        (
            "udp udp6",
            "sip:example.com",
            "udp:192.0.2.2:5060 udp:[2001:db8::2]:5060",
        ),
        (
            "udp6 udp",
            "sip:example.com",
            "udp:[2001:db8::2]:5060 udp:192.0.2.2:5060",
        ),
        ("udp6", "sip:example.com.", "udp:[2001:db8::2]:5060"),
        // A transport that is said leaves NAPTR out, a port SRV too.
        (
            "udp tcp",
            "sip:example.com;transport=udp",
            "udp:192.0.2.2:5060",
        ),
        (
            "udp tcp tls",
            "sip:example.com;transport=tls",
            "tls:192.0.2.1:5061(example.com)",
        ),
        ("udp tcp", "sip:example.com:5080", "udp:192.0.2.9:5080"),
        (
            "udp tcp",
            "sip:example.com:5080;transport=tcp",
            "tcp:192.0.2.9:5080",
        ),
        (
            "tls",
            "sips:example.com:5081",
            "tls:192.0.2.9:5081(example.com)",
        ),
        (
            "udp ws",
            "sip:example.com;transport=ws",
            "ws:192.0.2.9:80(example.com)",
        ),
        (
            "udp",
            "sip:other.example;maddr=server1.example.com",
            "udp:192.0.2.1:5060",
        ),
    ] {
        let found = located(RFC_3263, ways, uri);
        assert_eq!(found.unwrap_or_default(), expected, "{uri} by {ways}");
    }
}

#[test]
fn preferences_of_one_order_follow_each_other_and_higher_orders_are_not_read() {
    let zone = "
        a.example NAPTR 10 20 s SIP+D2U - udp.a.example.
        a.example NAPTR 10 10 A SIP+D2T - host.a.example.
        a.example NAPTR 10 30 s SIPS+D2W - wss.a.example.
        a.example NAPTR 20 10 s SIP+D2U - later.a.example.
        udp.a.example SRV 0 0 5080 host.a.example.
        wss.a.example SRV 0 0 8443 host.a.example.
        later.a.example SRV 0 0 5099 host.a.example.
        host.a.example A 192.0.2.1";
    assert_eq!(
        located(zone, "udp tcp wss", "sip:a.example").unwrap(),
        "tcp:192.0.2.1:5060 udp:192.0.2.1:5080 wss:192.0.2.1:8443(a.example)"
    );
    // Only what is secure will do for sips, whatever comes first.
    assert_eq!(
        located(zone, "udp tcp wss", "sips:a.example").unwrap(),
        "wss:192.0.2.1:8443(a.example)"
    );
}

/// The examples of RFC 3403 section 6 and RFC 3404 section 5, and ENUM records of RFC 6116, are about other services.
#[test]
fn records_of_other_services_and_rewriting_rules_are_left_alone() {
    let zone = "
        b.example NAPTR 100 10 - - !^urn:cid:.+@([^.]+.)(.*)$!\\2!i .
        b.example NAPTR 100 50 a z3950+N2L+N2C - cidserver.b.example.
        b.example NAPTR 100 50 s http+N2L+N2C+N2R - www.b.example.
        b.example NAPTR 100 10 u E2U+sip !^.*$!sip:info@evil.example! .
        b.example NAPTR 1 1 u SIP+D2U !^.*$!sip:info@evil.example! .
        b.example NAPTR 1 1 s SIP+D2U !^.*$!_sip._udp.evil.example! _sip._udp.evil.example.
        b.example NAPTR 1 1 - SIP+D2U - elsewhere.example.
        b.example NAPTR 1 1 s SIP+D2S - _sip._sctp.b.example.
        b.example NAPTR 1 1 s SIP+D2U - .
        _sip._udp.b.example SRV 0 0 5070 b.example.
        b.example A 192.0.2.7";
    assert_eq!(
        located(zone, "udp tcp", "sip:b.example").unwrap(),
        "udp:192.0.2.7:5070"
    );
}

#[test]
fn without_naptr_each_transport_is_asked_for() {
    let zone = "
        _sip._udp.c.example SRV 10 0 5070 one.c.example.
        _sip._tcp.c.example SRV 10 0 5080 one.c.example.
        _sips._tcp.c.example SRV 10 0 5090 one.c.example.
        one.c.example A 192.0.2.1
        one.c.example A 192.0.2.2";
    assert_eq!(
        located(zone, "udp tcp tls", "sip:c.example").unwrap(),
        "udp:192.0.2.1:5070 udp:192.0.2.2:5070 tcp:192.0.2.1:5080 tcp:192.0.2.2:5080"
    );
    assert_eq!(
        located(zone, "udp tcp tls", "sips:c.example").unwrap(),
        "tls:192.0.2.1:5090(c.example) tls:192.0.2.2:5090(c.example)"
    );
}

#[test]
fn without_srv_the_domain_is_the_host() {
    let zone = "
        d.example A 192.0.2.4
        d.example AAAA 2001:db8::4
        n.example NAPTR 1 1 s SIP+D2T - _sip._tcp.n.example.
        n.example A 192.0.2.5";
    assert_eq!(
        located(zone, "udp6 tcp udp", "sip:d.example").unwrap(),
        "udp:[2001:db8::4]:5060 udp:192.0.2.4:5060"
    );
    assert_eq!(
        located(zone, "udp tls", "sips:d.example").unwrap(),
        "tls:192.0.2.4:5061(d.example)"
    );
    assert_eq!(
        located(zone, "udp tcp", "sip:n.example").unwrap(),
        "tcp:192.0.2.5:5060"
    );
    assert_eq!(
        located(zone, "ws", "sip:d.example").unwrap(),
        "ws:192.0.2.4:80(d.example)"
    );
}

#[test]
fn a_search_that_finds_nothing_says_why() {
    let zone = "
        off.example SRV 0 0 0 .
        _sip._udp.off.example SRV 0 0 0 .
        off.example A 192.0.2.1
        v6.example AAAA 2001:db8::1
        mail.example MX 10
        dead.example SILENT
        half.example A 192.0.2.1
        _sip._udp.gone.example SRV 0 0 5060 nowhere.example.
        _sip._udp.half.example SILENT
        half.example AAAA 2001:db8::1";
    for (uri, expected) in [
        ("sip:off.example", Err(LocateError::NotOffered)),
        ("sip:v6.example", Err(LocateError::NoAddress)),
        ("sip:mail.example", Err(LocateError::NoAddress)),
        ("sip:none.example", Err(LocateError::NoSuchName)),
        ("sip:gone.example", Err(LocateError::NoSuchName)),
        ("sip:dead.example", Err(LocateError::NoAnswer)),
        // Silence about the services leaves the host.
        ("sip:half.example", Ok("udp:192.0.2.1:5060".to_owned())),
    ] {
        assert_eq!(located(zone, "udp", uri), expected, "{uri}");
    }
    let long = format!("sip:{}.example", "a".repeat(64));
    assert_eq!(located(zone, "udp", &long), Err(LocateError::NoSuchName));
    let long = format!("sip:{}example", "a23456789.".repeat(25));
    assert_eq!(located(zone, "udp", &long), Err(LocateError::NoSuchName));
}

#[test]
fn a_sent_by_leads_where_rfc_3263_section_5_says() {
    let zone = "
        _sip._udp.p.example SRV 0 0 5070 one.p.example.
        _sips._tcp.p.example SRV 0 0 5090 one.p.example.
        one.p.example A 192.0.2.1
        p.example A 192.0.2.2";
    for (kind, sent_by, expected) in [
        (TransportKind::Udp, "p.example", "udp:192.0.2.1:5070"),
        (TransportKind::Udp, "p.example:5099", "udp:192.0.2.2:5099"),
        (TransportKind::Tcp, "p.example", "tcp:192.0.2.2:5060"),
        (
            TransportKind::Tls,
            "p.example",
            "tls:192.0.2.1:5090(p.example)",
        ),
        (TransportKind::Tcp, "192.0.2.8", "tcp:192.0.2.8:5060"),
        (TransportKind::Udp, "p.example:0", "udp:192.0.2.1:5070"),
    ] {
        let sought = Sought::of_sent_by(&sent_by.parse().unwrap(), kind);
        let (found, _) = search(zone, "udp tcp tls", sought, 1);
        assert_eq!(written(&found.unwrap()), expected, "{kind} {sent_by}");
    }
}

#[test]
fn late_answers_are_not_waited_for_once_there_is_one() {
    let zone = "
        e.example A 192.0.2.4
        e.example AAAA 2001:db8::4";
    let mut rng = StdRng::seed_from_u64(1);
    let sought = Sought::of_uri(&"sip:e.example:5060".parse().unwrap()).unwrap();
    let Ok(Start::Asking(mut location)) = ServerLocation::start(sought, reach("udp udp6")) else {
        panic!("a name has to be asked for");
    };
    while location.poll_question().is_some() {}
    assert!(!location.is_usable());
    let question = Question::A("e.example".into());
    let answer = records(zone, &question).unwrap();
    assert!(
        location
            .handle_answer(&question, Ok(&answer), &mut rng)
            .is_none()
    );
    assert!(location.is_usable());
    // The same answer again changes nothing.
    assert!(
        location
            .handle_answer(&question, Ok(&answer), &mut rng)
            .is_none()
    );
    let found = location.hurry(&mut rng).unwrap().unwrap();
    assert_eq!(written(&found), "udp:192.0.2.4:5060");
}

/// A zone of an adversary: everything as large as a message can carry, and every host the same loop.
#[test]
fn a_hostile_zone_costs_no_more_than_the_caps() {
    let mut zone = String::from("\n");
    for number in 0..200 {
        zone += &format!("x.example NAPTR 1 {number} s SIP+D2U - s{number}.x.example.\n");
        for record in 0..50 {
            zone += &format!("s{number}.x.example SRV 0 {record} 5060 h{record}.x.example.\n");
        }
    }
    for host in 0..50 {
        for address in 0..50 {
            zone += &format!("h{host}.x.example A 10.0.{host}.{address}\n");
        }
    }
    let sought = Sought::of_uri(&"sip:x.example".parse().unwrap()).unwrap();
    let (found, asked) = search(&zone, "udp udp6", sought, 1);
    assert_eq!(found.unwrap().len(), MAX_TARGETS);
    assert!(asked <= 1 + 8 + 2 * MAX_HOSTS, "{asked} questions");
    // A host that is its own service and answers with itself.
    let zone = "
        y.example NAPTR 1 1 s SIP+D2U - y.example.
        y.example SRV 0 0 5060 y.example.
        y.example A 192.0.2.1";
    let sought = Sought::of_uri(&"sip:y.example".parse().unwrap()).unwrap();
    let (found, asked) = search(zone, "udp", sought, 1);
    assert_eq!(
        (written(&found.unwrap()), asked),
        ("udp:192.0.2.1:5060".to_owned(), 3)
    );
}

/// How often each order of the records came in so many searches.
fn orders(weights: &[u16], searches: u64) -> BTreeMap<Vec<u16>, u64> {
    let srv = |(place, weight): (u16, &u16)| Srv {
        priority: 1,
        weight: *weight,
        port: place,
        target: "h.example".into(),
    };
    let records: Vec<Srv> = (1..).zip(weights).map(srv).collect();
    let mut orders = BTreeMap::new();
    for seed in 0..searches {
        let mut rng = StdRng::seed_from_u64(seed);
        let order = srv_order::in_order(records.clone(), &mut rng);
        let order = order.iter().map(|record| record.port).collect();
        *orders.entry(order).or_default() += 1;
    }
    orders
}

/// What RFC 2782's procedure gives exactly: a number from 0 to the sum of weights, both included, and the first whose
/// running sum reaches it.
fn expected_first(weights: &[u16]) -> Vec<f64> {
    let sum: u16 = weights.iter().sum();
    let mut running = 0;
    let mut reached: i32 = -1;
    weights
        .iter()
        .map(|weight| {
            running += i32::from(*weight);
            let share = f64::from(running - reached) / f64::from(sum + 1);
            reached = running;
            share
        })
        .collect()
}

#[test]
fn weights_share_the_load_as_rfc_2782_says() {
    const SEARCHES: u64 = 20_000;
    for weights in [&[1_u16, 2][..], &[0, 10, 30, 60], &[5, 5, 5], &[0, 0, 1]] {
        let orders = orders(weights, SEARCHES);
        for (place, expected) in (1..).zip(expected_first(weights)) {
            let firsts = orders.iter().filter(|(order, _)| order[0] == place);
            let share = firsts.map(|(_, times)| times).sum::<u64>() as f64 / SEARCHES as f64;
            // Four standard deviations of a share of 20,000 draws.
            let tolerance = 4.0 * (expected * (1.0 - expected) / SEARCHES as f64).sqrt();
            assert!(
                (share - expected).abs() <= tolerance,
                "{weights:?}: {place} came first in {share}, not {expected}"
            );
        }
    }
}

#[test]
fn priorities_are_never_mixed_and_the_same_seed_gives_the_same_order() {
    let zone = "
        _sip._udp.w.example SRV 20 9 5060 c.w.example.
        _sip._udp.w.example SRV 10 1 5060 a.w.example.
        _sip._udp.w.example SRV 10 3 5060 b.w.example.
        a.w.example A 192.0.2.1
        b.w.example A 192.0.2.2
        c.w.example A 192.0.2.3";
    let mut seen = BTreeMap::new();
    for seed in 0..200 {
        let sought = Sought::of_uri(&"sip:w.example".parse().unwrap()).unwrap();
        let (found, _) = search(zone, "udp", sought.clone(), seed);
        let found = found.unwrap();
        assert_eq!(found, search(zone, "udp", sought, seed).0.unwrap());
        assert_eq!(written(&found[2..]), "udp:192.0.2.3:5060");
        *seen.entry(written(&found[..1])).or_insert(0) += 1;
    }
    assert_eq!(seen.len(), 2, "{seen:?}");
}
