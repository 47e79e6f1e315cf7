//! The bench of the tests: one manager, one raw peer, virtual time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::SeedableRng;
use rand::rngs::StdRng;
use rvoip_dialog_core::sip_core::{HeaderName, Limits, Message, NameAddr, Request, StatusCode};
use rvoip_dialog_core::sip_transport::sim::{Ladder, NodeId, Simulation, WireLog};
use rvoip_dialog_core::sip_transport::{ListenerInfo, TransportConfig, TransportKind};
use rvoip_dialog_core::transaction_core::TransactionConfig;
use rvoip_dialog_core::{
    Body, CallKey, DialogError, DialogManager, DialogManagerConfig, EndCause, HybridConfig,
    OutgoingCall, SessionCoordinationEvent,
};

pub(crate) use rvoip_dialog_core::{OfferMethod, SessionCoordinationEvent as Event};

pub(crate) const OFFER: &str = "v=0 offer";
pub(crate) const ANSWER: &str = "v=0 answer";

/// What every side says about itself.
pub(crate) const ALLOW: &str =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, REFER, SUBSCRIBE, NOTIFY";
pub(crate) const SUPPORTED: &str = "replaces, norefersub, 100rel, timer";

pub(crate) fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(crate) fn sdp(text: &'static str) -> Option<Body> {
    Some(Body::sdp(text))
}

pub(crate) fn status(code: u16) -> StatusCode {
    StatusCode::new(code).unwrap()
}

pub(crate) fn manager(
    config: DialogManagerConfig,
    listeners: &[ListenerInfo],
    seed: u64,
    log: &WireLog,
) -> DialogManager {
    let mut transport = TransportConfig::new(listeners.to_vec());
    transport.tap = Some(Arc::new(log.clone()));
    DialogManager::new(
        config,
        TransactionConfig::default(),
        transport,
        StdRng::seed_from_u64(seed),
    )
}

pub(crate) fn hybrid() -> DialogManagerConfig {
    DialogManagerConfig::Hybrid(HybridConfig::default())
}

/// A message as the peer received it.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) at: Duration,
    pub(crate) text: String,
    pub(crate) message: Message,
}

impl Received {
    /// Octets that did not come to the peer's own address.
    pub(crate) fn parse(octets: bytes::Bytes) -> Received {
        Received {
            at: Duration::ZERO,
            text: String::from_utf8(octets.to_vec()).unwrap(),
            message: Message::parse(octets, &Limits::default()).unwrap(),
        }
    }

    pub(crate) fn request(&self) -> &Request {
        match &self.message {
            Message::Request(request) => request,
            Message::Response(_) => panic!("a response:\n{}", self.text),
        }
    }

    /// The method, or the status: what a ladder would show.
    pub(crate) fn label(&self) -> String {
        match &self.message {
            Message::Request(request) => request.method().to_string(),
            Message::Response(response) => response.status().to_string(),
        }
    }

    pub(crate) fn header(&self, name: HeaderName) -> String {
        self.message
            .headers()
            .raw(&name)
            .unwrap_or_else(|| panic!("no {name} in\n{}", self.text))
            .to_owned()
    }

    pub(crate) fn headers(&self, name: HeaderName) -> Vec<String> {
        self.message
            .headers()
            .raw_all(&name)
            .map(str::to_owned)
            .collect()
    }

    pub(crate) fn has(&self, name: HeaderName) -> bool {
        self.message.headers().contains(&name)
    }

    pub(crate) fn to_tag(&self) -> String {
        match &self.message {
            Message::Request(request) => request.to().unwrap().tag().unwrap().to_owned(),
            Message::Response(response) => response.to().unwrap().tag().unwrap().to_owned(),
        }
    }

    pub(crate) fn body(&self) -> &str {
        std::str::from_utf8(self.message.body()).unwrap()
    }
}

/// One manager at 10.0.0.1, a raw peer at 10.0.0.2.
pub(crate) struct Bench {
    pub(crate) sim: Simulation<DialogManager>,
    pub(crate) node: NodeId,
    start: Instant,
    branch: u32,
}

impl Ladder for Bench {
    fn ladder(&self) -> String {
        self.sim.ladder()
    }
}

pub(crate) const US: &str = "10.0.0.1:5060";
pub(crate) const PEER: &str = "10.0.0.2:5060";

impl Bench {
    pub(crate) fn new() -> Bench {
        Bench::with(hybrid())
    }

