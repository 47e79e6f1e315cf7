//! A layer on a bench: everything it sends and says is written down with its time.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_transaction_core::sip_core::{
    Message, Method, Request, RequestBuilder, Response, StatusCode, Uri,
};
use rvoip_transaction_core::sip_transport::{
    ConnectionId, Flow, Input, ListenerId, ListenerInfo, Output, Target, TransportConfig,
    TransportKind, TransportLayer,
};
use rvoip_transaction_core::{
    ClientKey, ServerKey, TransactionConfig, TransactionEvent, TransactionLayer,
};

pub(crate) const PEER: &str = "192.0.2.7:5060";
const LOCAL: &str = "192.0.2.1:5060";
const INCOMING: u64 = 1;

pub(crate) struct Bed {
    pub(crate) layer: TransactionLayer,
    pub(crate) kind: TransportKind,
    start: Instant,
    now: Instant,
    /// Milliseconds since the start, destination, octets.
    sent: Vec<(u64, SocketAddr, Bytes)>,
    events: Vec<(u64, TransactionEvent)>,
    pub(crate) failed_flows: Vec<Flow>,
    connections: Vec<(ConnectionId, SocketAddr)>,
    unanswered: Vec<(ServerKey, Request)>,
}

impl Bed {
    pub(crate) fn udp() -> Bed {
        Bed::new(TransportKind::Udp, TransactionConfig::default())
    }

    pub(crate) fn tcp() -> Bed {
        Bed::new(TransportKind::Tcp, TransactionConfig::default())
    }

    pub(crate) fn new(kind: TransportKind, config: TransactionConfig) -> Bed {
        let local = LOCAL.parse().unwrap();
        let plan = ListenerInfo::plan(&[(TransportKind::Udp, local), (TransportKind::Tcp, local)]);
        let transport = TransportLayer::new(TransportConfig::new(plan));
        let start = Instant::now();
        let mut bed = Bed {
            layer: TransactionLayer::new(config, transport, StdRng::seed_from_u64(7)),
            kind,
            start,
            now: start,
            sent: Vec::new(),
            events: Vec::new(),
            failed_flows: Vec::new(),
            connections: Vec::new(),
            unanswered: Vec::new(),
        };
        if kind == TransportKind::Tcp {
            bed.accept(INCOMING);
        }
        bed
    }

    pub(crate) fn accept(&mut self, number: u64) {
        let (listener, local) = (ListenerId(1), LOCAL.parse().unwrap());
        let remote = format!("192.0.2.7:{}", 40_000 + number).parse().unwrap();
        let connection = ConnectionId::accepted(number);
        self.connections.push((connection, remote));
        self.input(Input::Accepted {
            connection,
            listener,
            local,
            remote,
            peer: None,
        });
    }

    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    pub(crate) fn target(&self) -> Target {
        Target::address(self.kind, PEER.parse().unwrap())
    }

    pub(crate) fn input(&mut self, input: Input) {
        self.layer.handle_input(self.now, input);
        self.drain();
    }

    /// Octets from the peer: a datagram, or on the connection the peer opened.
    pub(crate) fn receive(&mut self, text: impl AsRef<[u8]>) {
        self.receive_on(INCOMING, text);
    }

    pub(crate) fn receive_on(&mut self, number: u64, text: impl AsRef<[u8]>) {
        let payload = Bytes::copy_from_slice(text.as_ref());
        self.input(if self.kind == TransportKind::Udp {
            Input::Datagram {
                listener: ListenerId(0),
                source: PEER.parse().unwrap(),
                payload,
            }
        } else {
            Input::Stream {
                connection: ConnectionId::accepted(number),
                payload,
            }
        });
    }

    fn drain(&mut self) {
        while let Some(output) = self.layer.poll_wire::<()>() {
            match output {
                Output::Datagram {
                    destination,
                    payload,
                    ..
                } => self.write_down(destination, payload),
                Output::Connect {
                    connection,
                    destination,
                    ..
                } => {
                    self.connections.push((connection, destination));
                    let local = LOCAL.parse().unwrap();
                    self.layer.handle_input(
                        self.now,
                        Input::Connected {
                            connection,
                            local,
                            peer: None,
                        },
                    );
                }
                Output::Stream {
                    connection,
                    payload,
                } => {
                    let found = self
                        .connections
                        .iter()
                        .find(|(known, _)| *known == connection);
                    self.write_down(found.unwrap().1, payload);
                }
                Output::Close { .. } | Output::Lookup { .. } | Output::Event(()) => {}
            }
        }
        let at = self.elapsed();
        while let Some(event) = self.layer.poll_event() {
            match event {
                TransactionEvent::FlowFailed { flow, .. } => self.failed_flows.push(flow),
                event => self.events.push((at, event)),
            }
        }
    }

