//! Whole calls in virtual time, what their messages alone cost, and events to many subscribers.
//!
//! `cargo xtask bench simulated` runs it in rounds and under callgrind. Prints one line: nanoseconds of processor time and
//! what they were spent on.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rvoip_session_core::dialog_core::sip_core::{
    HeaderName, Limits, Message, Request, Response, Strictness,
};
use rvoip_session_core::media_core::sdp::SessionDescription;
use rvoip_session_core::sim::{Answering, CallSimulation, HostId, SimHost};
use rvoip_session_core::{
    BasicEventBus, BasicSessionEvent, CallRecord, CallState, Delivery, EventSubscriber,
};

/// As the programs that go into service.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ALICE: &str = "sip:alice@10.0.0.1";
const BOB: &str = "sip:bob@10.0.0.2";

/// So much passes between two things that a user does: the messages of each take 3 ms.
const PAUSE: Duration = Duration::from_millis(5);

/// Calls after which virtual time goes on until nothing lingers.
const BATCH: u64 = 500;

const SUBSCRIBERS: usize = 8;

/// Events that are published before the subscribers have their turn.
const BURST: u64 = 512;

struct Desk {
    simulation: CallSimulation,
    alice: HostId,
    bob: HostId,
}

impl Desk {
    fn new() -> Desk {
        let mut simulation = CallSimulation::new(1);
        let mut add = |last: u8, answering| {
            let mut host = SimHost::new([10, 0, 0, last].into()).answering(answering);
            host.settings.sends_audio = false;
            simulation.add(host).unwrap()
        };
        let (alice, bob) = (add(1, Answering::ByHand), add(2, Answering::at_once()));
        Desk {
            simulation,
            alice,
            bob,
        }
    }

    /// INVITE to BYE, with a hold and its end between.
    fn call(&mut self) -> Arc<CallRecord> {
        let Desk {
            simulation, alice, ..
        } = self;
        let call = simulation.call(*alice, ALICE, BOB).unwrap();
        let id = call.id();
        simulation.run_for(PAUSE);
        simulation
            .with(*alice, |core, now| core.hold(now, id))
            .unwrap();
        simulation.run_for(PAUSE);
        assert_eq!(call.state(), CallState::OnHold);
        simulation
            .with(*alice, |core, now| core.resume(now, id))
            .unwrap();
        simulation.run_for(PAUSE);
        assert_eq!(call.state(), CallState::Active);
        simulation
            .with(*alice, |core, now| core.terminate(now, id))
            .unwrap();
        simulation.run_for(PAUSE);
        for host in [self.alice, self.bob] {
            black_box(self.simulation.events(host));
        }
        call
    }

    fn calls(&mut self, count: u64) {
        self.simulation.keep_messages(0);
        for number in 1..=count {
            self.call();
            if number % BATCH == 0 {
                self.simulation.run_for(Duration::from_secs(40));
            }
        }
    }
}

/// A request or a response that is read and written again, and of a response what it answers.
struct Exchange {
    message: Message,
    answers: Option<Request>,
}

/// The messages of one call.
fn messages() -> Vec<Exchange> {
    let mut desk = Desk::new();
    desk.call();
    let mut found: Vec<Exchange> = Vec::new();
    for sent in desk.simulation.wire() {
        let message = Message::parse(sent.octets, &Limits::default()).unwrap();
        let number =
            |message: &Message| message.headers().raw(&HeaderName::CSeq).map(str::to_owned);
        let answers = match &message {
            Message::Request(_) => None,
            Message::Response(_) => found
                .iter()
                .rev()
                .find_map(|earlier| match &earlier.message {
                    Message::Request(request) if number(&earlier.message) == number(&message) => {
                        Some(request.clone())
                    }
                    _ => None,
                }),
        };
        found.push(Exchange { message, answers });
    }
    found
}

/// A session description, read and written again.
fn description(body: &Bytes) -> Option<Bytes> {
    if body.is_empty() {
        return None;
    }
    let text = std::str::from_utf8(body).unwrap();
    let description = SessionDescription::parse(text).unwrap();
    Some(description.to_text().into())
}

/// Reads a message as far as every layer has to, and writes one that says the same.
fn read_and_write(exchange: &Exchange) {
    let octets = exchange.message.to_bytes();
    let read = Message::parse(octets, &Limits::default()).unwrap();
    read.check(Strictness::Lenient).unwrap();
    match &read {
        Message::Request(request) => {
            let _ = black_box((
                request.cseq(),
                request.from(),
                request.to(),
                request.contact(),
            ));
            let uri = request.uri().unwrap();
            let mut again = Request::builder(request.method().clone(), &uri);
            for line in request.headers().iter() {
                if line.name != HeaderName::ContentLength && line.name != HeaderName::ContentType {
                    again = again.raw(&line.name, line.value);
                }
            }
            if let Some(body) = description(request.body()) {
                again = again.body("application/sdp", body);
            }
            black_box(again.build());
        }
        Message::Response(response) => {
            let _ = black_box((
                response.cseq(),
                response.from(),
                response.to(),
                response.contact(),
            ));
            let Some(request) = &exchange.answers else {
                return;
            };
            let mut again = Response::builder_for(request, response.status()).to_tag("a6c85cf");
            for line in response.headers().iter() {
                let is_copied = matches!(
                    line.name,
                    HeaderName::Via
                        | HeaderName::From
                        | HeaderName::To
                        | HeaderName::CallId
                        | HeaderName::CSeq
                        | HeaderName::ContentType
                        | HeaderName::ContentLength
                );
                if !is_copied {
                    again = again.raw(&line.name, line.value);
                }
            }
            if let Some(body) = description(response.body()) {
                again = again.body("application/sdp", body);
            }
            black_box(again.build());
        }
    }
}

/// How many events of `count` one subscriber has been handed; it must miss none.
async fn hear(mut subscriber: EventSubscriber) -> u64 {
    let mut heard = 0;
    while let Some(batch) = subscriber.recv_batch(BURST as usize).await {
        for delivery in batch {
            assert!(matches!(delivery, Delivery::Event(_)), "{delivery:?}");
            heard += 1;
        }
    }
    heard
}

fn events(count: u64) {
    let call = Desk::new().call();
    let event = BasicSessionEvent::CallPlaced { call };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        let bus = BasicEventBus::new(2 * BURST as usize);
        let subscribers: Vec<_> = (0..SUBSCRIBERS)
            .map(|_| tokio::spawn(hear(bus.subscribe())))
            .collect();
        for number in 1..=count {
            bus.publish(&event);
            if number % BURST == 0 {
                tokio::task::yield_now().await;
            }
        }
        drop(bus);
        for subscriber in subscribers {
            assert_eq!(subscriber.await.unwrap(), count);
        }
    });
}

fn main() {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let scenario = words.first().map_or("calls", String::as_str);
    let count: u64 = words.get(1).map_or(100, |word| word.parse().unwrap());
    let messages = messages();
    let mut desk = Desk::new();
    let start = processor_time();
    match scenario {
        "calls" => desk.calls(count),
        "messages" => (0..count).for_each(|_| messages.iter().for_each(read_and_write)),
        "events" => events(count),
        other => panic!("no scenario `{other}`; there are: calls, messages, events"),
    }
    let time = processor_time() - start;
    println!("nanoseconds={time} messages={}", messages.len());
}

/// Nanoseconds that this thread has had a processor.
fn processor_time() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let word = text.split_whitespace().next();
    word.and_then(|word| word.parse().ok()).unwrap_or(0)
}
