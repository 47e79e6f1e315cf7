//! The simulated network: the same seed gives the same octets, and streams behave like streams.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rvoip_sip_transport::sim::{NodeId, SimFaults, Simulation};
use rvoip_sip_transport::sip_core::{Response, StatusCode};
use rvoip_sip_transport::{
    Core, Flow, Input, ListenerInfo, Output, Target, TransportConfig, TransportEvent,
    TransportKind, TransportLayer, WireRecord, WireTap,
};

/// Every message that a host saw: when, whether it left, its octets.
#[derive(Default)]
struct Tap(Mutex<Vec<(Instant, bool, Vec<u8>)>>);

impl WireTap for Tap {
    fn message(&self, record: &WireRecord<'_>) {
        let leaves = record.direction == rvoip_sip_transport::Direction::Out;
        let seen = (record.time, leaves, record.octets.to_vec());
        self.0.lock().unwrap().push(seen);
    }
}

#[derive(Debug, PartialEq)]
enum Seen {
    /// The Call-ID of a response.
    Response(String),
    Failed(Flow, io::ErrorKind),
}

/// Answers requests; sends one every 10 ms while it has a target.
struct Answerer {
    transport: TransportLayer,
    events: VecDeque<Seen>,
    target: Option<Target>,
    next: Option<Instant>,
    sent: usize,
}

impl Answerer {
    fn send(&mut self, now: Instant, target: &Target) -> Flow {
        let route = self.transport.route(target).unwrap();
        let octets = format!(
            "OPTIONS sip:bob@example.com SIP/2.0\r\n\
             Via: SIP/2.0/{} {};branch=z9hG4bK{n};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:a@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\n\
             Call-ID: {n}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
            route.via_transport,
            route.sent_by,
            n = self.sent,
        );
        self.sent += 1;
        self.transport
            .send_request(now, octets.into(), target)
            .unwrap()
    }

