//! A stateful OPTIONS server on `rvoip-transaction-core` alone: OPTIONS is answered 200, every other request 405, and
//! what a lossy network repeats is answered from the transaction, in the same octets.
//!
//! ```text
//! cargo run --release --example options_server -- --listen udp:127.0.0.1:5060 --listen tcp:127.0.0.1:5060
//! ```
//!
//! Without `--listen` it takes two free ports, asks itself over UDP and over TCP, and checks the answers.
//! Ends by itself with exit code 0 when everything it shows is right.

use std::collections::VecDeque;
use std::error::Error;
use std::net::SocketAddr;
use std::time::Instant;

use clap::Parser;
use rand::rngs::{StdRng, SysRng};
use rand::{RngExt, SeedableRng};
use rvoip_examples::{TlsOptions, parse_listener};
use rvoip_transaction_core::sip_core::{
    Allow, CSeq, CallId, From, Method, NameAddr, Request, RequestBuilder, Response, StatusCode, To,
};
use rvoip_transaction_core::sip_transport::driver::{self, Sockets};
use rvoip_transaction_core::sip_transport::{
    Core, Input, ListenerInfo, Output, Target, TransportConfig, TransportKind, TransportLayer,
};
use rvoip_transaction_core::{TransactionConfig, TransactionEvent, TransactionLayer};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

type Failure = Box<dyn Error + Send + Sync>;

#[derive(Parser)]
struct Arguments {
    /// Where to listen, as udp:127.0.0.1:5060, or tcp:, tls:, ws:, wss:; may be given several times
    #[arg(long, value_parser = parse_listener)]
    listen: Vec<(TransportKind, SocketAddr)>,
    #[command(flatten)]
    tls: TlsOptions,
}

/// The user of the transactions: it answers requests at once and passes on everything else.
struct OptionsServer {
    transactions: TransactionLayer,
    other: VecDeque<TransactionEvent>,
    rng: StdRng,
}

impl OptionsServer {
    fn answer_requests(&mut self, now: Instant) {
        while let Some(event) = self.transactions.poll_event() {
            let TransactionEvent::Request { key, request, .. } = event else {
                self.other.push_back(event);
                continue;
            };
            let status = match *request.method() {
                Method::Options => StatusCode::OK,
                _ => StatusCode::METHOD_NOT_ALLOWED,
            };
            let response = Response::builder_for(&request, status)
                .to_tag(&format!("{:08x}", self.rng.random::<u32>()))
                .header(&Allow::new(&[Method::Options]))
                .build();
            if let Err(error) = self.transactions.respond(now, key, response) {
                eprintln!("{} not answered: {error}", request.method());
            }
        }
    }
}

impl Core for OptionsServer {
    type Event = TransactionEvent;

    fn handle_input(&mut self, now: Instant, input: Input) {
        self.transactions.handle_input(now, input);
        self.answer_requests(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.transactions.handle_timeout(now);
        self.answer_requests(now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.transactions.poll_timeout()
    }

    fn poll_output(&mut self) -> Option<Output<TransactionEvent>> {
        self.transactions
            .poll_wire()
            .or_else(|| self.other.pop_front().map(Output::Event))
    }

    fn publish(&mut self) {
        self.transactions.publish();
    }
}

fn options(listener: &ListenerInfo) -> Result<RequestBuilder, Failure> {
    let uri = format!("sip:{};transport={}", listener.advertised(), listener.kind).parse()?;
    let me = NameAddr::new("sip:options-server@localhost".parse()?);
    Ok(Request::builder(Method::Options, &uri)
        .max_forwards(70)
        .header(&From(me.with_param("tag", Some("asking"))))
        .header(&To(NameAddr::new(uri.clone())))
        .header(&format!("{}@localhost", listener.kind).parse::<CallId>()?)
        .header(&CSeq {
            number: 1,
            method: Method::Options,
        }))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let loopback = SocketAddr::from(([127, 0, 0, 1], 0));
    let both = vec![
        (TransportKind::Udp, loopback),
        (TransportKind::Tcp, loopback),
    ];
    let ask = arguments.listen.is_empty();
    let sockets =
        Sockets::bind(if ask { &both } else { &arguments.listen })?.with_tls(arguments.tls.load()?);
    let listeners = sockets.listeners();
    let transport = TransportLayer::new(TransportConfig::new(listeners.clone()));
    let rng = StdRng::try_from_rng(&mut SysRng)?;
    let transactions = TransactionLayer::new(TransactionConfig::default(), transport, rng);
    let (events, mut heard) = mpsc::channel(64);
    let server = OptionsServer {
        transactions,
        other: VecDeque::new(),
        rng: StdRng::try_from_rng(&mut SysRng)?,
    };
    // Nobody waits for more than a few events here; what does not fit is not missed.
    let shard = driver::spawn(sockets, server, move |event| _ = events.try_send(event))?;
    let addresses = listeners
        .iter()
        .map(|listener| format!(" {}:{}", listener.kind, listener.local_addr));
    println!("ready{}", addresses.collect::<String>());
    if ask {
        for listener in &listeners {
            let request = options(listener)?;
            let target = Target::address(listener.kind, listener.local_addr);
            let asked = shard
                .call(move |server, now| server.transactions.send_request(now, request, &target))
                .await??;
            let response = loop {
                match heard.recv().await.ok_or("the server has stopped")? {
                    TransactionEvent::Response { key, response } if key == asked => break response,
                    TransactionEvent::ClientTimedOut { key } if key == asked => {
                        return Err("no answer".into());
                    }
                    _ => {}
                }
            };
            println!(
                "{} answered {} {}",
                listener.kind,
                response.status(),
                response.reason_phrase()
            );
            if response.status() != StatusCode::OK {
                return Err("not the answer expected".into());
            }
        }
    } else {
        let (mut terminate, mut interrupt) = (
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
        );
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
    let counters = shard
        .call(|server, _| *server.transactions.counters())
        .await?;
    shard.stop().await;
    println!("{counters:?}");
    Ok(())
}
