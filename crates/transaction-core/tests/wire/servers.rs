//! A caller and the servers of a domain on a simulated network, each server with manners of its own.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_transaction_core::sip_core::{
    HeaderName, Limits, Message, Method, Request, RequestBuilder, Response, StatusCode, Uri,
};
use rvoip_transaction_core::sip_transport::sim::{Ladder, NodeId, SimFaults, Simulation, WireLog};
use rvoip_transaction_core::sip_transport::{
    Core, Input, ListenerInfo, Output, TransportConfig, TransportKind, TransportLayer,
};
use rvoip_transaction_core::{
    Ack, ClientKey, NextHop, OwnContact, ServerKey, TimerConfig, TransactionConfig,
    TransactionCounters, TransactionError, TransactionEvent, TransactionLayer,
};

pub(crate) const CALLER: SocketAddr = addr(1);
pub(crate) const PRIMARY: SocketAddr = addr(2);
pub(crate) const BACKUP: SocketAddr = addr(3);

const fn addr(host: u8) -> SocketAddr {
    let ip = std::net::Ipv4Addr::new(10, 0, 0, host);
    SocketAddr::V4(std::net::SocketAddrV4::new(ip, 5060))
}

/// What a server does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Manner {
    /// Answers at once.
    Answer(u16),
    /// Answers 503 at once, with this Retry-After.
    Busy(Option<&'static str>),
    /// Rings at once, answers later.
    Ring(Duration, u16),
    /// Says nothing, not even 100, until it says this.
    Late(Duration, u16),
    /// Hears everything and says nothing.
    Silent,
}

pub(crate) struct Agent {
    layer: TransactionLayer,
    manner: Manner,
    arrived: Vec<Request>,
    responses: Vec<String>,
    plans: BTreeMap<(Instant, u64), (ServerKey, Response)>,
    planned: u64,
    open: HashMap<ServerKey, Request>,
    told: Vec<(Instant, String)>,
    ends: HashMap<ClientKey, u32>,
}

impl Agent {
    fn new(listeners: Vec<ListenerInfo>, manner: Manner, seed: u64, log: &WireLog) -> Agent {
        let mut transport = TransportConfig::new(listeners);
        transport.tap = Some(Arc::new(log.clone()));
        let transport = TransportLayer::new(transport);
        let trying_after = Duration::from_secs(3_600);
        let timers = TimerConfig {
            trying_after,
            ..TimerConfig::default()
        };
        let config = TransactionConfig {
            timers,
            ..TransactionConfig::default()
        };
        Agent {
            layer: TransactionLayer::new(config, transport, StdRng::seed_from_u64(seed)),
            manner,
            arrived: Vec::new(),
            responses: Vec::new(),
            plans: BTreeMap::new(),
            planned: 0,
            open: HashMap::new(),
            told: Vec::new(),
            ends: HashMap::new(),
        }
    }

    fn listen(&mut self, now: Instant) {
        while let Some(event) = self.layer.poll_event() {
            if let TransactionEvent::Request { key, request, .. } = event {
                self.serve(now, key, request);
            } else if let TransactionEvent::Cancelled { key } = event {
                if let Some(invite) = self.open.remove(&key) {
                    self.plans.retain(|_, (planned, _)| *planned != key);
                    let _ = self.layer.respond(now, key, answer(&invite, 487, None));
                }
            } else {
                self.hear(now, event);
            }
        }
    }

    fn serve(&mut self, now: Instant, key: ServerKey, request: Request) {
        let invite = *request.method() == Method::Invite;
        let (rings, after, status, wish) = match self.manner {
            Manner::Answer(status) => (false, Duration::ZERO, status, None),
            Manner::Busy(wish) => (false, Duration::ZERO, 503, wish),
            Manner::Ring(after, status) => (invite, after, status, None),
            Manner::Late(after, status) => (false, after, status, None),
            Manner::Silent => return,
        };
        if rings {
            let _ = self.layer.respond(now, key, answer(&request, 180, None));
        }
        self.planned += 1;
        let response = answer(&request, status, wish);
        self.plans
            .insert((now + after, self.planned), (key, response));
        self.open.insert(key, request);
        self.do_plans(now);
    }

    fn do_plans(&mut self, now: Instant) {
        while let Some(entry) = self.plans.first_entry()
            && entry.key().0 <= now
        {
            let (key, response) = entry.remove();
            if response.status().is_final() {
                self.open.remove(&key);
            }
            let _ = self.layer.respond(now, key, response);
        }
    }

