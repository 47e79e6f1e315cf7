//! REGISTERs on the wire, one after the other, and what they leave behind.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rvoip_transaction_core::sip_core::{Limits, Message, Request, StatusCode};
use rvoip_transaction_core::sip_transport::{Carrier, Flow, ListenerId, TransportKind};

use super::*;

struct Desk {
    registrar: Registrar,
    rng: StdRng,
    now: Instant,
    user: Option<&'static str>,
}

fn flow() -> Flow {
    Flow {
        kind: TransportKind::Udp,
        local: "192.0.2.1:5060".parse().unwrap(),
        remote: "192.0.2.9:5060".parse().unwrap(),
        carrier: Carrier::Listener(ListenerId(0)),
    }
}

/// A REGISTER of bob with these lines.
fn register(call_id: &str, cseq: u32, lines: &[&str]) -> Request {
    let mut text = format!(
        "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK{call_id}{cseq}\r\n\
         From: <sip:bob@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\nCall-ID: {call_id}\r\n\
         CSeq: {cseq} REGISTER\r\n"
    );
    for line in lines {
        text += &format!("{line}\r\n");
    }
    text += "Content-Length: 0\r\n\r\n";
    match Message::parse(text.into_bytes().into(), &Limits::default()) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

impl Desk {
    fn new() -> Desk {
        Desk::with(RegistrarConfig {
            domains: vec!["example.com".parse().unwrap()],
            ..RegistrarConfig::default()
        })
    }

    fn with(config: RegistrarConfig) -> Desk {
        Desk {
            registrar: Registrar::new(config),
            rng: StdRng::seed_from_u64(1),
            now: Instant::now(),
            user: None,
        }
    }

    fn send(&mut self, request: &Request) -> Result<Grant, Refusal> {
        self.registrar
            .register(self.now, request, &flow(), self.user, &mut self.rng)
    }

    /// The Contact values of the 200 to a REGISTER.
    fn contacts(&mut self, call_id: &str, cseq: u32, lines: &[&str]) -> Vec<String> {
        let grant = self.send(&register(call_id, cseq, lines)).unwrap();
        grant.contacts.iter().map(NameAddr::to_string).collect()
    }

    fn refused(&mut self, call_id: &str, cseq: u32, lines: &[&str]) -> u16 {
        let before = self.located("sip:bob@example.com");
        let refusal = self.send(&register(call_id, cseq, lines)).unwrap_err();
        assert_eq!(
            self.located("sip:bob@example.com"),
            before,
            "all or nothing"
        );
        refusal.status().code()
    }

    fn located(&self, uri: &str) -> Vec<String> {
        let located = self.registrar.locate(self.now, &uri.parse().unwrap());
        located
            .iter()
            .map(|place| place.contact.uri().to_string())
            .collect()
    }
}

#[test]
fn contacts_are_bound_refreshed_and_removed() {
    let mut desk = Desk::new();
    let here = "Contact: <sip:bob@192.0.2.9>;q=0.5";
    assert_eq!(
        desk.contacts("a", 1, &[here, "Expires: 600"]),
        ["<sip:bob@192.0.2.9>;q=0.5;expires=600"]
    );
    desk.now += Duration::from_secs(100);
    let both = desk.contacts("b", 1, &["Contact: <sip:bob@192.0.2.10:5070>;expires=300"]);
    assert_eq!(
        both,
        [
            "<sip:bob@192.0.2.9>;q=0.5;expires=500",
            "<sip:bob@192.0.2.10:5070>;expires=300"
        ]
    );
    assert_eq!(
        desk.located("sips:bob@EXAMPLE.com:5061"),
        ["sip:bob@192.0.2.10:5070", "sip:bob@192.0.2.9"],
        "the preferred one first"
    );
    // Asking changes nothing.
    assert_eq!(desk.contacts("c", 1, &[]), both);
    let left = desk.contacts("a", 2, &["Contact: <sip:bob@192.0.2.9;x=1>;expires=0"]);
    assert_eq!(left, ["<sip:bob@192.0.2.10:5070>;expires=300"]);
    assert!(
        desk.contacts("d", 9, &["Contact: *", "Expires: 0"])
            .is_empty()
    );
    assert!(desk.registrar.next_expiry().is_none());
}

#[test]
fn a_star_stands_alone_and_with_expires_0() {
    let mut desk = Desk::new();
    desk.contacts("a", 1, &["Contact: <sip:bob@192.0.2.9>"]);
    for lines in [
        &["Contact: *"][..],
        &["Contact: *", "Expires: 60"],
        &["Contact: *, <sip:bob@192.0.2.9>", "Expires: 0"],
        &["Contact: *", "Contact: *", "Expires: 0"],
    ] {
        assert_eq!(desk.refused("a", 2, lines), 400, "{lines:?}");
    }
}

#[test]
fn requests_of_a_call_id_are_taken_in_order_alone_all_or_nothing() {
    let mut desk = Desk::new();
    desk.contacts("a", 5, &["Contact: <sip:bob@192.0.2.9>"]);
    let both = "Contact: <sip:bob@192.0.2.10>, <sip:bob@192.0.2.9>;expires=0";
    for cseq in [4, 5] {
        assert_eq!(desk.refused("a", cseq, &[both]), 500);
        assert_eq!(desk.refused("a", cseq, &["Contact: *", "Expires: 0"]), 500);
    }
    assert_eq!(
        desk.contacts("a", 6, &[both]),
        ["<sip:bob@192.0.2.10>;expires=3600"]
    );
    // Another device knows nothing of these numbers.
    assert_eq!(
        desk.contacts("b", 1, &["Contact: <sip:bob@192.0.2.10>;expires=90"])
            .len(),
        1
    );
}

#[test]
fn lifetimes_are_bounded() {
    let mut desk = Desk::new();
    for (line, expected) in [
        ("Contact: <sip:bob@a.invalid>;expires=60", "60"),
        ("Contact: <sip:bob@a.invalid>;expires=99999", "7200"),
        ("Contact: <sip:bob@a.invalid>;expires=soon", "3600"),
        ("Contact: <sip:bob@a.invalid>", "3600"),
    ] {
        let contacts = desk.contacts(line, 1, &[line]);
        assert_eq!(
            contacts,
            [format!("<sip:bob@a.invalid>;expires={expected}")]
        );
    }
    let brief = register("b", 1, &["Contact: <sip:bob@a.invalid>;expires=59"]);
    let refusal = desk.send(&brief).unwrap_err();
    assert_eq!(refusal.status(), StatusCode::INTERVAL_TOO_BRIEF);
    // RFC 3261 section 10.3: an hour is never too brief.
    let mut strict = Desk::with(RegistrarConfig {
        min_expires: Duration::from_secs(5000),
        ..RegistrarConfig::default()
    });
    assert_eq!(
        strict.refused("a", 1, &["Contact: <sip:bob@a.invalid>;expires=3599"]),
        423
    );
    assert_eq!(
        strict
            .contacts("a", 2, &["Contact: <sip:bob@a.invalid>;expires=3600"])
            .len(),
        1
    );
}

#[test]
fn who_may_register_what() {
    let known = MemoryLocationStore::new(1).with_users(["bob", "carol"].map(|user| {
        let uri = format!("sip:{user}@example.com").parse().unwrap();
        AddressOfRecord::of(&uri).unwrap()
    }));
    let mut desk = Desk::with(RegistrarConfig {
        domains: vec!["example.com".parse().unwrap()],
        store: Arc::new(known),
        max_contacts: 2,
        ..RegistrarConfig::default()
    });
    let line = "Contact: <sip:bob@192.0.2.9>";
    desk.user = Some("carol");
    assert_eq!(desk.refused("a", 1, &[line]), 403);
    for user in ["bob", "bob@example.com"] {
        desk.user = Some(user);
        assert_eq!(desk.contacts(user, 1, &[line]).len(), 1);
    }
    let other = |from: &str, to: &str| {
        let text = register("x", 1, &[line]).to_bytes();
        let text = String::from_utf8(text.to_vec()).unwrap().replace(from, to);
        match Message::parse(text.into_bytes().into(), &Limits::default()) {
            Ok(Message::Request(request)) => request,
            other => panic!("{other:?}"),
        }
    };
    desk.user = None;
    for (from, to) in [
        ("REGISTER sip:example.com", "REGISTER sip:example.net"),
        ("To: <sip:bob@example.com>", "To: <sip:bob@example.net>"),
        ("To: <sip:bob@example.com>", "To: <sip:eve@example.com>"),
        ("To: <sip:bob@example.com>", "To: <sip:example.com>"),
        ("To: <sip:bob@example.com>", "To: <tel:+15551234567>"),
    ] {
        assert_eq!(desk.send(&other(from, to)), Err(Refusal::NotFound), "{to}");
    }
    // One user has taken the only place, and may have two contacts.
    let carol = other("To: <sip:bob@", "To: <sip:carol@");
    assert_eq!(desk.send(&carol).unwrap_err().status().code(), 503);
    assert_eq!(
        desk.contacts("c", 1, &["Contact: <sip:bob@192.0.2.10>"])
            .len(),
        2
    );
    assert_eq!(
        desk.refused("d", 1, &["Contact: <sip:bob@192.0.2.11>"]),
        503
    );
    assert_eq!(desk.refused("d", 1, &["Require: path, x-new"]), 420);
}

#[test]
fn a_binding_takes_no_more_room_than_it_may() {
    let mut desk = Desk::new();
    let user = "b".repeat(4000);
    let long = format!("Contact: <sip:{user}@192.0.2.9>");
    assert_eq!(desk.contacts("a", 1, &[&long]).len(), 1);
    let path = format!("Path: <sip:{}@p.example.com;lr>", "p".repeat(90));
    assert_eq!(
        desk.refused("a", 2, &[&long, &path, "Supported: path"]),
        413
    );
    let many: Vec<String> = (0..40)
        .map(|host| format!("<sip:bob@192.0.2.{host}>"))
        .collect();
    let many = format!("Contact: {}", many.join(", "));
    assert_eq!(desk.refused("b", 1, &[&many]), 400);
}

#[test]
fn bindings_run_out_each_at_its_time() {
    let mut desk = Desk::new();
    let start = desk.now;
    desk.contacts(
        "a",
        1,
        &["Contact: <sip:bob@192.0.2.9>;expires=60, <sip:bob@192.0.2.10>;expires=90"],
    );
    assert_eq!(
        desk.registrar.next_expiry(),
        Some(start + Duration::from_secs(60))
    );
    desk.now += Duration::from_secs(60);
    assert_eq!(desk.located("sip:bob@example.com"), ["sip:bob@192.0.2.10"]);
    let events = desk.registrar.expire(desk.now);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].change, BindingChange::Expired);
    assert_eq!(events[0].contact.as_str(), "sip:bob@192.0.2.9");
    assert!(desk.registrar.expire(desk.now).is_empty());
    desk.now += Duration::from_secs(30);
    assert_eq!(desk.registrar.expire(desk.now).len(), 1);
    assert_eq!(desk.registrar.next_expiry(), None);
}

