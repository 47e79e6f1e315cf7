//! A client and a registrar over a network that loses, repeats, resets and forgets.

use std::sync::Arc;
use std::time::Duration;

use rvoip_dialog_core::registrar::{BindingChange, RegistrarConfig};
use rvoip_dialog_core::registration::RegistrationStatus as Status;
use rvoip_dialog_core::sip_core::{HeaderName, Uri};
use rvoip_dialog_core::sip_transport::sim::SimFaults;
use rvoip_dialog_core::sip_transport::{ListenerInfo, Target, TransportKind};
use rvoip_dialog_core::{
    Account, DialogManagerConfig, EndCause, HybridConfig, MemoryCredentials, OutgoingCall,
    OutgoingRegistration, Realm, RegistrationKey, ServerConfig,
};

use crate::kit::*;
use crate::pair::Pair;

const REGISTRAR: &str = "10.0.0.2:5060";

/// Alice, and Bob who is the registrar.
fn desk(seed: u64) -> Pair {
    let mut pair = Pair::new(seed, "10.0.0.1:5060", REGISTRAR);
    serve(&mut pair);
    pair
}

fn serve(pair: &mut Pair) {
    pair.sim.with(pair.bob, |manager, _| {
        manager.serve_registrations(RegistrarConfig::default());
    });
}

fn register(pair: &mut Pair, transport: &str) -> RegistrationKey {
    pair.sim.with(pair.alice, |manager, now| {
        let aor = "<sip:alice@10.0.0.2>".parse().unwrap();
        let registrar = format!("sip:{REGISTRAR}{transport}").parse().unwrap();
        manager
            .register(now, OutgoingRegistration::new(aor, registrar))
            .unwrap()
    })
}

fn located(pair: &mut Pair) -> Vec<String> {
    pair.sim.with(pair.bob, |manager, now| {
        let located = manager.locate(now, &"sip:alice@10.0.0.2".parse().unwrap());
        located
            .iter()
            .map(|place| place.contact.uri().to_string())
            .collect()
    })
}

fn statuses(pair: &mut Pair) -> Vec<Status> {
    let events = pair.sim.events(pair.alice);
    let status = |event| match event {
        Event::Registration { status, .. } => status,
        other => panic!("{other:?}"),
    };
    events.into_iter().map(|(_, event)| status(event)).collect()
}

fn changes(pair: &mut Pair) -> Vec<BindingChange> {
    let events = pair.sim.events(pair.bob);
    let change = |event| match event {
        Event::Binding(binding) => binding.change,
        other => panic!("{other:?}"),
    };
    events.into_iter().map(|(_, event)| change(event)).collect()
}

#[test]
fn a_day_of_refreshes_and_then_none_at_all() {
    let mut pair = desk(1);
    let key = register(&mut pair, "");
    for _ in 0..24 * 60 {
        pair.run(60_000);
        assert_eq!(located(&mut pair), ["sip:alice@10.0.0.1:5060"]);
    }
    let refreshed = changes(&mut pair);
    assert!((24..=32).contains(&refreshed.len()), "{}", refreshed.len());
    assert_eq!(refreshed[0], BindingChange::Registered);
    assert!(
        refreshed[1..]
            .iter()
            .all(|change| *change == BindingChange::Refreshed)
    );
    statuses(&mut pair);
    pair.sim.with(pair.alice, |manager, now| {
        manager.unregister(now, key, false).unwrap()
    });
    pair.run(100);
    assert_eq!(statuses(&mut pair), [Status::Ended { refusal: None }]);
    assert_eq!(changes(&mut pair), [BindingChange::Unregistered]);
    pair.run(100_000_000);
    assert!(pair.sim.core(pair.alice).is_idle() && pair.sim.core(pair.bob).is_idle());
}

#[test]
fn a_client_that_is_gone_is_forgotten_when_its_time_is_over() {
    let mut pair = desk(1);
    register(&mut pair, "");
    pair.run(100);
    changes(&mut pair);
    let silent = SimFaults {
        loss: 1.0,
        ..SimFaults::default()
    };
    pair.sim.set_faults(silent);
    pair.run(3_599_000);
    assert_eq!(located(&mut pair).len(), 1);
    pair.run(2_000);
    assert!(located(&mut pair).is_empty());
    assert_eq!(changes(&mut pair), [BindingChange::Expired]);
}

