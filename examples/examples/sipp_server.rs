//! A SIP server for checks and load: takes every call, says how each one went.
//!
//! Prints `ready udp:IP:PORT tcp:IP:PORT` when it listens, one line for each call that ends, and on request figures by
//! which a leak can be seen. SIGHUP reads certificates and keys again. SIGTERM and SIGINT end all calls and the program.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use clap::Parser;
use rvoip_examples::{
    EndLine, MediaChoice, Printer, SetupTimes, TlsOptions, parse_duration, parse_listener,
    parse_ports,
};
use rvoip_session_core::api::{
    CallDecision, CallHandler, CallSession, Capture, IncomingCall, SessionControl,
    SessionManagerBuilder, SessionStats, StatusCode, TransportKind,
};
use tokio::signal::unix::{SignalKind, signal};

/// Gives memory back after a wave of calls, which glibc's allocator does not while small blocks remain between.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Takes SIP calls.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where to listen, as udp:127.0.0.1:5060, or tcp:, tls:, ws:, wss:; may be given several times
    #[arg(long, value_parser = parse_listener, default_values = ["udp:127.0.0.1:5060", "tcp:127.0.0.1:5060"])]
    listen: Vec<(TransportKind, std::net::SocketAddr)>,
    /// Ring for so long before answering, as 500ms
    #[arg(long, value_parser = parse_duration, default_value = "0s")]
    ring: Duration,
    /// Refuse every call with this status
    #[arg(long)]
    reject: Option<u16>,
    /// What calls send: tone:HZ, echo, silence, file:PATH, or none for no media at all
    #[arg(long, default_value = "tone:440")]
    media: MediaChoice,
    /// Record every call into this directory
    #[arg(long)]
    record: Option<PathBuf>,
    /// Codecs, best first
    #[arg(long, value_delimiter = ',', default_value = "PCMU,PCMA")]
    codecs: Vec<String>,
    /// Ports for RTP
    #[arg(long, value_parser = parse_ports, default_value = "10000-20000")]
    rtp_ports: (u16, u16),
    /// End calls after so long, as 5s
    #[arg(long, value_parser = parse_duration)]
    hangup_after: Option<Duration>,
    /// Calls at once; more are answered 503
    #[arg(long, default_value_t = 10_000)]
    max_sessions: usize,
    /// Time the set-up of every call, from its INVITE to our 200, and print the figures at the end
    #[arg(long)]
    setup_times: bool,
    /// Write every SIP message to this pcapng file, decrypted
    #[arg(long)]
    capture: Option<PathBuf>,
    #[command(flatten)]
    tls: TlsOptions,
    /// Print figures every so often, as 1s
    #[arg(long, value_parser = parse_duration)]
    stats: Option<Duration>,
}

#[derive(Debug)]
struct Server {
    ring: Duration,
    reject: Option<String>,
    printer: Arc<Printer>,
}

#[async_trait]
impl CallHandler for Server {
    async fn on_incoming_call(&self, call: IncomingCall) -> CallDecision {
        if let Some(reason) = &self.reject {
            return CallDecision::Reject(reason.clone());
        }
        if !self.ring.is_zero() && call.ring().await.is_ok() {
            tokio::time::sleep(self.ring).await;
        }
        CallDecision::Accept(None)
    }

    async fn on_call_ended(&self, call: CallSession, reason: &str) {
        self.printer.line(EndLine(&call, reason));
    }
}

fn stats_line(stats: &SessionStats) -> String {
    format!(
        "stats sessions={} dialogs={} transactions={} connections={} ports={} media={} total={} answered={} failed={} \
         refused={} retransmissions={} dropped={}",
        stats.active_sessions,
        stats.dialogs,
        stats.transactions,
        stats.connections,
        stats.media_ports,
        stats.media_sessions,
        stats.total_sessions,
        stats.answered_sessions,
        stats.failed_sessions,
        stats.refused_for_overload,
        stats.retransmissions_sent,
        stats.messages_dropped,
    )
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let arguments = Arguments::parse();
    let reject = match arguments
        .reject
        .map(|code| StatusCode::new(code).ok_or(code))
    {
        None => None,
        Some(Ok(status)) if status.code() >= 300 => {
            Some(format!("{} {}", status.code(), status.reason()))
        }
        Some(_) => return Err("--reject takes a status from 300 to 699".into()),
    };
    if let Some(directory) = &arguments.record {
        std::fs::create_dir_all(directory)?;
    }

    let printer = Arc::new(Printer::default());
    let tls = arguments.tls.load()?;
    let mut builder = SessionManagerBuilder::new()
        .with_tls(tls.clone())
        .with_media_ports(arguments.rtp_ports.0, arguments.rtp_ports.1)
        .with_max_sessions(arguments.max_sessions)
        .with_preferred_codecs(&arguments.codecs)
        .with_handler(Arc::new(Server {
            ring: arguments.ring,
            reject,
            printer: Arc::clone(&printer),
        }));
    for (kind, address) in &arguments.listen {
        builder = builder.with_listener(*kind, *address);
    }
    let setup_times = arguments.setup_times.then(Arc::<SetupTimes>::default);
    if let Some(tap) = &setup_times {
        builder = builder.with_wire_tap(tap.clone());
    }
    if let Some(after) = arguments.hangup_after {
        builder = builder.with_session_timeout(after);
    }
    if let Some(directory) = arguments.record {
        builder = builder.with_recording_directory(directory);
    }
    let capture = match &arguments.capture {
        Some(path) => Some(Arc::new(Capture::start(std::fs::File::create(path)?)?)),
        None => None,
    };
    if let Some(capture) = &capture {
        builder = builder.with_wire_tap(capture.clone());
    }
    let coordinator = arguments.media.apply(builder)?.build().await?;
    coordinator.start().await?;

    let (mut terminate, mut interrupt, mut hangup) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
        signal(SignalKind::hangup())?,
    );
    let addresses = coordinator
        .listeners()
        .iter()
        .map(|listener| format!(" {}:{}", listener.kind, listener.local_addr));
    printer.now(format_args!("ready{}", addresses.collect::<String>()));

    let printing = tokio::spawn({
        let printer = Arc::clone(&printer);
        async move { printer.run().await }
    });
    if let Some(every) = arguments.stats {
        let (coordinator, printer) = (Arc::clone(&coordinator), Arc::clone(&printer));
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(every.max(Duration::from_millis(10)));
            loop {
                ticks.tick().await;
                match coordinator.get_stats().await {
                    Ok(stats) => printer.now(stats_line(&stats)),
                    Err(_) => return,
                }
            }
        });
    }
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = hangup.recv() => match tls.reload() {
                Ok(()) => printer.now("reloaded"),
                Err(error) => printer.now(format_args!("not reloaded: {error}")),
            },
        }
    }
    coordinator.stop().await?;
    printing.abort();
    if let Some(times) = setup_times {
        printer.line(times);
    }
    printer.flush();
    Ok(())
}