#[test]
fn a_path_is_kept_and_told_to_who_knows_of_it() {
    let mut desk = Desk::new();
    let lines = [
        "Contact: <sip:bob@192.0.2.9>",
        "Path: <sip:p2.example.com;lr>, <sip:p1.example.com;lr>",
        "Supported: path",
    ];
    assert_eq!(desk.refused("a", 1, &lines[..2]), 420);
    let grant = desk.send(&register("a", 2, &lines)).unwrap();
    let path: Vec<String> = grant.path.iter().map(NameAddr::to_string).collect();
    assert_eq!(path, ["<sip:p2.example.com;lr>", "<sip:p1.example.com;lr>"]);
    let located = desk
        .registrar
        .locate(desk.now, &"sip:bob@example.com".parse().unwrap());
    let route: Vec<&str> = located[0].route.iter().map(|hop| hop.as_str()).collect();
    assert_eq!(route, ["sip:p2.example.com;lr", "sip:p1.example.com;lr"]);
}

const INSTANCE: &str = "+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>\"";

#[test]
fn a_device_gets_a_public_and_a_new_temporary_gruu_each_time() {
    let mut desk = Desk::new();
    let line = format!("Contact: <sip:bob@192.0.2.9>;{INSTANCE}");
    let gruu = |desk: &mut Desk, call_id, cseq| {
        let grant = desk
            .send(&register(call_id, cseq, &[&line, "Supported: gruu"]))
            .unwrap();
        let of = |name| {
            let params = grant.contacts[0].params();
            params.get(name).unwrap().trim_matches('"').to_owned()
        };
        (of("pub-gruu"), of("temp-gruu"))
    };
    let (public, first) = gruu(&mut desk, "a", 1);
    assert_eq!(
        public,
        "sip:bob@example.com;gr=urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF"
    );
    assert!(
        first.ends_with("@example.com;gr") && !first.contains("bob"),
        "{first}"
    );
    let (again, second) = gruu(&mut desk, "a", 2);
    assert_eq!(again, public);
    assert_ne!(first, second);
    desk.contacts("other", 1, &["Contact: <sip:bob@192.0.2.10>"]);
    for uri in [&public, &first, &second] {
        assert_eq!(desk.located(uri), ["sip:bob@192.0.2.9"], "{uri}");
    }
    // The device begins anew: what it was called before is void.
    let (_, third) = gruu(&mut desk, "b", 1);
    assert_eq!(desk.located(&third), ["sip:bob@192.0.2.9"]);
    assert!(desk.located(&first).is_empty() && desk.located(&second).is_empty());
    // Who does not ask gets none, and with the binding all of them go.
    assert!(!desk.contacts("b", 2, &[&line])[0].contains("gruu"));
    desk.contacts("b", 3, &["Contact: *", "Expires: 0"]);
    assert!(desk.located(&third).is_empty() && desk.located(&public).is_empty());
}

