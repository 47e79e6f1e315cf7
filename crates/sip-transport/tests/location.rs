//! The transport layer as it looks for servers, in virtual time: what is asked, what is remembered, and for how long.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::{Duration, Instant};

use rvoip_sip_transport::sim::{NodeId, Simulation, ZoneFault};
use rvoip_sip_transport::{
    Core, Input, ListenerInfo, LocateError, LocateId, Location, LocationConfig, Output, Question,
    Sought, Target, TransportConfig, TransportEvent, TransportKind, TransportLayer,
};

const SECOND: Duration = Duration::from_secs(1);

/// What was found, and by which search.
type Found = (LocateId, Result<Vec<Target>, LocateError>);

struct Seeker(TransportLayer);

impl Core for Seeker {
    type Event = Found;

    fn handle_input(&mut self, now: Instant, input: Input) {
        self.0.handle_input(now, input);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.0.handle_timeout(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.0.poll_timeout()
    }

    fn poll_output(&mut self) -> Option<Output<Found>> {
        self.0.poll_wire().or_else(|| match self.0.poll_event()? {
            TransportEvent::Located { id, targets } => Some(Output::Event((id, targets))),
            other => panic!("{other:?}"),
        })
    }
}

struct Scene {
    net: Simulation<Seeker>,
    node: NodeId,
}

impl Scene {
    fn new() -> Scene {
        Scene::with(LocationConfig::default(), "10.0.0.1:5060")
    }

    fn with(config: LocationConfig, addr: &str) -> Scene {
        let mut net = Simulation::new(1);
        let listeners = ListenerInfo::plan(&[(TransportKind::Udp, addr.parse().unwrap())]);
        let mut transport = TransportConfig::new(listeners.clone());
        transport.location = config;
        let node = net.add(Seeker(TransportLayer::new(transport)), listeners);
        net.zone()
            .address("host.example.com", "10.0.0.2".parse().unwrap());
        Scene { net, node }
    }

    fn locate(&mut self, uri: &str) -> Result<Location, LocateError> {
        let sought = Sought::of_uri(&uri.parse().unwrap())?;
        self.net
            .with(self.node, |core, now| core.0.locate(now, sought))
    }

    fn pending(&mut self, uri: &str) -> LocateId {
        match self.locate(uri) {
            Ok(Location::Pending(id)) => id,
            other => panic!("{other:?}"),
        }
    }

    /// Runs for a while; what was found in that time.
    fn found(&mut self, time: Duration) -> Vec<Found> {
        self.net.run_for(time);
        let events = self.net.events(self.node);
        events.into_iter().map(|(_, found)| found).collect()
    }

    fn asked(&mut self) -> usize {
        self.net.zone().take_asked().len()
    }