    fn hear(&mut self, now: Instant, event: TransactionEvent) {
        let is_terminal = event.is_terminal();
        let (key, word) = match event {
            TransactionEvent::Sent { key, target, .. } => {
                let (kind, ip) = (target.kind(), target.remote().ip());
                (Some(key), format!("sent {kind} {ip}"))
            }
            TransactionEvent::Response { key, response } => {
                (Some(key), format!("response {}", response.status()))
            }
            TransactionEvent::LateSuccess { .. } => (None, "late success".into()),
            TransactionEvent::ClientTimedOut { key } => (Some(key), "timed out".into()),
            TransactionEvent::ClientTransportFailed { key, error } => {
                (Some(key), format!("failed {error:?}"))
            }
            TransactionEvent::ClientTerminated { key } => (Some(key), "terminated".into()),
            TransactionEvent::ClientCancelled { key } => (Some(key), "cancelled".into()),
            TransactionEvent::ClientUnlocated { key, error } => {
                (Some(key), format!("unlocated {error:?}"))
            }
            _ => return,
        };
        if let Some(key) = key {
            let ends = self.ends.entry(key).or_default();
            assert_eq!(*ends, 0, "{word} after the end");
            *ends += u32::from(is_terminal);
        }
        self.told.push((now, word));
    }
}

fn answer(request: &Request, status: u16, wish: Option<&str>) -> Response {
    let status = StatusCode::new(status).unwrap();
    let mut builder = Response::builder_for(request, status).to_tag("b1");
    if let Some(wish) = wish {
        builder = builder.raw(&HeaderName::RetryAfter, wish);
    }
    builder.build()
}

impl Core for Agent {
    type Event = ();