#[test]
fn flows_of_a_device_are_bound_side_by_side_and_the_newest_is_used() {
    let mut desk = Desk::new();
    let contact = |host: &str, reg_id: u32| {
        format!("Contact: <sip:bob@{host};ob>;{INSTANCE};reg-id={reg_id}")
    };
    let supported = "Supported: outbound, path";
    for (call_id, host, reg_id) in [
        ("a", "192.0.2.9", 1),
        ("b", "192.0.2.9", 2),
        ("c", "10.0.0.7", 1),
    ] {
        desk.now += Duration::from_secs(1);
        let grant = desk
            .send(&register(call_id, 1, &[&contact(host, reg_id), supported]))
            .unwrap();
        assert!(grant.outbound);
    }
    assert_eq!(desk.contacts("q", 1, &[]).len(), 2, "one for each flow");
    let located = desk
        .registrar
        .locate(desk.now, &"sip:bob@example.com".parse().unwrap());
    assert_eq!(located.len(), 1, "{located:?}");
    assert_eq!(located[0].contact.uri().as_str(), "sip:bob@10.0.0.7;ob");
    assert_eq!(located[0].flow, Some(flow()));
    // Without the option tag the number means nothing; behind a proxy that does not speak outbound it is refused.
    let grant = desk
        .send(&register("d", 1, &[&contact("192.0.2.20", 1)]))
        .unwrap();
    assert!(!grant.outbound);
    let behind = |path: &'static str| [contact("192.0.2.21", 1), supported.into(), path.into()];
    for (path, expected) in [
        ("Path: <sip:edge.example.com;lr>", Some(439)),
        ("Path: <sip:edge.example.com;lr;ob>", None),
    ] {
        let lines = behind(path);
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let answer = desk.send(&register("e", 1, &lines));
        let refused = answer.err().map(|refusal| refusal.status().code());
        assert_eq!(refused, expected, "{path}");
    }
    let two = format!("{}, <sip:bob@192.0.2.30>", contact("192.0.2.31", 1));
    assert_eq!(desk.refused("f", 1, &[&two, supported]), 400);
}

