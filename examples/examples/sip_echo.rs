//! A stateless SIP answerer on `rvoip-sip-transport` alone: OPTIONS is answered 200, everything else
//! 405. It shows the seam of the whole stack: a `Core` that has neither sockets nor a clock, and the
//! driver that gives it both.
//!
//! ```text
//! cargo run --release --example sip_echo -- --listen udp:127.0.0.1:5060 --listen tcp:127.0.0.1:5060
//! ```

use std::collections::hash_map::DefaultHasher;
use std::error::Error;
use std::hash::{Hash, Hasher};
use std::net::SocketAddr;
use std::time::Instant;

use clap::Parser;
use rvoip_sip_transport::driver::{self, Sockets};
use rvoip_sip_transport::sip_core::{Allow, Method, Request, Response, StatusCode};
use rvoip_sip_transport::{
    Core, Flow, Input, Output, TransportConfig, TransportEvent, TransportKind, TransportLayer,
};

#[derive(Parser)]
struct Arguments {
    /// Where to listen, such as udp:127.0.0.1:5060; may be given more than once.
    #[arg(long, default_value = "udp:127.0.0.1:5060", value_parser = listen)]
    listen: Vec<(TransportKind, SocketAddr)>,
}

fn listen(text: &str) -> Result<(TransportKind, SocketAddr), Box<dyn Error + Send + Sync>> {
    let (kind, addr) = text.split_once(':').ok_or("expected udp:ADDRESS:PORT")?;
    Ok((kind.parse()?, addr.parse()?))
}

/// Answers each request on its own and remembers nothing.
struct Answerer {
    transport: TransportLayer,
}

impl Answerer {
    fn answer(&mut self, now: Instant, request: &Request, status: StatusCode, flow: &Flow) {
        if *request.method() == Method::Ack {
            return;
        }
        // A stateless answer has the same tag whenever the request is repeated (RFC 3261 section 8.2.7).
        let mut hasher = DefaultHasher::new();
        request.to_bytes().hash(&mut hasher);
        let response = Response::builder_for(request, status)
            .to_tag(&format!("{:x}", hasher.finish()))
            .header(&Allow::new(&[Method::Options]))
            .build();
        if let Err(error) = self.transport.send_response(now, &response, flow) {
            eprintln!("no answer to {}: {error}", flow.remote);
        }
    }
}

impl Core for Answerer {
    type Event = ();

    fn handle_input(&mut self, now: Instant, input: Input) {
        self.transport.handle_input(now, input);
        while let Some(event) = self.transport.poll_event() {
            match event {
                TransportEvent::Request { request, flow } => {
                    let status = match *request.method() {
                        Method::Options => StatusCode::OK,
                        _ => StatusCode::METHOD_NOT_ALLOWED,
                    };
                    self.answer(now, &request, status, &flow);
                }
                TransportEvent::Invalid {
                    request,
                    defect,
                    flow,
                } => {
                    self.answer(now, &request, defect.status, &flow);
                }
                _ => {}
            }
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.transport.handle_timeout(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.transport.poll_timeout()
    }

    fn poll_output(&mut self) -> Option<Output<()>> {
        self.transport.poll_wire()
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let sockets = Sockets::bind(&arguments.listen)?;
    let listeners = sockets.listeners();
    let transport = TransportLayer::new(TransportConfig::new(listeners.clone()));
    let shard = driver::spawn(sockets, Answerer { transport }, drop)?;
    for listener in &listeners {
        println!("ready {}:{}", listener.kind, listener.local_addr);
    }
    tokio::signal::ctrl_c().await?;
    let counters = shard.call(|core, _| *core.transport.counters()).await?;
    shard.stop().await;
    println!(
        "received {} sent {} dropped {}",
        counters.messages_received,
        counters.messages_sent,
        counters.dropped_total(),
    );
    Ok(())
}