    fn take_events(&mut self, now: Instant) {
        while let Some(event) = self.transport.poll_event() {
            match event {
                TransportEvent::Request { request, flow } => {
                    let ok = Response::builder_for(&request, StatusCode::OK)
                        .to_tag("t")
                        .build();
                    self.transport.send_response(now, &ok, &flow).unwrap();
                }
                TransportEvent::Response { response, .. } => {
                    let call_id = response.call_id().unwrap().to_string();
                    self.events.push_back(Seen::Response(call_id));
                }
                TransportEvent::FlowFailed { flow, error } => {
                    self.events.push_back(Seen::Failed(flow, error));
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

impl Core for Answerer {
    type Event = Seen;

    fn handle_input(&mut self, now: Instant, input: Input) {
        self.transport.handle_input(now, input);
        self.take_events(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.transport.handle_timeout(now);
        self.take_events(now);
        if let Some(target) = self.target.clone()
            && self.next.is_some_and(|next| next <= now)
        {
            self.next = Some(now + Duration::from_millis(10));
            self.send(now, &target);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let transport = self.transport.poll_timeout();
        transport.into_iter().chain(self.next).min()
    }

    fn poll_output(&mut self) -> Option<Output<Seen>> {
        self.transport
            .poll_wire()
            .or_else(|| self.events.pop_front().map(Output::Event))
    }
}

fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn add(net: &mut Simulation<Answerer>, at: &str, tap: Option<Arc<Tap>>) -> NodeId {
    let at = addr(at);
    let listeners = ListenerInfo::plan(&TransportKind::ALL.map(|kind| (kind, at)));
    let mut config = TransportConfig::new(listeners.clone());
    config.tap = tap.map(|tap| tap as Arc<dyn WireTap>);
    let core = Answerer {
        transport: TransportLayer::new(config),
        events: VecDeque::new(),
        target: None,
        next: None,
        sent: 0,
    };
    net.add(core, listeners)
}

fn tcp(to: &str) -> Target {
    Target::address(TransportKind::Tcp, addr(to))
}

fn seen(net: &mut Simulation<Answerer>, node: NodeId) -> Vec<Seen> {
    net.events(node)
        .into_iter()
        .map(|(_, event)| event)
        .collect()
}

fn responses(seen: &[Seen]) -> Vec<&str> {
    seen.iter()
        .map(|event| match event {
            Seen::Response(call_id) => &**call_id,
            other => panic!("{other:?}"),
        })
        .collect()
}

/// Ten seconds of requests over UDP and TCP on a bad network: what both hosts saw, and when.
fn bad_network(seed: u64) -> Vec<(Duration, bool, Vec<u8>)> {
    let mut net = Simulation::new(seed);
    let start = net.now();
    net.set_faults(SimFaults {
        loss: 0.1,
        duplicate: 0.1,
        reorder: 0.1,
        delay: Duration::from_millis(5)..Duration::from_millis(80),
    });
    let tap = Arc::new(Tap::default());
    add(&mut net, "192.0.2.1:5060", Some(tap.clone()));
    for (place, kind) in [(2, TransportKind::Udp), (3, TransportKind::Tcp)] {
        let node = add(
            &mut net,
            &format!("192.0.2.{place}:5060"),
            Some(tap.clone()),
        );
        net.with(node, |core, now| {
            let addr = addr("192.0.2.1:5060");
            core.target = Some(Target::address(kind, addr));
            core.next = Some(now);
        });
    }
    net.run_for(Duration::from_secs(10));
    let records = tap.0.lock().unwrap();
    records
        .iter()
        .map(|(time, leaves, octets)| (*time - start, *leaves, octets.clone()))
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_octets_at_the_same_time() {
    let run = bad_network(1);
    assert!(run.len() > 4000, "{}", run.len());
    assert_eq!(run, bad_network(1));
    assert_ne!(run, bad_network(2));
}

#[test]
fn every_transport_carries_a_request_and_its_answer() {
    let mut net = Simulation::new(4);
    add(&mut net, "192.0.2.1:5060", None);
    let caller = add(&mut net, "192.0.2.2:5060", None);
    for (number, kind) in TransportKind::ALL.into_iter().enumerate() {
        let target = Target::address(kind, addr("192.0.2.1:5060"));
        let flow = net.with(caller, |core, now| core.send(now, &target));
        assert_eq!(flow.kind, kind);
        net.run_for(Duration::from_secs(1));
        let seen = seen(&mut net, caller);
        assert_eq!(responses(&seen), [number.to_string()], "{kind}");
    }
}

#[test]
fn streams_keep_order_and_lose_nothing_on_a_bad_network() {
    let mut net = Simulation::new(3);
    net.set_faults(SimFaults {
        loss: 0.3,
        duplicate: 0.3,
        reorder: 0.3,
        delay: Duration::from_millis(1)..Duration::from_millis(200),
    });
    let called = add(&mut net, "192.0.2.1:5060", None);
    let caller = add(&mut net, "192.0.2.2:5060", None);
    let target = tcp("192.0.2.1:5060");
    for _ in 0..100 {
        net.with(caller, |core, now| core.send(now, &target));
        net.run_for(Duration::from_millis(7));
    }
    net.run_for(Duration::from_secs(5));
    let seen = seen(&mut net, caller);
    let expected: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    assert_eq!(responses(&seen), expected);
    assert_eq!(net.core(called).transport.connection_count(), 1);
}

#[test]
fn idle_connections_end_on_both_sides() {
    let mut net = Simulation::new(4);
    let called = add(&mut net, "192.0.2.1:5060", None);
    let caller = add(&mut net, "192.0.2.2:5060", None);
    let flow = net.with(caller, |core, now| core.send(now, &tcp("192.0.2.1:5060")));
    net.run_for(Duration::from_secs(1));
    assert_eq!(responses(&seen(&mut net, caller)), ["0"]);
    net.run_for(Duration::from_secs(3600));
    // The called host heard from the other one less lately, so it closes.
    assert!(matches!(
        seen(&mut net, called)[..],
        [Seen::Failed(_, io::ErrorKind::TimedOut)]
    ));
    assert_eq!(
        seen(&mut net, caller),
        [Seen::Failed(flow, io::ErrorKind::UnexpectedEof)]
    );
    for node in [called, caller] {
        assert_eq!(net.core(node).transport.connection_count(), 0);
    }
    assert!(!net.step(), "nothing is left to do");
}

#[test]
fn a_connection_that_nobody_answers_is_refused() {
    let mut net = Simulation::new(5);
    let caller = add(&mut net, "192.0.2.2:5060", None);
    let flow = net.with(caller, |core, now| core.send(now, &tcp("192.0.2.1:5060")));
    net.run_for(Duration::from_secs(1));
    assert_eq!(
        seen(&mut net, caller),
        [Seen::Failed(flow, io::ErrorKind::ConnectionRefused)]
    );
}

#[test]
fn after_a_reset_the_next_request_opens_a_new_connection() {
    let mut net = Simulation::new(6);
    let called = add(&mut net, "192.0.2.1:5060", None);
    let caller = add(&mut net, "192.0.2.2:5060", None);
    let target = tcp("192.0.2.1:5060");
    let first = net.with(caller, |core, now| core.send(now, &target));
    net.run_for(Duration::from_secs(1));
    seen(&mut net, caller);
    net.reset_connections(called);
    net.run_for(Duration::from_secs(1));
    assert_eq!(
        seen(&mut net, caller),
        [Seen::Failed(first, io::ErrorKind::ConnectionReset)]
    );
    let second = net.with(caller, |core, now| core.send(now, &target));
    net.run_for(Duration::from_secs(1));
    assert_ne!(first, second);
    assert_eq!(responses(&seen(&mut net, caller)), ["1"]);
}