#[test]
fn damaged_requests_do_no_harm() {
    let contact = format!("Contact: <sip:bob@192.0.2.9>;q=0.5;{INSTANCE};reg-id=1;expires=600");
    let whole = register(
        "a",
        7,
        &[
            &contact,
            "Contact: <sip:bob@192.0.2.10>;expires=0",
            "Path: <sip:p1.example.com;lr;ob>, <sip:p2.example.com>",
            "Supported: path, gruu, outbound",
            "Require: gruu",
            "Expires: 4294967295",
        ],
    );
    let whole = whole.to_bytes();
    let mut desk = Desk::new();
    let mut rng = StdRng::seed_from_u64(5);
    let mut granted = 0;
    for _ in 0..20_000 {
        let mut octets = whole.to_vec();
        for _ in 0..rng.random_range(1..8) {
            let at = rng.random_range(0..octets.len());
            match rng.random_range(0..4) {
                0 => octets[at] = rng.random_range(32..127),
                1 => drop(octets.remove(at)),
                2 => octets.insert(at, *b" ;,<>\"*=0:@".get(rng.random_range(0..11)).unwrap()),
                _ => {
                    let end = octets.len().min(at + 9);
                    let piece = octets[at..end].to_vec();
                    octets.splice(at..at, piece);
                }
            }
        }
        desk.now += Duration::from_secs(1);
        let parsed = Message::parse(octets.into(), &Limits::default());
        if let Ok(Message::Request(request)) = parsed {
            granted += u32::from(desk.send(&request).is_ok());
            desk.registrar.expire(desk.now);
            let located = desk.located("sip:bob@example.com");
            assert!(located.len() <= desk.registrar.config.max_contacts);
        }
    }
    assert!(granted > 100, "{granted}");
    desk.now += Duration::from_secs(7201);
    desk.registrar.expire(desk.now);
    assert_eq!(desk.registrar.next_expiry(), None);
}
