//! Through a translator, both ways: what is told in Via and Contact, and who is reached by it.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use rvoip_sip_transport::sim::{Nat, NodeId, Simulation};
use rvoip_sip_transport::sip_core::{Response, StatusCode};
use rvoip_sip_transport::{
    Core, Input, LearnedAddresses, ListenerInfo, Output, Target, TransportConfig, TransportEvent,
    TransportKind, TransportLayer,
};

const INSIDE: &str = "10.0.0.2:5060";
const OUTSIDE: &str = "198.51.100.7:5060";
const PUBLIC: &str = "203.0.113.1";

fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// Answers requests with 200 and keeps what it is told.
struct Host {
    transport: TransportLayer,
    /// The addresses in the Contacts of requests, and where they came from.
    requests: Vec<(SocketAddr, SocketAddr)>,
    answers: usize,
    mapped: Vec<SocketAddr>,
}

impl Host {
    fn new(config: TransportConfig) -> Self {
        Self {
            transport: TransportLayer::new(config),
            requests: Vec::new(),
            answers: 0,
            mapped: Vec::new(),
        }
    }

    fn ask(&mut self, now: Instant, kind: TransportKind, peer: SocketAddr) {
        let target = Target::address(kind, peer);
        let route = self.transport.route(&target).unwrap();
        let request = format!(
            "OPTIONS sip:{peer} SIP/2.0\r\nVia: SIP/2.0/{} {};branch=z9hG4bK1;rport\r\n\
             Max-Forwards: 70\r\nFrom: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>\r\n\
             Call-ID: c\r\nCSeq: 1 OPTIONS\r\nContact: <sip:a@{}>\r\nContent-Length: 0\r\n\r\n",
            route.via_transport, route.sent_by, route.contact
        );
        self.transport
            .send_request(now, request.into(), &target)
            .unwrap();
    }

