//! A stateless SIP server on `rvoip-sip-transport` alone: OPTIONS and MESSAGE get their own body back in a
//! 200, everything else gets 405. It remembers nothing, and shows the seam of the whole stack: a `Core` that has
//! neither sockets nor a clock, and the driver that gives it both.
//!
//! ```text
//! cargo run --release --example sip_echo -- --listen udp:127.0.0.1:5060 --listen tcp:127.0.0.1:5060
//! ```
//!
//! With `--capture sip.pcapng` every message is kept for Wireshark. SIGTERM and SIGINT end it.

use std::collections::hash_map::DefaultHasher;
use std::error::Error;
use std::fs::File;
use std::hash::{Hash, Hasher};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::Parser;
use rvoip_examples::{TlsOptions, parse_listener};
use rvoip_sip_transport::driver::{self, Capture, Sockets};
use rvoip_sip_transport::sip_core::{Allow, HeaderName, Method, Request, Response, StatusCode};
use rvoip_sip_transport::{
    Core, Direction, Flow, Input, Output, TransportConfig, TransportEvent, TransportKind,
    TransportLayer,
};
use tokio::signal::unix::{SignalKind, signal};

/// Answers OPTIONS and MESSAGE with their own bodies.
#[derive(Parser)]
struct Arguments {
    /// Where to listen, as udp:127.0.0.1:5060, or tcp:, tls:, ws:, wss:; may be given several times
    #[arg(long, default_value = "udp:127.0.0.1:5060", value_parser = parse_listener)]
    listen: Vec<(TransportKind, SocketAddr)>,
    /// Write every message to this pcapng file
    #[arg(long)]
    capture: Option<PathBuf>,
    #[command(flatten)]
    tls: TlsOptions,
}

/// Answers each request on its own.
struct Echo {
    transport: TransportLayer,
}

impl Echo {
    fn answer_all(&mut self, now: Instant) {
        while let Some(event) = self.transport.poll_event() {
            match event {
                TransportEvent::Request { request, flow } => {
                    let status = match request.method() {
                        Method::Options | Method::Message => StatusCode::OK,
                        _ => StatusCode::METHOD_NOT_ALLOWED,
                    };
                    self.answer(now, &request, status, &flow);
                }
                TransportEvent::Invalid {
                    request,
                    defect,
                    flow,
                } => self.answer(now, &request, defect.status, &flow),
                _ => {}
            }
        }
    }

    fn answer(&mut self, now: Instant, request: &Request, status: StatusCode, flow: &Flow) {
        // An ACK has no answer.
        if *request.method() == Method::Ack {
            return;
        }
        // A stateless answer has the same tag whenever the request is repeated (RFC 3261 section 8.2.7).
        let mut hasher = DefaultHasher::new();
        request.to_bytes().hash(&mut hasher);
        let mut response = Response::builder_for(request, status)
            .to_tag(&format!("{:x}", hasher.finish()))
            .header(&Allow::new(&[Method::Options, Method::Message]));
        if status.is_success()
            && let Some(kind) = request.headers().raw(&HeaderName::ContentType)
        {
            response = response.body(kind, request.body().clone());
        }
        if let Err(error) = self.transport.send_response(now, &response.build(), flow) {
            eprintln!("no answer to {}: {error}", flow.remote);
        }
    }
}

impl Core for Echo {
    type Event = ();

    fn handle_input(&mut self, now: Instant, input: Input) {
        if let Input::Accepted { .. } = input {
            // Nothing is remembered, so no connection is needed more than another.
            self.transport.make_room(|_| false);
        }
        self.transport.handle_input(now, input);
        self.answer_all(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.transport.handle_timeout(now);
        self.answer_all(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.transport.poll_timeout()
    }

    fn poll_output(&mut self) -> Option<Output<()>> {
        self.transport.poll_wire()
    }

    fn publish(&mut self) {
        self.transport.publish();
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let capture = match arguments.capture {
        Some(path) => Some(Arc::new(Capture::start(File::create(path)?)?)),
        None => None,
    };
    let sockets = Sockets::bind(&arguments.listen)?.with_tls(arguments.tls.load()?);
    let listeners = sockets.listeners();
    let mut config = TransportConfig::new(listeners.clone());
    if let Some(capture) = &capture {
        config.tap = Some(capture.clone());
    }
    let transport = TransportLayer::new(config);
    let (mut terminate, mut interrupt) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let shard = driver::spawn(sockets, Echo { transport }, drop)?;
    let addresses = listeners
        .iter()
        .map(|listener| format!(" {}:{}", listener.kind, listener.local_addr));
    println!("ready{}", addresses.collect::<String>());
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    let (received, sent, dropped) = shard
        .call(|echo, _| {
            let counters = echo.transport.counters();
            (
                counters.messages(Direction::In),
                counters.messages(Direction::Out),
                counters.dropped_total(),
            )
        })
        .await?;
    shard.stop().await;
    if let Some(capture) = capture {
        capture.finish()?;
    }
    println!("received {received} sent {sent} dropped {dropped}");
    Ok(())
}
