//! A shard with a small core that answers every request with 200 and reports the rest.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;
use rvoip_sip_transport::driver::{self, Shard, Sockets};
use rvoip_sip_transport::sip_core::{Limits, Message, Response, StatusCode};
use rvoip_sip_transport::{
    Core, DropReason, Flow, Input, ListenerInfo, Output, Target, TransportConfig, TransportEvent,
    TransportKind, TransportLayer,
};
use tokio::sync::mpsc;

#[derive(Debug)]
pub(crate) enum Seen {
    Response(Response, Flow),
    Failed(Flow, io::ErrorKind),
    Located(usize),
    Alarm,
}

/// Answers requests, reports the rest.
pub(crate) struct Answerer {
    pub(crate) transport: TransportLayer,
    pub(crate) events: VecDeque<Seen>,
    pub(crate) alarm: Option<Instant>,
}

impl Answerer {
    pub(crate) fn new(config: TransportConfig) -> Self {
        Self {
            transport: TransportLayer::new(config),
            events: VecDeque::new(),
            alarm: None,
        }
    }

    pub(crate) fn send(&mut self, now: Instant, kind: TransportKind, addr: SocketAddr) -> Flow {
        self.send_to(now, &Target::address(kind, addr))
    }

    pub(crate) fn send_to(&mut self, now: Instant, target: &Target) -> Flow {
        let route = self.transport.route(target).unwrap();
        let octets = request(&format!("{} {}", route.via_transport, route.sent_by), 0);
        self.transport
            .send_request(now, octets.into(), target)
            .unwrap()
    }
}

impl Core for Answerer {
    type Event = Seen;

    fn handle_input(&mut self, now: Instant, input: Input) {
        self.transport.handle_input(now, input);
        while let Some(event) = self.transport.poll_event() {
            match event {
                TransportEvent::Request { request, flow } => {
                    let ok = Response::builder_for(&request, StatusCode::OK)
                        .to_tag("t")
                        .build();
                    // A peer that has gone away needs no answer.
                    let _ = self.transport.send_response(now, &ok, &flow);
                }
                TransportEvent::Response { response, flow } => {
                    self.events.push_back(Seen::Response(response, flow));
                }
                TransportEvent::FlowFailed { flow, error } => {
                    self.events.push_back(Seen::Failed(flow, error));
                }
                TransportEvent::Located { targets, .. } => {
                    let targets = targets.map_or(0, |targets| targets.len());
                    self.events.push_back(Seen::Located(targets));
                }
                _ => {}
            }
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.transport.handle_timeout(now);
        if self.alarm.is_some_and(|alarm| alarm <= now) {
            self.alarm = None;
            self.events.push_back(Seen::Alarm);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.transport
            .poll_timeout()
            .into_iter()
            .chain(self.alarm)
            .min()
    }

    fn poll_output(&mut self) -> Option<Output<Seen>> {
        self.transport
            .poll_wire()
            .or_else(|| self.events.pop_front().map(Output::Event))
    }
}

pub(crate) struct Endpoint {
    pub(crate) shard: Shard<Answerer>,
    pub(crate) listeners: Vec<ListenerInfo>,
    pub(crate) events: mpsc::Receiver<Seen>,
}

impl Endpoint {
    pub(crate) fn start(addresses: &[(TransportKind, SocketAddr)]) -> Self {
        Self::drive(Sockets::bind(addresses).unwrap())
    }

    pub(crate) fn drive(sockets: Sockets) -> Self {
        let listeners = sockets.listeners();
        let core = Answerer::new(TransportConfig::new(listeners.clone()));
        let (sender, events) = mpsc::channel(1000);
        let sink = move |event| sender.try_send(event).unwrap();
        let shard = driver::spawn(sockets, core, sink).unwrap();
        Self {
            shard,
            listeners,
            events,
        }
    }

    pub(crate) fn on(ip: &str) -> Self {
        let addr = SocketAddr::new(ip.parse().unwrap(), 0);
        Self::start(&[(TransportKind::Udp, addr), (TransportKind::Tcp, addr)])
    }

    pub(crate) fn addr(&self) -> SocketAddr {
        self.listeners[0].local_addr
    }

    /// Sends a request; what comes of it is an event.
    #[cfg(any(feature = "tls", feature = "ws"))]
    pub(crate) async fn send(&self, target: Target) -> Flow {
        let send = move |core: &mut Answerer, now| core.send_to(now, &target);
        self.shard.call(send).await.unwrap()
    }

    pub(crate) async fn next(&mut self) -> Seen {
        self.events.recv().await.unwrap()
    }

    pub(crate) async fn dropped(&self, reason: DropReason) -> u64 {
        let count = move |core: &mut Answerer, _| core.transport.counters().dropped(reason);
        self.shard.call(count).await.unwrap()
    }
}

pub(crate) fn request(via: &str, number: usize) -> String {
    format!(
        "OPTIONS sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/{via};branch=z9hG4bK{number};rport\r\n\
         Max-Forwards: 70\r\nFrom: <sip:a@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\n\
         Call-ID: {number}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    )
}

/// Many requests whose answers are long: who does not read them is soon owed more than sockets hold.
pub(crate) fn pressing_requests(via: &str) -> String {
    let call_id = format!("Call-ID: {}", "x".repeat(8000));
    request(via, 0).replace("Call-ID: 0", &call_id).repeat(10)
}

pub(crate) fn response(octets: &[u8]) -> Response {
    match Message::parse(Bytes::copy_from_slice(octets), &Limits::default()) {
        Ok(Message::Response(response)) => response,
        other => panic!("no response but {other:?}"),
    }
}
