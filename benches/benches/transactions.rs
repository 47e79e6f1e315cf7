//! The transaction layer alone, in memory and in virtual time: one scenario for a number of transactions.
//!
//! `cargo xtask bench transactions` runs it in rounds and under callgrind. Prints one line: nanoseconds of processor time,
//! transactions alive at the end, and octets of memory for each of them.

use std::fs;
use std::hint::black_box;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_transaction_core::sip_core::{HeaderName, Method, Request, Response, StatusCode, Uri};
use rvoip_transaction_core::sip_transport::{
    Input, ListenerId, ListenerInfo, Output, Target, TransportConfig, TransportKind, TransportLayer,
};
use rvoip_transaction_core::{TransactionConfig, TransactionEvent, TransactionLayer};

const LOCAL: &str = "192.0.2.1:5060";
const PEER: &str = "192.0.2.7:5060";

/// So much passes between two transactions: 10,000 begin in a second, and 320,000 linger.
const STEP: Duration = Duration::from_micros(100);

/// Stands for the number of the transaction in a template.
const NUMBER: &str = "0000000000";

/// Where the tag of a refusal stands in the template of its ACK.
const TAG: &str = ";tag=s0123456789abcdef";

/// A message of the peer, in which only a number changes.
struct Template {
    octets: Vec<u8>,
    places: Vec<usize>,
    peer: SocketAddr,
}

impl Template {
    fn new(method: &str, branch: &str, to_tag: &str) -> Template {
        let text = format!(
            "{method} sip:alice@192.0.2.1 SIP/2.0\r\n\
             Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK-{branch}{NUMBER}\r\n\
             From: <sip:bob@192.0.2.7>;tag=b{NUMBER}\r\n\
             To: <sip:alice@192.0.2.1>{to_tag}\r\n\
             Call-ID: {NUMBER}@192.0.2.7\r\n\
             CSeq: 1 {method}\r\n\
             Contact: <sip:bob@192.0.2.7:5060>\r\n\
             Max-Forwards: 70\r\n\
             Content-Length: 0\r\n\r\n"
        );
        let places = text.match_indices(NUMBER).map(|(at, _)| at).collect();
        let octets = text.into_bytes();
        let peer = peer();
        Template {
            octets,
            places,
            peer,
        }
    }

    /// Puts the tag of an answer into the place of another one.
    fn take_tag(&mut self, answer: &[u8]) {
        let tag = |octets: &[u8]| octets.windows(6).position(|part| part == b";tag=s");
        if let (Some(from), Some(to)) = (tag(answer), tag(&self.octets)) {
            let place = to..to + TAG.len();
            self.octets[place].copy_from_slice(&answer[from..from + TAG.len()]);
        }
    }

    /// The message of this number, in memory of its own as a driver makes it.
    fn datagram(&mut self, mut number: u64) -> Input {
        let mut digits = [b'0'; NUMBER.len()];
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (number % 10) as u8;
            number /= 10;
        }
        for at in &self.places {
            self.octets[*at..*at + NUMBER.len()].copy_from_slice(&digits);
        }
        datagram(self.peer, Bytes::copy_from_slice(&self.octets))
    }
}

fn peer() -> SocketAddr {
    PEER.parse().unwrap()
}

fn datagram(source: SocketAddr, payload: Bytes) -> Input {
    Input::Datagram {
        listener: ListenerId(0),
        source,
        payload,
    }
}

fn layer() -> TransactionLayer {
    let plan = ListenerInfo::plan(&[(TransportKind::Udp, LOCAL.parse().unwrap())]);
    let transport = TransportLayer::new(TransportConfig::new(plan));
    TransactionLayer::new(
        TransactionConfig::default(),
        transport,
        StdRng::seed_from_u64(1),
    )
}

/// Requests come, the user answers 200.
fn serve(layer: &mut TransactionLayer, now: Instant, options: &mut Template, number: u64) {
    layer.handle_input(now, options.datagram(number));
    while let Some(event) = layer.poll_event() {
        if let TransactionEvent::Request { key, request, .. } = event {
            respond(layer, now, key, &request, StatusCode::OK);
        }
    }
    while let Some(output) = layer.poll_wire::<()>() {
        black_box(output);
    }
}

