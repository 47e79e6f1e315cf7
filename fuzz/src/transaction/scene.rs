//! A peer, a network and a user around one transaction layer.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_transaction_core::sip_core::{
    HeaderName, Limits, Message, Method, Request, RequestBuilder, Response, StatusCode, Uri,
};
use rvoip_transaction_core::sip_transport::{
    ConnectionId, Input, ListenerId, ListenerInfo, Output, Target, TransportConfig, TransportKind,
    TransportLayer,
};
use rvoip_transaction_core::{
    ClientKey, ServerKey, TransactionConfig, TransactionEvent, TransactionLayer,
};

const STATUSES: [u16; 8] = [100, 180, 200, 302, 404, 487, 503, 603];
const WAITS_MS: [u64; 8] = [1, 50, 200, 500, 1_000, 4_000, 32_000, 64_000];
/// What a script remembers at most, of each kind.
const REMEMBERED: usize = 32;
/// The most steps that draining may take; a layer that always has something due never ends.
const STEPS: usize = 20_000;

/// Everything around the layer.
pub(super) struct Scene {
    layer: TransactionLayer,
    now: Instant,
    pub(super) status: usize,
    /// 0 is UDP, 1 the connection of the peer, 2 a connection of ours.
    pub(super) transport: usize,
    pub(super) damage: Option<(usize, usize)>,
    pub(super) next_connection_fails: bool,
    connections: Vec<ConnectionId>,
    accepted: u64,
    /// What the user has been asked, and what the peer has.
    asked: Vec<(ServerKey, Request)>,
    peer_asked: Vec<Request>,
    clients: Vec<ClientKey>,
    last: Option<Input>,
    /// The terminal events of each transaction that the user has heard of.
    client_ends: HashMap<ClientKey, u32>,
    server_ends: HashMap<ServerKey, u32>,
}

/// A fixed point in time; nothing depends on it.
fn start() -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    *START.get_or_init(Instant::now)
}

fn ours() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 5060))
}

fn theirs() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 7], 5060))
}

impl Scene {
    pub(super) fn new() -> Scene {
        let plan =
            ListenerInfo::plan(&[(TransportKind::Udp, ours()), (TransportKind::Tcp, ours())]);
        let transport = TransportLayer::new(TransportConfig::new(plan));
        let config = TransactionConfig {
            max_transactions: 16,
            ..TransactionConfig::default()
        };
        Scene {
            layer: TransactionLayer::new(config, transport, StdRng::seed_from_u64(7)),
            now: start(),
            status: 0,
            transport: 0,
            damage: None,
            next_connection_fails: false,
            connections: Vec::new(),
            accepted: 0,
            asked: Vec::new(),
            peer_asked: Vec::new(),
            clients: Vec::new(),
            last: None,
            client_ends: HashMap::new(),
            server_ends: HashMap::new(),
        }
    }

    /// A request of the peer; those of one branch belong together.
    pub(super) fn peer_sends(&mut self, method: &str, branch: usize) {
        let branch = branch % 8;
        let cseq = if matches!(method, "ACK" | "CANCEL") {
            "INVITE"
        } else {
            method
        };
        let via = if self.transport == 0 { "UDP" } else { "TCP" };
        let text = format!(
            "{method} sip:alice@192.0.2.1 SIP/2.0\r\n\
             Via: SIP/2.0/{via} 192.0.2.7:5060;branch=z9hG4bK{cseq}{branch}\r\n\
             From: <sip:bob@192.0.2.7>;tag=b{branch}\r\n\
             To: <sip:alice@192.0.2.1>\r\n\
             Call-ID: call-{branch}@192.0.2.7\r\n\
             CSeq: 1 {method}\r\n\
             Max-Forwards: 70\r\n\
             Content-Length: 0\r\n\r\n"
        );
        self.receive(text.into_bytes());
    }

    pub(super) fn peer_answers(&mut self, number: usize) {
        let Some(request) = pick(&self.peer_asked, number) else {
            return;
        };
        let response = response(request, self.status, "b1");
        self.receive(response.to_bytes().to_vec());
    }

    pub(super) fn user_answers(&mut self, number: usize) {
        let Some((key, request)) = pick(&self.asked, number) else {
            return;
        };
        let response = response(request, self.status, "a1");
        let _ = self.layer.respond(self.now, *key, response);
        self.drain();
    }

