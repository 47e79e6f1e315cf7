//! Two hosts over a network that loses, repeats and reorders, thousands of seeds: every transaction reaches exactly one
//! terminal event, and nothing is left.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rvoip_transaction_core::sip_core::{Method, Request, RequestBuilder, StatusCode, Uri};
use rvoip_transaction_core::sip_transport::sim::{
    SimFaults, Simulation, WireLog, for_each_seed, seeds,
};
use rvoip_transaction_core::sip_transport::{
    Core, Input, ListenerInfo, Output, Target, TransportConfig, TransportKind, TransportLayer,
};
use rvoip_transaction_core::{
    Ack, ClientKey, ServerKey, TransactionConfig, TransactionEvent, TransactionLayer,
};

use crate::bed::response;

const CALLER: &str = "192.0.2.1:5060";
const CALLED: &str = "192.0.2.2:5060";

/// What a host means to do later.
enum Plan {
    Answer(ServerKey, Request, u16),
    /// Repeats a 2xx until its ACK comes or 64 T1 are over.
    RepeatAnswer(ServerKey, Request, Duration),
    Cancel(ClientKey),
    Send(Method, u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Key {
    Client(ClientKey),
    Server(ServerKey),
}

/// A transaction user of few manners: it calls, answers at random, cancels at random, hangs up.
struct Host {
    layer: TransactionLayer,
    peer: SocketAddr,
    rng: StdRng,
    plans: BTreeMap<(Instant, u64), Plan>,
    planned: u64,
    acks: HashMap<u32, Ack>,
    acknowledged: Vec<String>,
    /// How many terminal events each transaction has had.
    ends: HashMap<Key, u32>,
}

impl Host {
    fn new(local: &str, peer: &str, seed: u64, log: &WireLog) -> Host {
        let plan = ListenerInfo::plan(&[(TransportKind::Udp, local.parse().unwrap())]);
        let mut config = TransportConfig::new(plan);
        config.tap = Some(Arc::new(log.clone()));
        let transport = TransportLayer::new(config);
        Host {
            layer: TransactionLayer::new(
                TransactionConfig::default(),
                transport,
                StdRng::seed_from_u64(seed),
            ),
            peer: peer.parse().unwrap(),
            rng: StdRng::seed_from_u64(seed ^ 0xabcd),
            plans: BTreeMap::new(),
            planned: 0,
            acks: HashMap::new(),
            acknowledged: Vec::new(),
            ends: HashMap::new(),
        }
    }

    fn plan(&mut self, at: Instant, plan: Plan) {
        self.planned += 1;
        self.plans.insert((at, self.planned), plan);
    }

    fn target(&self) -> Target {
        Target::address(TransportKind::Udp, self.peer)
    }

    fn build(&self, method: Method, call: u32) -> RequestBuilder {
        let uri: Uri = format!("sip:{}", self.peer).parse().unwrap();
        Request::builder(method.clone(), &uri)
            .max_forwards(70)
            .raw(&"From".parse().unwrap(), "<sip:a@192.0.2.1>;tag=a1")
            .raw(&"To".parse().unwrap(), "<sip:b@192.0.2.2>")
            .raw(&"Call-ID".parse().unwrap(), &format!("call-{call}"))
            .raw(&"CSeq".parse().unwrap(), &format!("{call} {method}"))
    }

    fn send(&mut self, now: Instant, method: Method, call: u32) {
        let (request, target) = (self.build(method.clone(), call), self.target());
        let key = self.layer.send_request(now, request, &target).unwrap();
        self.ends.insert(Key::Client(key), 0);
        if method == Method::Invite {
            // Nobody lets it ring without end: even the last repetition of the answer may be lost.
            let patience = match self.rng.next_u32() {
                random if random.is_multiple_of(3) => {
                    Duration::from_millis(u64::from(random % 4_000))
                }
                _ => Duration::from_secs(120),
            };
            self.plan(now + patience, Plan::Cancel(key));
        }
    }

    fn do_plan(&mut self, now: Instant, plan: Plan) {
        match plan {
            Plan::Send(method, call) => self.send(now, method, call),
            Plan::Cancel(key) => {
                if let Ok(cancel) = self.layer.cancel(now, key) {
                    self.ends.insert(Key::Client(cancel), 0);
                }
            }
            Plan::Answer(key, request, status) => {
                let answered = self
                    .layer
                    .respond(now, key, response(&request, status))
                    .is_ok();
                if answered && status == 200 && *request.method() == Method::Invite {
                    self.plan(
                        now + Duration::from_millis(500),
                        Plan::RepeatAnswer(key, request, Duration::from_secs(1)),
                    );
                }
            }
            Plan::RepeatAnswer(key, request, next) => {
                let call = request.call_id().unwrap().as_str().to_owned();
                let repeated = !self.acknowledged.contains(&call)
                    && self
                        .layer
                        .respond(now, key, response(&request, 200))
                        .is_ok();
                if repeated {
                    self.plan(
                        now + next,
                        Plan::RepeatAnswer(key, request, (next * 2).min(Duration::from_secs(4))),
                    );
                }
            }
        }
    }

    fn listen(&mut self, now: Instant) {
        while let Some(event) = self.layer.poll_event() {
            self.hear(now, event);
        }
    }

    fn hear(&mut self, now: Instant, event: TransactionEvent) {
        match event {
            TransactionEvent::Request { key, request, .. } => {
                assert!(
                    self.ends.insert(Key::Server(key), 0).is_none(),
                    "a key is never used again"
                );
                self.answer(now, key, request);
            }
            TransactionEvent::Cancelled { key } => {
                let plan = self.plans.iter().find_map(|(at, plan)| match plan {
                    Plan::Answer(answer, request, _) if *answer == key => {
                        Some((*at, request.clone()))
                    }
                    _ => None,
                });
                if let Some((_, request)) = plan {
                    let _ = self.layer.respond(now, key, response(&request, 487));
                }
            }
            TransactionEvent::Response { key, response } => {
                assert_eq!(
                    self.ends.get(&Key::Client(key)),
                    Some(&0),
                    "no response after the end"
                );
                self.acknowledge(now, &response);
            }
            TransactionEvent::StrayResponse { response, .. } => self.acknowledge(now, &response),
            TransactionEvent::Ack { request, .. } => {
                self.acknowledged
                    .push(request.call_id().unwrap().as_str().to_owned());
            }
            TransactionEvent::ClientTimedOut { key }
            | TransactionEvent::ClientTerminated { key }
            | TransactionEvent::ClientTransportFailed { key, .. } => self.end(Key::Client(key)),
            TransactionEvent::ServerFailed { key, .. }
            | TransactionEvent::ServerTerminated { key } => {
                self.end(Key::Server(key));
            }
            TransactionEvent::FlowFailed { .. } | TransactionEvent::MappedAddress { .. } => {}
            TransactionEvent::Sent { .. }
            | TransactionEvent::HostFound { .. }
            | TransactionEvent::LateSuccess { .. }
            | TransactionEvent::ClientUnlocated { .. }
            | TransactionEvent::ClientCancelled { .. } => {
                panic!("one address is neither looked for nor failed over")
            }
        }
    }

    fn end(&mut self, key: Key) {
        let ends = self.ends.get_mut(&key).unwrap();
        *ends += 1;
        assert_eq!(*ends, 1, "{key:?} ended twice");
    }

    fn answer(&mut self, now: Instant, key: ServerKey, request: Request) {
        let random = self.rng.next_u32();
        let after = Duration::from_millis(u64::from(random % 3_000));
        if *request.method() == Method::Invite {
            if random & 0x1_0000 != 0 {
                self.layer
                    .respond(now, key, response(&request, 180))
                    .unwrap();
            }
            let status = if random & 0x6_0000 == 0 { 486 } else { 200 };
            self.plan(now + after, Plan::Answer(key, request, status));
        } else if random & 0xf0_0000 != 0 {
            self.plan(now + after / 4, Plan::Answer(key, request, 200));
        }
    }

    /// Acknowledges a 2xx, repeats the ACK for a repeated one, and hangs up a second later.
    fn acknowledge(&mut self, now: Instant, response: &rvoip_transaction_core::sip_core::Response) {
        let cseq = response.cseq().unwrap();
        if response.status() != StatusCode::OK || cseq.method != Method::Invite {
            return;
        }
        let target = self.target();
        if let Some(ack) = self.acks.get(&cseq.number) {
            return self.layer.resend_ack(now, ack).unwrap();
        }
        let ack = self.build(Method::Ack, cseq.number);
        let ack = self.layer.send_ack(now, ack, &target).unwrap();
        self.acks.insert(cseq.number, ack);
        self.plan(
            now + Duration::from_secs(1),
            Plan::Send(Method::Bye, cseq.number),
        );
    }
}

impl Core for Host {
    type Event = ();

    fn handle_input(&mut self, now: Instant, input: Input) {
        self.layer.handle_input(now, input);
        self.listen(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.layer.handle_timeout(now);
        self.listen(now);
        while let Some((&at, _)) = self
            .plans
            .first_key_value()
            .filter(|((at, _), _)| *at <= now)
        {
            if let Some(plan) = self.plans.remove(&at) {
                self.do_plan(now, plan);
                self.listen(now);
            }
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        let planned = self.plans.first_key_value().map(|((at, _), _)| *at);
        [self.layer.poll_timeout(), planned]
            .into_iter()
            .flatten()
            .min()
    }

    fn poll_output(&mut self) -> Option<Output<()>> {
        self.layer.poll_wire()
    }
}

fn run(seed: u64, simulation: &mut Simulation<Host>) -> [u64; 3] {
    simulation.set_faults(SimFaults {
        loss: 0.3,
        duplicate: 0.1,
        reorder: 0.2,
        delay: Duration::from_millis(1)..Duration::from_millis(150),
    });
    let hosts = [(CALLER, CALLED), (CALLED, CALLER)].map(|(local, peer)| {
        let plan = ListenerInfo::plan(&[(TransportKind::Udp, local.parse().unwrap())]);
        let host = Host::new(local, peer, seed, simulation.wire_log());
        simulation.add(host, plan)
    });
    simulation.with(hosts[0], |host, now| {
        host.send(now, Method::Invite, 1);
        host.send(now, Method::Options, 2);
        host.plan(
            now + Duration::from_millis(700),
            Plan::Send(Method::Invite, 3),
        );
    });
    simulation.run_for(Duration::from_secs(300));
    let mut totals = [0; 3];
    for node in hosts {
        simulation.with(node, |host, _| {
            assert!(
                host.ends.values().all(|ends| *ends == 1),
                "seed {seed}: {:?}",
                host.ends
            );
            assert_eq!(
                (host.layer.len(), host.layer.poll_timeout()),
                (0, None),
                "seed {seed}"
            );
            let counters = host.layer.counters();
            totals[0] += counters.client_transactions;
            totals[1] += counters.retransmissions_sent;
            totals[2] += counters.timed_out;
        });
    }
    totals
}

#[test]
fn every_transaction_ends_once_and_leaves_nothing() {
    let mut totals = [0; 3];
    for_each_seed(seeds(2_000), Simulation::new, |seed, simulation| {
        for (total, one) in totals.iter_mut().zip(run(seed, simulation)) {
            *total += one;
        }
    })
    .unwrap();
    let [transactions, retransmissions, timed_out] = totals;
    assert!(transactions >= 3 * seeds(2_000).count() as u64);
    assert!(
        retransmissions > transactions / 2,
        "the network did lose: {retransmissions}"
    );
    assert!(
        timed_out > 0 && timed_out < transactions / 2,
        "most got through: {timed_out}"
    );
}

#[test]
fn the_same_seed_is_the_same_run() {
    let run = || run(42, &mut Simulation::new(42));
    assert_eq!(run(), run());
}