/// INVITEs come, the user answers 180 and 200, the ACK comes.
fn ring(layer: &mut TransactionLayer, now: Instant, templates: &mut [Template; 2], number: u64) {
    let [invite, ack] = templates;
    layer.handle_input(now, invite.datagram(number));
    while let Some(event) = layer.poll_event() {
        if let TransactionEvent::Request { key, request, .. } = event {
            respond(layer, now, key, &request, StatusCode::RINGING);
            respond(layer, now, key, &request, StatusCode::OK);
        }
    }
    while let Some(output) = layer.poll_wire::<()>() {
        black_box(output);
    }
    layer.handle_input(now, ack.datagram(number));
}

/// INVITEs come too late, the layer refuses them, their ACKs come.
fn refuse(layer: &mut TransactionLayer, now: Instant, templates: &mut [Template; 2], number: u64) {
    let [invite, ack] = templates;
    let waited = Duration::from_secs(1);
    layer.handle_input(now, Input::Backlog { waited });
    layer.handle_input(now, invite.datagram(number));
    while let Some(output) = layer.poll_wire::<()>() {
        if let Output::Datagram { payload, .. } = output {
            ack.take_tag(&payload);
        }
    }
    layer.handle_input(now, ack.datagram(number));
    assert!(layer.poll_event().is_none(), "nobody hears of it");
}

fn respond(
    layer: &mut TransactionLayer,
    now: Instant,
    key: rvoip_transaction_core::ServerKey,
    request: &Request,
    status: StatusCode,
) {
    let response = Response::builder_for(request, status)
        .to_tag("a6c85cf")
        .build();
    layer.respond(now, key, response).unwrap();
}

/// The user asks, the peer answers 200.
fn ask(layer: &mut TransactionLayer, now: Instant, uri: &Uri, target: &Target, number: u64) {
    let request = Request::builder(Method::Options, uri)
        .max_forwards(70)
        .raw(&HeaderName::From, "<sip:alice@192.0.2.1>;tag=a1")
        .raw(&HeaderName::To, "<sip:bob@192.0.2.7>")
        .raw(&HeaderName::CallId, &format!("{number}@192.0.2.1"))
        .raw(&HeaderName::CSeq, "1 OPTIONS");
    layer.send_request(now, request, target).unwrap();
    while let Some(output) = layer.poll_wire::<()>() {
        let Output::Datagram {
            destination: peer,
            payload,
            ..
        } = output
        else {
            continue;
        };
        // The headers of a request without a body are those of its answer.
        let line = payload.iter().position(|octet| *octet == b'\n').unwrap() + 1;
        let answer = [b"SIP/2.0 200 OK\r\n", &payload[line..]].concat();
        layer.handle_input(now, datagram(peer, answer.into()));
    }
    while let Some(event) = layer.poll_event() {
        black_box(event);
    }
}

fn main() {
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let scenario = words.first().map_or("server", String::as_str);
    let count: u64 = words.get(1).map_or(10_000, |word| word.parse().unwrap());
    let (mut layer, mut now) = (layer(), Instant::now());
    let mut options = Template::new("OPTIONS", "o", "");
    let mut call = [
        Template::new("INVITE", "i", ""),
        Template::new("ACK", "a", ""),
    ];
    let mut refused = [
        Template::new("INVITE", "r", ""),
        Template::new("ACK", "r", TAG),
    ];
    let uri: Uri = "sip:bob@192.0.2.7".parse().unwrap();
    let target = Target::address(TransportKind::Udp, peer());
    let (memory, time) = (resident_octets(), processor_time());
    for number in 0..count {
        now += STEP;
        while layer.poll_timeout().is_some_and(|due| due <= now) {
            layer.handle_timeout(now);
        }
        match scenario {
            "server" => serve(&mut layer, now, &mut options, number),
            "invite" => ring(&mut layer, now, &mut call, number),
            "refused" => refuse(&mut layer, now, &mut refused, number),
            "client" => ask(&mut layer, now, &uri, &target, number),
            other => panic!("no scenario `{other}`; there are: server, invite, refused, client"),
        }
    }
    let time = processor_time() - time;
    let alive = layer.len() as u64;
    let each = resident_octets().saturating_sub(memory) / alive.max(1);
    println!("nanoseconds={time} alive={alive} octets={each}");
}

/// Nanoseconds that this process has had a processor.
fn processor_time() -> u64 {
    let text = fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let word = text.split_whitespace().next();
    word.and_then(|word| word.parse().ok()).unwrap_or(0)
}

fn resident_octets() -> u64 {
    let text = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let word = line.and_then(|line| line.split_whitespace().next());
    word.and_then(|word| word.parse::<u64>().ok()).unwrap_or(0) * 1024
}