    fn take_events(&mut self, now: Instant) {
        while let Some(event) = self.transport.poll_event() {
            match event {
                TransportEvent::Request { request, flow } => {
                    let contact = request.contact().unwrap().unwrap();
                    let uri = contact.uri().unwrap();
                    let ip = uri.host().unwrap().to_ip().unwrap();
                    let told = SocketAddr::new(ip, uri.port().unwrap_or(5060));
                    self.requests.push((told, flow.remote));
                    let response = Response::builder_for(&request, StatusCode::OK)
                        .to_tag("t")
                        .build();
                    self.transport.send_response(now, &response, &flow).unwrap();
                }
                TransportEvent::Response { .. } => self.answers += 1,
                TransportEvent::MappedAddress { mapped, .. } => self.mapped.push(mapped),
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

struct Bed {
    net: Simulation<Host>,
    inside: NodeId,
    outside: NodeId,
}

/// A host behind a translator and one before it.
fn bed(nat: Nat, inside: impl FnOnce(&mut TransportConfig)) -> Bed {
    let mut net = Simulation::new(1);
    net.add_nat(nat);
    let both = |addr| [(TransportKind::Udp, addr), (TransportKind::Tcp, addr)];
    let mut config = TransportConfig::new(ListenerInfo::plan(&both(addr(INSIDE))));
    inside(&mut config);
    let listeners = config.listeners.clone();
    let inside = net.add(Host::new(config), listeners);
    let config = TransportConfig::new(ListenerInfo::plan(&both(addr(OUTSIDE))));
    let listeners = config.listeners.clone();
    let outside = net.add(Host::new(config), listeners);
    Bed {
        net,
        inside,
        outside,
    }
}

impl Bed {
    fn ask(&mut self, from: NodeId, kind: TransportKind, to: SocketAddr) {
        self.net.with(from, |host, now| host.ask(now, kind, to));
        self.net.run_for(Duration::from_millis(100));
    }

    fn answers(&self, node: NodeId) -> usize {
        self.net.core(node).answers
    }

    /// What the outside host was told in the last Contact, and where the request came from.
    fn last_heard(&self, node: NodeId) -> (SocketAddr, SocketAddr) {
        *self.net.core(node).requests.last().unwrap()
    }
}

fn nat() -> Nat {
    let public: IpAddr = PUBLIC.parse().unwrap();
    Nat::new(public, vec![addr(INSIDE).ip()])
}

#[test]
fn answers_find_their_way_back_in_whatever_the_via_says() {
    for kind in [TransportKind::Udp, TransportKind::Tcp] {
        let mut bed = bed(nat(), |_| {});
        bed.ask(bed.inside, kind, addr(OUTSIDE));
        let (told, source) = bed.last_heard(bed.outside);
        assert_eq!((told, source.ip()), (addr(INSIDE), PUBLIC.parse().unwrap()));
        assert_eq!(bed.answers(bed.inside), 1, "{kind}");
        // Nobody outside reaches the address that a host behind a translator knows of itself.
        if kind == TransportKind::Udp {
            bed.ask(bed.outside, kind, told);
            assert_eq!(bed.answers(bed.outside), 0);
        }
    }
}

#[test]
fn a_learned_address_is_told_in_via_and_contact_and_leads_back_in() {
    let udp = TransportKind::Udp;
    let mut bed = bed(nat(), |config| {
        config.learned_addresses = LearnedAddresses::Use;
    });
    bed.ask(bed.inside, udp, addr(OUTSIDE));
    bed.ask(bed.inside, udp, addr(OUTSIDE));
    assert_eq!(bed.answers(bed.inside), 2);
    let (told, source) = bed.last_heard(bed.outside);
    assert_eq!(told, source, "what is told is what is seen");
    assert_eq!(told.ip(), PUBLIC.parse::<IpAddr>().unwrap());
    bed.ask(bed.outside, udp, told);
    assert_eq!(bed.answers(bed.outside), 1);

    // The translator forgets; the next answer tells the new port, under which the next request goes.
    bed.net.forget_mappings();
    bed.ask(bed.outside, udp, told);
    assert_eq!(bed.answers(bed.outside), 1, "the old port is nobody's");
    bed.ask(bed.inside, udp, addr(OUTSIDE));
    bed.ask(bed.inside, udp, addr(OUTSIDE));
    assert_eq!(bed.answers(bed.inside), 4);
    let (told_now, source) = bed.last_heard(bed.outside);
    assert_eq!(told_now, source);
    assert_ne!(told_now, told);
    bed.ask(bed.outside, udp, told_now);
    assert_eq!(bed.answers(bed.outside), 2);
}

#[test]
fn a_binding_request_finds_out_that_the_translator_has_forgotten() {
    let udp = TransportKind::Udp;
    let mut bed = bed(nat(), |_| {});
    let interval = Duration::from_secs(25);
    bed.net.with(bed.inside, |host, now| {
        let target = Target::address(udp, addr(OUTSIDE));
        let flow = host.transport.route(&target).unwrap().flow.unwrap();
        host.transport
            .keep_alive(now, &flow, Some(interval))
            .unwrap();
    });
    bed.net.run_for(interval * 10);
    let first = bed.net.core(bed.inside).mapped.clone();
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].ip(), PUBLIC.parse::<IpAddr>().unwrap());
    bed.net.forget_mappings();
    bed.net.run_for(interval * 2);
    let mapped = &bed.net.core(bed.inside).mapped;
    assert_eq!(mapped.len(), 2);
    assert_ne!(mapped[0], mapped[1]);
}

#[test]
fn a_forwarded_port_is_reached_by_what_is_advertised() {
    let public: SocketAddr = format!("{PUBLIC}:5070").parse().unwrap();
    for kind in [TransportKind::Udp, TransportKind::Tcp] {
        let mut bed = bed(nat().forward(public.port(), addr(INSIDE)), |config| {
            let listeners = std::mem::take(&mut config.listeners);
            let advertise =
                |it: ListenerInfo| it.with_advertised(public.to_string().parse().unwrap());
            config.listeners = listeners.into_iter().map(advertise).collect();
        });
        bed.ask(bed.inside, kind, addr(OUTSIDE));
        let (told, _) = bed.last_heard(bed.outside);
        assert_eq!(told, public);
        bed.ask(bed.outside, kind, told);
        let answers = (bed.answers(bed.inside), bed.answers(bed.outside));
        assert_eq!(answers, (1, 1), "{kind}");
    }
}