    pub(crate) fn with(config: DialogManagerConfig) -> Bench {
        let mut sim = Simulation::new(1);
        let listeners = ListenerInfo::plan(&[
            (TransportKind::Udp, addr(US)),
            (TransportKind::Tcp, addr(US)),
        ]);
        let manager = manager(config, &listeners, 1, sim.wire_log());
        let node = sim.add(manager, listeners);
        sim.open_endpoint(addr(PEER));
        let start = sim.now();
        Bench {
            sim,
            node,
            start,
            branch: 0,
        }
    }

    pub(crate) fn run(&mut self, milliseconds: u64) {
        self.sim.run_for(Duration::from_millis(milliseconds));
    }

    /// The peer sends this; lines may end in plain line feeds.
    pub(crate) fn send(&mut self, text: &str) {
        let wire = text.replace('\n', "\r\n");
        self.sim.send_datagram(addr(PEER), addr(US), wire.into());
        self.run(5);
    }

    /// What the peer received since the last call.
    pub(crate) fn take(&mut self) -> Vec<Received> {
        let start = self.start;
        let datagrams = self.sim.take_datagrams(addr(PEER));
        let parse = |(at, _, octets): (Instant, SocketAddr, bytes::Bytes)| Received {
            at: at - start,
            text: String::from_utf8(octets.to_vec()).unwrap(),
            message: Message::parse(octets, &Limits::default()).unwrap(),
        };
        datagrams.into_iter().map(parse).collect()
    }

    /// The one message that the peer received, with its label.
    pub(crate) fn take_one(&mut self, label: &str) -> Received {
        let mut all = self.take();
        let labels: Vec<String> = all.iter().map(Received::label).collect();
        assert_eq!(labels, [label]);
        all.remove(0)
    }

    pub(crate) fn labels(&mut self) -> Vec<String> {
        self.take().iter().map(Received::label).collect()
    }

    pub(crate) fn events(&mut self) -> Vec<Event> {
        self.sim
            .events(self.node)
            .into_iter()
            .map(|(_, event)| event)
            .collect()
    }

    /// The one event there is.
    pub(crate) fn event(&mut self) -> Event {
        let mut events = self.events();
        assert_eq!(events.len(), 1, "{events:?}");
        events.remove(0)
    }

    /// The cause with which the call ended, that being the one event there is.
    pub(crate) fn ended(&mut self) -> EndCause {
        match self.event() {
            Event::Ended { cause, .. } => cause,
            other => panic!("{other:?}"),
        }
    }

    /// What the events are called.
    pub(crate) fn names(&mut self) -> Vec<String> {
        self.events().iter().map(name).collect()
    }

    pub(crate) fn quiet(&mut self) {
        let events = self.events();
        assert!(events.is_empty(), "{events:?}");
    }

    pub(crate) fn command<R>(
        &mut self,
        f: impl FnOnce(&mut DialogManager, Instant) -> Result<R, DialogError>,
    ) -> R {
        let result = self.sim.with(self.node, f).unwrap();
        self.run(5);
        result
    }

    pub(crate) fn fails<R: std::fmt::Debug>(
        &mut self,
        f: impl FnOnce(&mut DialogManager, Instant) -> Result<R, DialogError>,
    ) -> DialogError {
        self.sim.with(self.node, f).unwrap_err()
    }

    pub(crate) fn manager(&self) -> &DialogManager {
        self.sim.core(self.node)
    }

    /// Waits until every timer has run out; then nothing may be left anywhere.
    pub(crate) fn assert_clean(&mut self) {
        self.run(300_000);
        assert_eq!(self.manager().calls(), 0);
        assert!(
            self.manager().is_idle(),
            "{:?}",
            self.manager().transactions().len()
        );
        assert_eq!(self.manager().counters().ended_calls, {
            let counters = self.manager().counters();
            counters.incoming_calls + counters.outgoing_calls
        });
    }