    fn handle_input(&mut self, now: Instant, input: Input) {
        if let Input::Datagram { payload, .. } | Input::Stream { payload, .. } = &input {
            match Message::parse(payload.clone(), &Limits::default()) {
                Ok(Message::Request(request)) => self.arrived.push(request),
                Ok(Message::Response(response)) => {
                    self.responses.push(response.status().to_string());
                }
                Err(_) => {}
            }
        }
        self.layer.handle_input(now, input);
        self.listen(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.layer.handle_timeout(now);
        self.do_plans(now);
        self.listen(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let plan = self.plans.first_key_value().map(|((at, _), _)| *at);
        [self.layer.poll_timeout(), plan]
            .into_iter()
            .flatten()
            .min()
    }

    fn poll_output(&mut self) -> Option<Output<()>> {
        self.layer.poll_wire()
    }
}

pub(crate) struct Scene {
    pub(crate) net: Simulation<Agent>,
    pub(crate) start: Instant,
    seed: u64,
    nodes: HashMap<SocketAddr, NodeId>,
    requests: u32,
}

impl Ladder for Scene {
    fn ladder(&self) -> String {
        self.net.ladder()
    }
}

impl Scene {
    pub(crate) fn new(seed: u64) -> Scene {
        let mut scene = Scene::without_caller(seed);
        scene.server_over(CALLER, &["udp", "tcp"], Manner::Silent);
        scene
    }

    /// Nobody is there yet.
    pub(crate) fn without_caller(seed: u64) -> Scene {
        let net = Simulation::new(seed);
        Scene {
            start: net.now(),
            net,
            seed,
            nodes: HashMap::new(),
            requests: 0,
        }
    }

    /// `example.com` has two servers for this transport, one to be preferred.
    pub(crate) fn pair_of_servers(&mut self, transport: &str) {
        let name = format!("_sip._{transport}.example.com");
        let zone = self.net.zone();
        zone.srv(&name, (10, 0), "one.example.com", 5060)
            .srv(&name, (20, 0), "two.example.com", 5060)
            .address("one.example.com", PRIMARY.ip())
            .address("two.example.com", BACKUP.ip());
    }

    pub(crate) fn server(&mut self, addr: SocketAddr, manner: Manner) {
        self.server_over(addr, &["udp"], manner);
    }

    pub(crate) fn server_over(&mut self, addr: SocketAddr, kinds: &[&str], manner: Manner) {
        let kinds = kinds.iter().map(|kind| kind.parse().unwrap());
        let plan: Vec<(TransportKind, _)> = kinds.map(|kind| (kind, addr)).collect();
        self.add(addr, ListenerInfo::plan(&plan), manner);
    }

    /// The caller tells peers that it is this host, and listens for datagrams alone.
    pub(crate) fn caller_as(&mut self, name: &str) {
        let listeners = ListenerInfo::plan(&[(TransportKind::Udp, CALLER)]);
        let named = listeners
            .into_iter()
            .map(|listener| listener.with_advertised(name.parse().unwrap()));
        self.add(CALLER, named.collect(), Manner::Silent);
    }

    fn add(&mut self, addr: SocketAddr, listeners: Vec<ListenerInfo>, manner: Manner) {
        let seed = self.seed ^ u64::from(addr.port()) ^ (self.nodes.len() as u64) << 20;
        let agent = Agent::new(listeners.clone(), manner, seed, self.net.wire_log());
        let node = self.net.add(agent, listeners);
        self.nodes.insert(addr, node);
    }

    /// Breaks every connection of the caller.
    pub(crate) fn reset_connections(&mut self) {
        self.net.reset_connections(self.nodes[&CALLER]);
    }

    pub(crate) fn lossy(&mut self, loss: f64) {
        let delay = Duration::from_millis(2)..Duration::from_millis(40);
        self.net.set_faults(SimFaults {
            loss,
            duplicate: 0.05,
            reorder: 0.05,
            delay,
        });
    }

    pub(crate) fn now(&self) -> Instant {
        self.net.now()
    }

    pub(crate) fn run(&mut self, seconds: u64) {
        self.net.run_for(Duration::from_secs(seconds));
    }

    fn build(&mut self, method: &Method, octets: usize) -> RequestBuilder {
        self.requests += 1;
        let uri: Uri = "sip:bob@example.com".parse().unwrap();
        let number = self.requests;
        Request::builder(method.clone(), &uri)
            .max_forwards(70)
            .raw(&HeaderName::From, "<sip:alice@10.0.0.1>;tag=a1")
            .raw(&HeaderName::To, "<sip:bob@example.com>")
            .raw(&HeaderName::CallId, &format!("call-{number}"))
            .raw(&HeaderName::CSeq, &format!("{number} {method}"))
            .body("text/plain", "x".repeat(octets).into())
    }

    /// Calls, with a Contact of the caller's own making.
    pub(crate) fn invite(&mut self, next_hop: NextHop) -> ClientKey {
        let request = self.build(&Method::Invite, 20);
        let contact = OwnContact {
            user: Some("alice".into()),
            secure: false,
            ..OwnContact::default()
        };
        let send = |agent: &mut Agent, now| {
            let layer = &mut agent.layer;
            let sent = layer.send_request_with_contact(now, request, contact, next_hop);
            agent.listen(now);
            sent.unwrap()
        };
        self.net.with(self.nodes[&CALLER], send)
    }

    pub(crate) fn try_request(
        &mut self,
        method: Method,
        next_hop: NextHop,
        octets: usize,
    ) -> Result<ClientKey, TransactionError> {
        let request = self.build(&method, octets);
        self.net.with(self.nodes[&CALLER], |agent, now| {
            let sent = agent.layer.send_request(now, request, next_hop);
            agent.listen(now);
            sent
        })
    }

    pub(crate) fn request(
        &mut self,
        method: Method,
        next_hop: NextHop,
        octets: usize,
    ) -> ClientKey {
        self.try_request(method, next_hop, octets).unwrap()
    }

    pub(crate) fn cancel(&mut self, key: ClientKey) -> Result<ClientKey, TransactionError> {
        self.net.with(self.nodes[&CALLER], |agent, now| {
            let cancel = agent.layer.cancel(now, key);
            agent.listen(now);
            cancel
        })
    }

    pub(crate) fn ack(&mut self, next_hop: NextHop) -> Ack {
        let request = self.build(&Method::Ack, 0);
        self.net.with(self.nodes[&CALLER], |agent, now| {
            agent.layer.send_ack(now, request, next_hop).unwrap()
        })
    }

    pub(crate) fn resend(&mut self, ack: &Ack) -> Result<(), TransactionError> {
        self.net.with(self.nodes[&CALLER], |agent, now| {
            agent.layer.resend_ack(now, ack)
        })
    }

    /// What the caller's user was told since the last call.
    pub(crate) fn told(&mut self) -> Vec<(Instant, String)> {
        self.net.with(self.nodes[&CALLER], |agent, _| {
            std::mem::take(&mut agent.told)
        })
    }

    /// How often a request of the caller has ended.
    pub(crate) fn ends(&self, key: ClientKey) -> u32 {
        self.caller().ends.get(&key).copied().unwrap_or_default()
    }

    /// The requests of a method that have arrived at a server so far, repetitions included.
    pub(crate) fn arrived(&mut self, at: SocketAddr, method: &str) -> Vec<Request> {
        let node = match self.nodes.get(&at) {
            Some(node) => *node,
            None => panic!("nobody is at {at}"),
        };
        let arrived = self.net.core(node).arrived.iter();
        arrived
            .filter(|request| request.method().as_str() == method)
            .cloned()
            .collect()
    }

    /// The responses that have arrived at a place so far.
    pub(crate) fn responses(&self, at: SocketAddr) -> Vec<String> {
        self.net.core(self.nodes[&at]).responses.clone()
    }

    /// The transactions alive at a place.
    pub(crate) fn transactions(&self, at: SocketAddr) -> usize {
        self.net.core(self.nodes[&at]).layer.len()
    }

    fn caller(&self) -> &Agent {
        self.net.core(self.nodes[&CALLER])
    }

    pub(crate) fn counters(&self) -> TransactionCounters {
        *self.caller().layer.counters()
    }

    pub(crate) fn connections_opened(&self) -> u64 {
        let transport = self.caller().layer.transport();
        transport.counters().connections_opened
    }

    /// Nothing is left at the caller.
    pub(crate) fn assert_clean(&mut self) {
        self.run(40);
        let layer = &self.caller().layer;
        assert_eq!((layer.len(), layer.is_empty()), (0, true));
        assert_eq!(layer.transport().search_count(), 0);
    }
}