    fn write_down(&mut self, destination: SocketAddr, payload: Bytes) {
        self.sent.push((self.elapsed(), destination, payload));
    }

    pub(crate) fn elapsed(&self) -> u64 {
        (self.now - self.start).as_millis() as u64
    }

    /// Lets virtual time pass.
    pub(crate) fn run_for(&mut self, milliseconds: u64) {
        self.drain();
        let end = self.now + Duration::from_millis(milliseconds);
        while let Some(at) = self.layer.poll_timeout().filter(|at| *at <= end) {
            assert!(at >= self.now, "a deadline in the past");
            self.now = at;
            self.layer.handle_timeout(at);
            self.drain();
            assert!(
                self.layer.poll_timeout().is_none_or(|next| next > at),
                "what was due is done"
            );
        }
        self.now = end;
    }

    pub(crate) fn invite(&mut self) -> ClientKey {
        self.request(Method::Invite)
    }

    pub(crate) fn request(&mut self, method: Method) -> ClientKey {
        let (request, target) = (outgoing(method), self.target());
        let key = self.layer.send_request(self.now, request, &target).unwrap();
        self.drain();
        key
    }

    pub(crate) fn cancel(&mut self, invite: ClientKey) -> ClientKey {
        let key = self.layer.cancel(self.now, invite).unwrap();
        self.drain();
        key
    }

    pub(crate) fn respond(&mut self, key: ServerKey, request: &Request, status: u16) -> Bytes {
        let response = response(request, status);
        let octets = response.to_bytes();
        self.layer.respond(self.now, key, response).unwrap();
        self.drain();
        octets
    }

    /// Answers whatever still waits for an answer.
    pub(crate) fn answer_everything(&mut self, status: u16) {
        for (_, event) in self.events.drain(..) {
            if let TransactionEvent::Request { key, request, .. } = event {
                self.unanswered.push((key, request));
            }
        }
        let (layer, now) = (&mut self.layer, self.now);
        self.unanswered.retain(|(key, request)| {
            layer.respond(now, *key, response(request, status)).is_ok() && status < 200
        });
        self.drain();
    }

    /// The peer answers the last request of this method.
    pub(crate) fn answer(&mut self, method: &str, status: u16) {
        let request = self.last(method);
        let response = response(&request, status).to_bytes();
        self.receive(response);
    }

    /// Forgets what was sent and said.
    pub(crate) fn forget(&mut self) {
        self.sent.clear();
        self.events.clear();
    }

    /// The request that came in last, with its key.
    pub(crate) fn incoming(&self) -> (ServerKey, Request) {
        let found = self.events.iter().rev().find_map(|(_, event)| match event {
            TransactionEvent::Request { key, request, .. } => Some((*key, request.clone())),
            _ => None,
        });
        found.unwrap()
    }

    /// When messages that begin with `start` went out, in milliseconds.
    pub(crate) fn times(&self, start: &str) -> Vec<u64> {
        self.matching(start).map(|(at, _)| at).collect()
    }

    pub(crate) fn octets(&self, start: &str) -> Vec<Bytes> {
        self.matching(start).map(|(_, octets)| octets).collect()
    }

    fn matching(&self, start: &str) -> impl Iterator<Item = (u64, Bytes)> {
        let found = self
            .sent
            .iter()
            .filter(move |(_, _, octets)| octets.starts_with(start.as_bytes()));
        found.map(|(at, _, octets)| (*at, octets.clone()))
    }

    pub(crate) fn destinations(&self) -> Vec<SocketAddr> {
        self.sent
            .iter()
            .map(|(_, destination, _)| *destination)
            .collect()
    }