#[test]
fn a_registrar_that_has_forgotten_everything_knows_it_again_within_the_hour() {
    let mut pair = desk(1);
    register(&mut pair, "");
    pair.run(1_000_000);
    let listeners = ListenerInfo::plan(&[
        (TransportKind::Udp, addr(REGISTRAR)),
        (TransportKind::Tcp, addr(REGISTRAR)),
    ]);
    let forgetful = manager(hybrid(), &listeners, 77, pair.sim.wire_log());
    pair.sim.with(pair.bob, |anew, _| *anew = forgetful);
    serve(&mut pair);
    assert!(located(&mut pair).is_empty());
    pair.run(3_000_000);
    assert_eq!(located(&mut pair), ["sip:alice@10.0.0.1:5060"]);
}

#[test]
fn a_lost_connection_is_made_anew_and_registered_over_but_not_in_a_storm() {
    let mut pair = desk(1);
    register(&mut pair, ";transport=tcp");
    pair.run(60_000);
    let kinds = |pair: &mut Pair| -> Vec<bool> {
        let refreshing = |status: Status| status == Status::Refreshing;
        statuses(pair).into_iter().map(refreshing).collect()
    };
    assert_eq!(kinds(&mut pair), [false, false]);
    assert_eq!(
        located(&mut pair),
        ["sip:alice@10.0.0.1:5060;transport=tcp"]
    );
    pair.sim.reset_connections(pair.bob);
    pair.run(1_000);
    assert_eq!(kinds(&mut pair), [true, false], "at once");
    // A server that hangs up again and again is called back every half minute at most.
    for _ in 0..60 {
        pair.sim.reset_connections(pair.bob);
        pair.run(1_000);
    }
    let again = kinds(&mut pair)
        .into_iter()
        .filter(|refreshing| *refreshing)
        .count();
    assert!((1..=2).contains(&again), "{again}");
}

#[test]
fn a_contact_that_has_moved_takes_the_place_of_the_old_one() {
    let mut pair = desk(1);
    let place = addr(REGISTRAR).ip();
    pair.sim
        .zone()
        .set_ttl(Duration::from_secs(60))
        .srv("_sip._udp.example.com", (10, 0), "one.example.com", 5060)
        .address("one.example.com", place);
    pair.sim.with(pair.alice, |manager, now| {
        let aor = "<sip:alice@10.0.0.2>".parse().unwrap();
        let registrar = "sip:example.com".parse().unwrap();
        let wanted = OutgoingRegistration::new(aor, registrar);
        manager.register(now, wanted).unwrap()
    });
    pair.run(1_000);
    assert_eq!(located(&mut pair), ["sip:alice@10.0.0.1:5060"]);
    // From now on the registrar is reached by TCP alone: our contact is another.
    let zone = pair.sim.zone();
    zone.remove("_sip._udp.example.com");
    zone.srv("_sip._tcp.example.com", (10, 0), "one.example.com", 5060);
    pair.run(3_600_000);
    assert_eq!(
        located(&mut pair),
        ["sip:alice@10.0.0.1:5060;transport=tcp"]
    );
    let gone = |change: &BindingChange| *change == BindingChange::Unregistered;
    assert_eq!(changes(&mut pair).into_iter().filter(gone).count(), 1);
}