    pub(super) fn user_sends(&mut self, is_invite: bool) {
        let method = if is_invite {
            Method::Invite
        } else {
            Method::Options
        };
        let kind = if self.transport == 0 {
            TransportKind::Udp
        } else {
            TransportKind::Tcp
        };
        let target = Target::address(kind, theirs());
        if let Ok(key) = self.layer.send_request(self.now, outgoing(method), &target) {
            self.client(key);
        }
        self.drain();
    }

    pub(super) fn user_cancels(&mut self, number: usize) {
        let Some(invite) = pick(&self.clients, number).copied() else {
            return;
        };
        if let Ok(key) = self.layer.cancel(self.now, invite) {
            self.client(key);
        }
        self.drain();
    }

    /// The last octets of the peer come again.
    pub(super) fn again(&mut self) {
        if let Some(input) = self.last.clone() {
            self.input(input);
        }
    }

    pub(super) fn connections_end(&mut self) {
        for connection in std::mem::take(&mut self.connections) {
            self.input(Input::Closed {
                connection,
                error: Some(io::ErrorKind::ConnectionReset),
            });
        }
    }

    pub(super) fn undelivered(&mut self) {
        let (listener, error) = (ListenerId(0), io::ErrorKind::ConnectionRefused);
        self.input(Input::SendFailed {
            listener,
            destination: theirs(),
            error,
        });
    }

    pub(super) fn wait(&mut self, number: usize) {
        self.wait_for(Duration::from_millis(WAITS_MS[number % WAITS_MS.len()]));
    }

    /// The user answers what is open and gives up what it has begun; then time passes until nothing is due.
    pub(super) fn end(&mut self) {
        for number in 0..self.clients.len() {
            self.user_cancels(number);
        }
        self.status = 7;
        let mut answered = 0;
        while answered < self.asked.len() {
            self.user_answers(answered);
            answered += 1;
        }
        self.connections_end();
        self.wait_for(Duration::from_secs(3600));
        assert_eq!(self.layer.len(), 0, "transactions are left");
        assert_eq!(self.layer.poll_timeout(), None, "something is due for ever");
        let ends = self.client_ends.values().chain(self.server_ends.values());
        assert!(
            ends.copied().all(|ends| ends == 1),
            "{:?} {:?}",
            self.client_ends,
            self.server_ends
        );
    }

    fn wait_for(&mut self, time: Duration) {
        let end = self.now + time;
        let mut steps = 0;
        while let Some(due) = self.layer.poll_timeout().filter(|due| *due <= end) {
            assert!(due >= self.now, "a deadline in the past");
            self.now = due;
            self.layer.handle_timeout(due);
            self.drain();
            assert!(
                self.layer.poll_timeout().is_none_or(|next| next > due),
                "what was due is not done"
            );
            steps += 1;
            assert!(steps < STEPS, "there is no end of it");
        }
        self.now = end;
    }

    fn client(&mut self, key: ClientKey) {
        assert_eq!(
            self.client_ends.insert(key, 0),
            None,
            "a key is given twice"
        );
        remember(&mut self.clients, key);
    }

    fn receive(&mut self, mut octets: Vec<u8>) {
        if let Some((place, value)) = self.damage.take() {
            let place = (octets.len() * place / 100).min(octets.len() - 1);
            octets[place] = value as u8;
        }
        let payload = Bytes::from(octets);
        let input = match self.transport {
            0 => Input::Datagram {
                listener: ListenerId(0),
                source: theirs(),
                payload,
            },
            transport => {
                let accepted = transport == 1;
                let Some(connection) = self
                    .connections
                    .iter()
                    .rev()
                    .find(|known| known.is_accepted() == accepted)
                    .copied()
                    .or_else(|| accepted.then(|| self.accept()))
                else {
                    return;
                };
                Input::Stream {
                    connection,
                    payload,
                }
            }
        };
        self.last = Some(input.clone());
        self.input(input);
    }

    fn accept(&mut self) -> ConnectionId {
        self.accepted += 1;
        let connection = ConnectionId::accepted(self.accepted);
        let remote = SocketAddr::new(theirs().ip(), 40_000);
        self.connections.push(connection);
        self.input(Input::Accepted {
            connection,
            listener: ListenerId(1),
            local: ours(),
            remote,
            peer: None,
        });
        connection
    }