    pub(crate) fn last(&self, method: &str) -> Request {
        let octets = self.octets(method).pop().unwrap();
        match Message::parse(octets, &Default::default()).unwrap() {
            Message::Request(request) => request,
            Message::Response(_) => panic!("a response"),
        }
    }

    pub(crate) fn sent_count(&self) -> usize {
        self.sent.len()
    }

    /// What was said since the last time, a word per event and its time.
    pub(crate) fn said(&mut self) -> Vec<String> {
        let words = self
            .events
            .drain(..)
            .map(|(at, event)| format!("{at} {}", word(&event)));
        words.collect()
    }

    /// The connection opened last, by either side.
    pub(crate) fn last_connection(&self) -> ConnectionId {
        self.connections.last().unwrap().0
    }

    /// That nothing is left in the layer, and nothing more ever happens.
    pub(crate) fn assert_empty(&mut self) {
        assert_eq!(self.layer.len(), 0);
        let sent = self.sent.len();
        self.run_for(600_000);
        assert_eq!(self.sent.len(), sent);
        assert!(self.said().is_empty());
    }
}

fn word(event: &TransactionEvent) -> String {
    match event {
        TransactionEvent::Request { request, .. } => format!("request {}", request.method()),
        TransactionEvent::Ack { .. } => "ack".into(),
        TransactionEvent::Cancelled { .. } => "cancelled".into(),
        TransactionEvent::Response { response, .. } => format!("response {}", response.status()),
        TransactionEvent::StrayResponse { response, .. } => format!("stray {}", response.status()),
        TransactionEvent::ClientTimedOut { .. } => "client timed out".into(),
        TransactionEvent::ClientTransportFailed { error, .. } => format!("client failed {error:?}"),
        TransactionEvent::ClientTerminated { .. } => "client terminated".into(),
        TransactionEvent::ServerFailed { cause, .. } => format!("server failed {cause:?}"),
        TransactionEvent::ServerTerminated { .. } => "server terminated".into(),
        TransactionEvent::Sent { .. } => "sent".into(),
        TransactionEvent::LateSuccess { .. } => "late success".into(),
        TransactionEvent::ClientUnlocated { error, .. } => format!("client unlocated {error:?}"),
        TransactionEvent::ClientCancelled { .. } => "client cancelled".into(),
        TransactionEvent::FlowFailed { error, .. } => format!("flow failed {error:?}"),
        TransactionEvent::MappedAddress { mapped, .. } => format!("mapped {mapped}"),
        TransactionEvent::HostFound { targets, .. } => format!("host found {targets:?}"),
    }
}

/// A request as the layer above would hand it down.
pub(crate) fn outgoing(method: Method) -> RequestBuilder {
    let uri: Uri = "sip:bob@192.0.2.7".parse().unwrap();
    Request::builder(method.clone(), &uri)
        .max_forwards(70)
        .raw(&"Route".parse().unwrap(), "<sip:192.0.2.7;lr>")
        .raw(&"Route".parse().unwrap(), "<sip:192.0.2.8;lr>")
        .raw(
            &"From".parse().unwrap(),
            "\"A. Lice\" <sip:alice@192.0.2.1>;tag=a1",
        )
        .raw(&"To".parse().unwrap(), "<sip:bob@192.0.2.7>")
        .raw(&"Call-ID".parse().unwrap(), "call-1@192.0.2.1")
        .raw(&"CSeq".parse().unwrap(), &format!("4711 {method}"))
        .raw(&"Require".parse().unwrap(), "100rel")
}

pub(crate) fn response(request: &Request, status: u16) -> Response {
    let status = StatusCode::new(status).unwrap();
    let builder = Response::builder_for(request, status);
    if status == StatusCode::TRYING {
        builder.build()
    } else {
        builder.to_tag("b1").build()
    }
}

/// A request as a peer would send it.
pub(crate) fn incoming(method: &str, branch: &str) -> String {
    let number = 1;
    format!(
        "{method} sip:alice@192.0.2.1 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.7:5060{branch}\r\n\
         From: <sip:bob@192.0.2.7>;tag=b7\r\n\
         To: <sip:alice@192.0.2.1>\r\n\
         Call-ID: call-7@192.0.2.7\r\n\
         CSeq: {number} {method}\r\n\
         Max-Forwards: 70\r\n\
         Content-Length: 0\r\n\r\n"
    )
}