    fn assert_idle(&mut self) {
        assert_eq!(self.net.core(self.node).0.search_count(), 0);
        assert!(!self.net.step(), "nothing is left to wait for");
    }
}

fn udp(addr: &str) -> Target {
    Target::address(TransportKind::Udp, addr.parse().unwrap())
}

#[test]
fn records_are_remembered_for_as_long_as_they_live() {
    let mut scene = Scene::new();
    let id = scene.pending("sip:bob@host.example.com:5070");
    let targets = vec![udp("10.0.0.2:5070")];
    assert_eq!(scene.found(SECOND), [(id, Ok(targets.clone()))]);
    assert_eq!(scene.asked(), 1);
    // The zone says one minute.
    assert!(scene.found(58 * SECOND).is_empty());
    let uri = "sip:carol@HOST.example.com:5070";
    assert_eq!(scene.locate(uri), Ok(Location::Found(targets)));
    assert_eq!(scene.asked(), 0);
    scene.found(2 * SECOND);
    scene.pending("sip:bob@host.example.com:5070");
    assert_eq!(scene.asked(), 1);
    scene.found(SECOND);
    scene.assert_idle();
}

#[test]
fn that_there_is_nothing_is_remembered_as_the_zone_says() {
    let mut scene = Scene::new();
    let uri = "sip:bob@nowhere.example.com:5060";
    for (wait, questions) in [(0, 1), (28, 0), (2, 1)] {
        scene.found(wait * SECOND);
        scene.asked();
        let id = scene.pending(uri);
        let expected = [(id, Err(LocateError::NoSuchName))];
        assert_eq!(scene.found(SECOND), expected);
        assert_eq!(scene.asked(), questions);
    }
    // Silence is not remembered.
    scene
        .net
        .zone()
        .set_fault("host.example.com", Some(ZoneFault::Silent));
    let uri = "sip:bob@host.example.com:5060";
    for _ in 0..2 {
        let id = scene.pending(uri);
        assert!(scene.found(3 * SECOND).is_empty());
        assert_eq!(scene.found(2 * SECOND), [(id, Err(LocateError::NoAnswer))]);
        assert_eq!(scene.asked(), 1);
    }
    scene.assert_idle();
}

#[test]
fn what_many_want_to_know_is_asked_once() {
    let mut scene = Scene::new();
    scene.net.zone().set_delay(SECOND);
    let ids: Vec<LocateId> = (0..100)
        .map(|_| scene.pending("sip:bob@host.example.com:5060"))
        .collect();
    let found = scene.found(2 * SECOND);
    assert_eq!(scene.asked(), 1);
    let told: Vec<LocateId> = found.iter().map(|(id, _)| *id).collect();
    assert_eq!(told, ids);
    assert!(
        found
            .iter()
            .all(|(_, it)| *it == Ok(vec![udp("10.0.0.2:5060")]))
    );
    scene.assert_idle();
}

#[test]
fn a_search_given_up_is_told_nothing_and_disturbs_no_other() {
    let mut scene = Scene::new();
    let given_up = scene.pending("sip:bob@host.example.com");
    let other = scene.pending("sip:bob@host.example.com");
    let stop = |core: &mut Seeker, _| core.0.stop_locating(given_up);
    scene.net.with(scene.node, stop);
    let found = scene.found(10 * SECOND);
    assert_eq!(found, [(other, Ok(vec![udp("10.0.0.2:5060")]))]);
    scene.assert_idle();
}

#[test]
fn a_late_answer_is_not_waited_for() {
    let mut scene = Scene::new();
    let zone = scene.net.zone();
    zone.srv("_sip._udp.example.com", (10, 0), "slow.example.com", 5060)
        .srv("_sip._udp.example.com", (20, 0), "host.example.com", 5060)
        .address("slow.example.com", "10.0.0.9".parse().unwrap())
        .set_fault("slow.example.com", Some(ZoneFault::Late(2 * SECOND)));
    let id = scene.pending("sip:bob@example.com");
    let found = scene.found(SECOND);
    assert_eq!(found, [(id, Ok(vec![udp("10.0.0.2:5060")]))]);
    // What comes late is remembered for the next.
    scene.found(2 * SECOND);
    let both = vec![udp("10.0.0.9:5060"), udp("10.0.0.2:5060")];
    let uri = "sip:bob@example.com";
    assert_eq!(scene.locate(uri), Ok(Location::Found(both)));
    scene.assert_idle();
}

#[test]
fn a_lost_question_costs_its_time_and_no_more() {
    let mut scene = Scene::new();
    // Nobody answers about services, as behind some home routers.
    scene
        .net
        .zone()
        .address("plain.example.com", "10.0.0.3".parse().unwrap())
        .set_fault("_sip._udp.plain.example.com", Some(ZoneFault::Silent))
        .set_fault("_sip._tcp.plain.example.com", Some(ZoneFault::Fails));
    let id = scene.pending("sip:bob@plain.example.com");
    let found = scene.found(5 * SECOND);
    assert_eq!(found, [(id, Ok(vec![udp("10.0.0.3:5060")]))]);
    scene.assert_idle();
}

#[test]
fn everything_is_bounded() {
    let mut config = LocationConfig::default();
    (config.max_lookups, config.max_searches, config.max_answers) = (3, 10, 5);
    let mut scene = Scene::with(config, "10.0.0.1:5060");
    scene.net.zone().set_delay(SECOND);
    let name = |number: u32| format!("sip:bob@h{number}.example.com:5060");
    for number in 0..100 {
        let ip = format!("10.0.1.{number}").parse().unwrap();
        scene
            .net
            .zone()
            .address(&format!("h{number}.example.com"), ip);
    }
    // Three questions are open; a fourth is none, and its search ends at once.
    for number in 0..3 {
        scene.pending(&name(number));
    }
    let refused = scene.pending(&name(3));
    assert_eq!(scene.asked(), 3);
    let found = scene.found(Duration::from_millis(1));
    assert_eq!(found, [(refused, Err(LocateError::TooMany))]);
    // Searches for what is open already cost no question, but a place.
    for _ in 3..10 {
        scene.pending(&name(0));
    }
    assert_eq!(scene.locate(&name(0)), Err(LocateError::TooMany));
    assert_eq!(scene.found(2 * SECOND).len(), 10);
    // Five answers are remembered: the first ones make room for the last.
    for number in 0..8 {
        scene.locate(&name(number)).unwrap();
        scene.found(2 * SECOND);
    }
    scene.asked();
    for number in 3..8 {
        assert!(matches!(
            scene.locate(&name(number)),
            Ok(Location::Found(_))
        ));
    }
    assert_eq!(scene.asked(), 0);
    scene.pending(&name(0));
    scene.found(2 * SECOND);
    scene.assert_idle();
}

#[test]
fn only_families_within_reach_are_asked_for() {
    for (addr, expected) in [
        ("10.0.0.1:5060", Question::A("host.example.com".into())),
        (
            "[2001:db8::1]:5060",
            Question::Aaaa("host.example.com".into()),
        ),
    ] {
        let mut scene = Scene::with(LocationConfig::default(), addr);
        scene.pending("sip:bob@host.example.com:5060");
        assert_eq!(scene.net.zone().take_asked(), [expected]);
    }
}

#[test]
fn a_server_that_has_failed_comes_last_for_a_while() {
    let mut scene = Scene::new();
    let (first, second) = (udp("10.0.0.2:5060"), udp("10.0.0.3:5060"));
    let take = |scene: &mut Scene| {
        let mut targets = vec![first.clone(), second.clone()];
        let taken = scene.net.with(scene.node, |core, now| {
            core.0.take_target(now, &mut targets).unwrap()
        });
        assert_eq!(targets.len(), 1);
        taken == first
    };
    let fail = |scene: &mut Scene, target: &Target, wish: Option<u64>| {
        let wish = wish.map(Duration::from_secs);
        scene.net.with(scene.node, |core, now| {
            core.0.target_failed(now, target, wish)
        });
    };
    assert!(take(&mut scene));
    fail(&mut scene, &udp("10.0.0.2:5060"), None);
    assert!(!take(&mut scene));
    // The same address over another transport is another server.
    let tcp = Target::address(TransportKind::Tcp, "10.0.0.3:5060".parse().unwrap());
    fail(&mut scene, &tcp, None);
    assert!(!take(&mut scene));
    // When all have failed, the order is what it was.
    fail(&mut scene, &udp("10.0.0.3:5060"), None);
    assert!(take(&mut scene));
    let works = |core: &mut Seeker, _| core.0.target_works(&udp("10.0.0.3:5060"));
    scene.net.with(scene.node, works);
    assert!(!take(&mut scene));
    scene.net.run_for(61 * SECOND);
    assert!(take(&mut scene));
    // A wish is heeded, within reason.
    fail(&mut scene, &udp("10.0.0.2:5060"), Some(5));
    scene.net.run_for(6 * SECOND);
    assert!(take(&mut scene));
    fail(&mut scene, &udp("10.0.0.2:5060"), Some(1_000_000));
    scene.net.run_for(599 * SECOND);
    assert!(!take(&mut scene));
    scene.net.run_for(2 * SECOND);
    assert!(take(&mut scene));
}

#[test]
fn the_same_seed_finds_the_same_order() {
    let order = |uri: &str| {
        let mut scene = Scene::new();
        for number in 0..8 {
            let host = format!("w{number}.example.com");
            let ip = format!("10.0.2.{number}").parse().unwrap();
            let zone = scene.net.zone();
            zone.srv("_sip._udp.example.com", (1, 10), &host, 5060)
                .address(&host, ip);
        }
        scene.pending(uri);
        scene.found(SECOND).remove(0).1.unwrap()
    };
    let first = order("sip:bob@example.com");
    assert_eq!(first.len(), 8);
    assert_eq!(first, order("sip:bob@example.com"));
}