#[test]
fn a_call_to_a_flow_goes_down_the_connection_that_registered() {
    let mut pair = desk(1);
    pair.sim.with(pair.alice, |manager, now| {
        let aor = "<sip:alice@10.0.0.2>".parse().unwrap();
        let registrar = format!("sip:{REGISTRAR};transport=tcp").parse().unwrap();
        let wanted = OutgoingRegistration {
            instance: Some("urn:uuid:1".into()),
            reg_id: 1,
            keep_alive: Some(Duration::from_secs(120)),
            ..OutgoingRegistration::new(aor, registrar)
        };
        manager.register(now, wanted).unwrap()
    });
    pair.run(600_000);
    let granted = statuses(&mut pair);
    let Some(Status::Registered(grant)) = granted.last() else {
        panic!("{granted:?}")
    };
    assert!(grant.outbound);
    pair.sim.with(pair.bob, |manager, now| {
        let remote: Uri = "sip:alice@10.0.0.2".parse().unwrap();
        let place = manager.locate(now, &remote).remove(0);
        let call = OutgoingCall {
            request_uri: Some(place.contact.uri().clone()),
            target: place.flow.map(Target::Flow),
            route: place.route,
            ..OutgoingCall::new("<sip:bob@10.0.0.2>".parse().unwrap(), remote)
        };
        manager.invite(now, call).unwrap();
    });
    pair.run(100);
    let events = pair.sim.events(pair.alice);
    let [(_, Event::IncomingCall { flow, .. })] = events.as_slice() else {
        panic!("{events:?}")
    };
    // Alice has opened this connection; nobody has opened one to her.
    assert!(
        flow.connection()
            .is_some_and(|connection| !connection.is_accepted())
    );
}

/// One client over a bad network for some hours; how often it was registered.
fn run(seed: u64) -> usize {
    let mut pair = desk(seed);
    let delay = Duration::from_millis(5)..Duration::from_millis(80);
    pair.sim.set_faults(SimFaults {
        loss: 0.5,
        duplicate: 0.2,
        reorder: 0.2,
        delay,
    });
    let key = register(&mut pair, "");
    pair.run(20_000_000);
    let registered = |status: &&Status| matches!(status, Status::Registered(_));
    let granted = statuses(&mut pair).iter().filter(registered).count();
    pair.sim.with(pair.alice, |manager, now| {
        manager.unregister(now, key, false).unwrap()
    });
    pair.run(200_000);
    let ended = statuses(&mut pair)
        .into_iter()
        .filter(|status| matches!(status, Status::Ended { .. }));
    assert_eq!(ended.count(), 1, "seed {seed}");
    pair.run(8_000_000);
    assert!(statuses(&mut pair).is_empty(), "seed {seed}: after the end");
    assert!(located(&mut pair).is_empty(), "seed {seed}");
    let open = changes(&mut pair)
        .iter()
        .fold(0, |open, change| match change {
            BindingChange::Registered => open + 1,
            BindingChange::Refreshed => open,
            BindingChange::Unregistered | BindingChange::Expired => open - 1,
        });
    assert_eq!(open, 0, "seed {seed}: what begins ends once");
    assert!(
        pair.sim.core(pair.alice).is_idle() && pair.sim.core(pair.bob).is_idle(),
        "seed {seed}"
    );
    granted
}

#[test]
fn every_registration_ends_once_whatever_is_lost() {
    let granted: usize = (0..300).map(run).sum();
    assert!(granted > 300 * 4, "{granted}");
}

/// The registrar asks for credentials; the manager of Alice has this password.
fn guarded(password: &str) -> Pair {
    let mut pair = desk(1);
    let users = MemoryCredentials::new().with_user("alice", "zanzibar");
    let config = DialogManagerConfig::Hybrid(HybridConfig {
        server: ServerConfig {
            realm: Some(Realm::new("10.0.0.2", Arc::new(users))),
            ..ServerConfig::default()
        },
        ..HybridConfig::default()
    });
    let listeners = ListenerInfo::plan(&[(TransportKind::Udp, addr(REGISTRAR))]);
    let forgetful = manager(config, &listeners, 7, pair.sim.wire_log());
    pair.sim.with(pair.bob, |anew, _| *anew = forgetful);
    serve(&mut pair);
    pair.sim.with(pair.alice, |manager, _| {
        manager.set_accounts(vec![Account::new("alice", password, "10.0.0.2")]);
    });
    pair
}

#[test]
fn credentials_are_shown_and_refreshes_stay_in_order() {
    let mut pair = guarded("zanzibar");
    let key = register(&mut pair, "");
    pair.run(40_000_000);
    let changes = changes(&mut pair);
    assert!(changes.len() > 10, "{changes:?}");
    let failed = |status: &Status| matches!(status, Status::Failed { .. });
    assert!(!statuses(&mut pair).iter().any(failed));
    pair.sim.with(pair.alice, |manager, now| {
        manager.unregister(now, key, true).unwrap()
    });
    pair.run(1_000);
    assert_eq!(statuses(&mut pair), [Status::Ended { refusal: None }]);
    assert!(located(&mut pair).is_empty());
}