    /// A request of the peer in the dialog `call`, Via and Max-Forwards included; `lines` go before the body.
    pub(crate) fn request(
        &mut self,
        method: &str,
        cseq: u32,
        to_tag: Option<&str>,
        lines: &[&str],
        body: &str,
    ) -> String {
        self.branch += 1;
        let to_tag = to_tag.map(|tag| format!(";tag={tag}")).unwrap_or_default();
        let mut text = format!(
            "{method} sip:bob@{US} SIP/2.0\nVia: SIP/2.0/UDP {PEER};branch=z9hG4bK{}\nMax-Forwards: 70\n\
             From: Alice <sip:alice@example.com>;tag=a1\nTo: Bob <sip:bob@example.com>{to_tag}\n\
             Call-ID: call-1@10.0.0.2\nCSeq: {cseq} {method}\n",
            self.branch
        );
        if !lines.iter().any(|line| line.starts_with("Contact")) {
            text += &format!("Contact: <sip:alice@{PEER}>\n");
        }
        for line in lines {
            text += &format!("{line}\n");
        }
        if !body.is_empty() {
            text += "Content-Type: application/sdp\n";
        }
        text + &format!("Content-Length: {}\n\n{body}", body.len())
    }

    /// An INVITE with an offer arrives and is told.
    pub(crate) fn incoming(&mut self) -> CallKey {
        self.incoming_with(&[], OFFER)
    }

    pub(crate) fn incoming_with(&mut self, lines: &[&str], body: &str) -> CallKey {
        let invite = self.request("INVITE", 1, None, lines, body);
        self.send(&invite);
        match self.event() {
            Event::IncomingCall { key, .. } => key,
            other => panic!("{other:?}"),
        }
    }

    /// An incoming call, answered and acknowledged; the key and our tag.
    pub(crate) fn called(&mut self) -> (CallKey, String) {
        self.called_with(&[])
    }

    pub(crate) fn called_with(&mut self, lines: &[&str]) -> (CallKey, String) {
        let key = self.incoming_with(lines, OFFER);
        self.command(|manager, now| manager.accept(now, key, sdp(ANSWER)));
        let tag = self.take_one("200").to_tag();
        let ack = self.request("ACK", 1, Some(&tag), &[], "");
        self.send(&ack);
        assert!(matches!(self.event(), Event::Confirmed { body: None, .. }));
        (key, tag)
    }

    /// A call of ours to the peer; the key and the INVITE it received.
    pub(crate) fn calling(&mut self, body: Option<Body>) -> (CallKey, Received) {
        let key = self.command(|manager, now| {
            let local: NameAddr = "Alice <sip:alice@example.com>".parse().unwrap();
            let mut call = OutgoingCall::new(local, format!("sip:bob@{PEER}").parse().unwrap());
            call.body = body;
            manager.invite(now, call)
        });
        let invite = self.take_one("INVITE");
        (key, invite)
    }

    /// A call of ours, answered with 200 by the peer; the key, the INVITE and the ACK it received.
    pub(crate) fn answered(&mut self) -> (CallKey, Received, Received) {
        let (key, invite) = self.calling(sdp(OFFER));
        self.send(&reply(&invite, "200 OK", Some("b1"), &[], ANSWER));
        assert!(matches!(self.event(), Event::Answered { offer: false, .. }));
        let ack = self.take_one("ACK");
        (key, invite, ack)
    }
}

/// The peer's response to a request of ours.
pub(crate) fn reply(
    request: &Received,
    status: &str,
    to_tag: Option<&str>,
    lines: &[&str],
    body: &str,
) -> String {
    let mut text = format!("SIP/2.0 {status}\n");
    for name in [
        HeaderName::Via,
        HeaderName::From,
        HeaderName::To,
        HeaderName::CallId,
        HeaderName::CSeq,
    ] {
        let tag = match (&name, to_tag) {
            (HeaderName::To, Some(tag)) => format!(";tag={tag}"),
            _ => String::new(),
        };
        text += &format!("{name}: {}{tag}\n", request.header(name.clone()));
    }
    if !lines.iter().any(|line| line.starts_with("Contact")) {
        text += &format!("Contact: <sip:bob@{PEER}>\n");
    }
    for line in lines {
        text += &format!("{line}\n");
    }
    if !body.is_empty() {
        text += "Content-Type: application/sdp\n";
    }
    text + &format!("Content-Length: {}\n\n{body}", body.len())
}

/// How an event is written in a list of expectations.
pub(crate) fn name(event: &SessionCoordinationEvent) -> String {
    match event {
        Event::Ended { cause, .. } => format!("Ended {cause:?}"),
        Event::Progress { status, .. } => format!("Progress {status}"),
        Event::OfferRefused { status, .. } => format!("OfferRefused {status}"),
        other => {
            let text = format!("{other:?}");
            text.split([' ', '{']).next().unwrap_or_default().to_owned()
        }
    }
}