    fn input(&mut self, input: Input) {
        self.layer.handle_input(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.layer.poll_wire::<()>() {
            match output {
                Output::Datagram { payload, .. } | Output::Stream { payload, .. } => {
                    self.peer_hears(payload)
                }
                Output::Connect { connection, .. } => self.connect(connection),
                Output::Close { connection } => {
                    self.connections.retain(|known| *known != connection)
                }
                Output::Lookup { .. } | Output::Event(()) => {}
            }
        }
        while let Some(event) = self.layer.poll_event() {
            self.hear(event);
        }
    }

    fn connect(&mut self, connection: ConnectionId) {
        let input = if std::mem::take(&mut self.next_connection_fails) {
            Input::ConnectFailed {
                connection,
                error: io::ErrorKind::ConnectionRefused,
            }
        } else {
            self.connections.push(connection);
            Input::Connected {
                connection,
                local: ours(),
                peer: None,
            }
        };
        self.layer.handle_input(self.now, input);
    }

    fn peer_hears(&mut self, octets: Bytes) {
        match Message::parse(octets.clone(), &Limits::DEFAULT) {
            Ok(Message::Request(request)) if *request.method() != Method::Ack => {
                remember(&mut self.peer_asked, request)
            }
            Ok(_) => {}
            // The answer to a keep-alive.
            Err(_) => assert_eq!(&octets[..], b"\r\n", "what is sent is no message"),
        }
    }

    fn hear(&mut self, event: TransactionEvent) {
        let is_terminal = event.is_terminal();
        match event {
            TransactionEvent::Request { key, request, .. } => {
                assert_eq!(
                    self.server_ends.insert(key, 0),
                    None,
                    "a key is given twice"
                );
                self.asked.push((key, request));
            }
            TransactionEvent::Response { key, .. }
            | TransactionEvent::ClientTimedOut { key }
            | TransactionEvent::ClientTransportFailed { key, .. }
            | TransactionEvent::ClientTerminated { key } => {
                end_of(&mut self.client_ends, &key, is_terminal)
            }
            TransactionEvent::Cancelled { key }
            | TransactionEvent::ServerFailed { key, .. }
            | TransactionEvent::ServerTerminated { key } => {
                end_of(&mut self.server_ends, &key, is_terminal)
            }
            _ => {}
        }
    }
}

/// Counts an end; nothing comes of a transaction that is unknown or over.
fn end_of<K: std::hash::Hash + Eq + std::fmt::Debug>(
    ends: &mut HashMap<K, u32>,
    key: &K,
    is_terminal: bool,
) {
    match ends.get_mut(key) {
        Some(count @ 0) => *count += u32::from(is_terminal),
        other => panic!("an event of {key:?}, which has ended {other:?} times"),
    }
}

fn pick<T>(all: &[T], number: usize) -> Option<&T> {
    all.get(number.checked_rem(all.len())?)
}

fn remember<T>(all: &mut Vec<T>, one: T) {
    if all.len() == REMEMBERED {
        all.remove(0);
    }
    all.push(one);
}

fn response(request: &Request, status: usize, tag: &str) -> Response {
    let status = StatusCode::new(STATUSES[status % STATUSES.len()]).unwrap_or(StatusCode::OK);
    let builder = Response::builder_for(request, status);
    match status == StatusCode::TRYING {
        true => builder.build(),
        false => builder.to_tag(tag).build(),
    }
}

/// A request as the layer above would hand it down.
fn outgoing(method: Method) -> RequestBuilder {
    let uri: Uri = match "sip:bob@192.0.2.7".parse() {
        Ok(uri) => uri,
        Err(error) => unreachable!("{error}"),
    };
    let cseq = format!("4711 {method}");
    Request::builder(method, &uri)
        .max_forwards(70)
        .raw(&HeaderName::From, "<sip:alice@192.0.2.1>;tag=a1")
        .raw(&HeaderName::To, "<sip:bob@192.0.2.7>")
        .raw(&HeaderName::CallId, "call-1@192.0.2.1")
        .raw(&HeaderName::CSeq, &cseq)
}