#[test]
fn wrong_credentials_end_a_registration_at_once_and_for_good() {
    let mut pair = guarded("wrong");
    register(&mut pair, "");
    pair.run(4_000_000);
    let statuses = statuses(&mut pair);
    assert_eq!(statuses.len(), 2, "{statuses:?}");
    let Status::Ended {
        refusal: Some(EndCause::Rejected { status, .. }),
    } = &statuses[1]
    else {
        panic!("{statuses:?}")
    };
    assert_eq!(status.code(), 401);
    assert!(located(&mut pair).is_empty());
}

#[test]
fn one_user_registers_nothing_for_another() {
    let mut pair = guarded("zanzibar");
    pair.sim.with(pair.alice, |manager, now| {
        let aor = "<sip:carol@10.0.0.2>".parse().unwrap();
        let registrar = format!("sip:{REGISTRAR}").parse().unwrap();
        manager
            .register(now, OutgoingRegistration::new(aor, registrar))
            .unwrap();
    });
    pair.run(1_000);
    let refused = statuses(&mut pair).pop();
    let Some(Status::Ended {
        refusal: Some(EndCause::Rejected { status, .. }),
    }) = refused
    else {
        panic!("{refused:?}")
    };
    assert_eq!(status.code(), 403);
}

/// The raw peer registers these lines.
fn send(bench: &mut Bench, cseq: u32, lines: &[&str]) {
    let request = bench.request("REGISTER", cseq, None, lines, "");
    bench.send(&request);
}

#[test]
fn what_the_registrar_says_on_the_wire() {
    let mut bench = Bench::new();
    send(&mut bench, 1, &[]);
    bench.take_one("405");
    bench.command(|manager, _| {
        manager.serve_registrations(RegistrarConfig::default());
        Ok(())
    });
    send(&mut bench, 2, &["Contact: <sip:bob@10.0.0.2>;expires=5"]);
    let brief = bench.take_one("423");
    assert_eq!(brief.header(HeaderName::MinExpires), "60");
    send(
        &mut bench,
        3,
        &["Contact: <sip:bob@10.0.0.2>", "Require: x-new"],
    );
    assert_eq!(
        bench.take_one("420").header(HeaderName::Unsupported),
        "x-new"
    );
    bench.quiet();
    let instance = "Contact: <sip:bob@10.0.0.2>;reg-id=1;+sip.instance=\"<urn:uuid:1>\";expires=90";
    let lines = [instance, "Supported: outbound, path, gruu"];
    send(&mut bench, 4, &lines);
    let ok = bench.take_one("200");
    assert_eq!(ok.header(HeaderName::Require), "outbound");
    let contact = ok.header(HeaderName::Contact);
    for part in [
        "<sip:bob@10.0.0.2>;",
        ";expires=90;",
        ";pub-gruu=\"sip:bob@example.com;gr=urn:uuid:1\"",
    ] {
        assert!(contact.contains(part), "{contact}");
    }
    assert!(matches!(bench.event(), Event::Binding(_)));
    // The same request again is the same answer; an older one is refused.
    send(&mut bench, 4, &lines);
    bench.take_one("500");
    let path = "Path: <sip:p2.example.com;lr>, <sip:p1.example.com;lr>";
    send(
        &mut bench,
        5,
        &["Contact: <sip:bob@10.0.0.3>", path, "Supported: path"],
    );
    let ok = bench.take_one("200");
    let paths = ["<sip:p2.example.com;lr>", "<sip:p1.example.com;lr>"];
    assert_eq!(ok.headers(HeaderName::Path), paths);
    assert_eq!(ok.headers(HeaderName::Contact).len(), 2);
    send(&mut bench, 6, &["Contact: *", "Expires: 60"]);
    bench.take_one("400");
    send(&mut bench, 6, &["Contact: *", "Expires: 0"]);
    assert!(!bench.take_one("200").has(HeaderName::Contact));
    bench.command(|manager, _| {
        manager.drain();
        Ok(())
    });
    send(&mut bench, 7, &["Contact: <sip:bob@10.0.0.3>"]);
    bench.take_one("503");
}
