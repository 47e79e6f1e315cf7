//! Messages on streams that are cut, joined and broken at random: each is handled exactly once.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rvoip_sip_transport::sim::{SimFaults, Simulation};
use rvoip_sip_transport::sip_core::{Response, StatusCode};
use rvoip_sip_transport::{
    Core, Flow, Input, ListenerInfo, Output, Target, TransportConfig, TransportEvent,
    TransportKind, TransportLayer,
};

const SEEDS: u64 = 10;
const MESSAGES: usize = 10_000;

/// What a host has seen and done, by flow and in order.
#[derive(Default)]
struct Log {
    sent: HashMap<Flow, Vec<usize>>,
    received: HashMap<Flow, Vec<usize>>,
    unanswered: BTreeSet<usize>,
    broken: usize,
}

/// Sends numbered requests and answers those of others.
struct Host {
    transport: TransportLayer,
    log: Log,
    target: Target,
}

impl Host {
    fn new(own: SocketAddr, peer: SocketAddr) -> (Self, Vec<ListenerInfo>) {
        let listeners = ListenerInfo::plan(&[(TransportKind::Tcp, own)]);
        let mut config = TransportConfig::new(listeners.clone());
        config.max_queued_octets = usize::MAX;
        let transport = TransportLayer::new(config);
        let target = Target::address(TransportKind::Tcp, peer);
        let log = Log::default();
        let host = Self {
            transport,
            log,
            target,
        };
        (host, listeners)
    }

    fn send(&mut self, now: Instant, number: usize) {
        let route = self.transport.route(&self.target).unwrap();
        // Bodies of every length up to twice that of the rest, and of what a framer may take for an end.
        let body = "\r\n\r\nSIP/2.0 200 OK\r\n".repeat(number % 40);
        let octets = format!(
            "OPTIONS sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/TCP {};branch=z9hG4bK{number}\r\n\
             Max-Forwards: 70\r\nFrom: <sip:a@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\n\
             Call-ID: {number}\r\nCSeq: 1 OPTIONS\r\nContent-Length: {}\r\n\r\n{body}",
            route.sent_by,
            body.len(),
        );
        let sent = self
            .transport
            .send_request(now, octets.into(), &self.target);
        self.log.sent.entry(sent.unwrap()).or_default().push(number);
        self.log.unanswered.insert(number);
    }

    fn take_events(&mut self, now: Instant) {
        while let Some(event) = self.transport.poll_event() {
            match event {
                TransportEvent::Request { request, flow } => {
                    let number = request.call_id().unwrap().to_string().parse().unwrap();
                    assert_eq!(request.body().len(), number % 40 * 20);
                    self.log.received.entry(flow).or_default().push(number);
                    let response = Response::builder_for(&request, StatusCode::OK)
                        .to_tag("t")
                        .build();
                    let _ = self.transport.send_response(now, &response, &flow);
                }
                TransportEvent::Response { response, .. } => {
                    let number = response.call_id().unwrap().to_string().parse().unwrap();
                    assert!(self.log.unanswered.remove(&number), "answered twice");
                }
                TransportEvent::FlowFailed { .. } => self.log.broken += 1,
                other => panic!("{other:?}"),
            }
        }
    }
}

impl Core for Host {
    type Event = ();

    fn handle_input(&mut self, now: Instant, input: Input) {
        self.transport.handle_input(now, input);
        self.take_events(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.transport.handle_timeout(now);
        self.take_events(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.transport.poll_timeout()
    }

    fn poll_output(&mut self) -> Option<Output<()>> {
        self.transport.poll_wire()
    }
}

fn run(seed: u64) -> (Log, Log) {
    let mut rng = StdRng::seed_from_u64(seed);
    let (a, b): (SocketAddr, SocketAddr) = (
        "192.0.2.1:5060".parse().unwrap(),
        "192.0.2.2:5060".parse().unwrap(),
    );
    let mut net = Simulation::new(seed);
    net.set_faults(SimFaults {
        delay: Duration::from_micros(100)..Duration::from_millis(5),
        ..SimFaults::default()
    });
    net.set_segments(1..=700);
    let (host, listeners) = Host::new(a, b);
    let caller = net.add(host, listeners);
    let (host, listeners) = Host::new(b, a);
    let called = net.add(host, listeners);
    let mut next = 0;
    while next < MESSAGES {
        let burst = rng.random_range(1..=50).min(MESSAGES - next);
        net.with(caller, |host, now| {
            for number in next..next + burst {
                host.send(now, number);
            }
        });
        next += burst;
        net.run_for(Duration::from_micros(rng.random_range(0..20_000)));
        if rng.random_bool(0.05) {
            net.reset_connections(caller);
            net.run_for(Duration::from_millis(50));
            // What is unanswered may be lost: it is asked again.
            net.with(caller, |host, now| {
                for number in host.log.unanswered.clone() {
                    host.send(now, number);
                }
            });
        }
    }
    net.run_for(Duration::from_secs(1));
    let mut log = |node| net.with(node, |host, _| std::mem::take(&mut host.log));
    (log(caller), log(called))
}

#[test]
fn each_of_a_hundred_thousand_messages_is_handled_exactly_once() {
    let mut broken = 0;
    for seed in 0..SEEDS {
        let (caller, called) = run(seed);
        assert!(caller.unanswered.is_empty(), "seed {seed}");
        broken += caller.broken;
        // On each connection, what came out is what went in: in order, once, up to where it broke.
        let mut sent: Vec<Vec<usize>> = caller.sent.into_values().collect();
        let mut received: Vec<Vec<usize>> = called.received.into_values().collect();
        // Two connections may begin alike: the longer one has fewer to choose from.
        received.sort_unstable_by_key(|numbers| std::cmp::Reverse(numbers.len()));
        let mut handled: BTreeSet<usize> = BTreeSet::new();
        for numbers in received {
            let same = sent.iter().position(|sent| sent.starts_with(&numbers));
            sent.swap_remove(same.unwrap_or_else(|| panic!("seed {seed}: {numbers:?}")));
            handled.extend(numbers);
        }
        assert_eq!(handled.len(), MESSAGES, "seed {seed}");
    }
    assert!(broken > 20, "{broken} connections broken");
}

#[test]
fn the_same_seed_is_the_same_run() {
    let times = |log: Log| {
        let mut sent: Vec<_> = log.sent.into_values().collect();
        sent.sort();
        sent
    };
    assert_eq!(times(run(3).0), times(run(3).0));
}
