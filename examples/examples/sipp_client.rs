//! A SIP client for checks and load: places calls, says how each one went.
//!
//! Prints one line for each call and at last what is left of them. The exit code is 0 only if every call was answered and
//! ended properly.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, Subcommand};
use rvoip_examples::{
    MediaChoice, MediaWords, Printer, TlsOptions, parse_duration, parse_listener, parse_ports,
};
use rvoip_session_core::api::{
    CallSession, DnsConfig, MediaControl, Result, SessionControl, SessionCoordinator, SessionError,
    SessionManagerBuilder, TerminalCause, TransportKind,
};

/// Places SIP calls.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Calls a SIP URI
    Call(Call),
}

#[derive(Debug, clap::Args)]
struct Call {
    /// Whom to call, as sip:bob@127.0.0.1:5070
    uri: String,
    /// Over which transport, as tcp, tls, ws or wss; without it as the URI says
    #[arg(long)]
    transport: Option<TransportKind>,
    /// Name servers to ask, as 127.0.0.1:53; may be given several times; without it those of the system
    #[arg(long)]
    dns: Vec<SocketAddr>,
    #[command(flatten)]
    tls: TlsOptions,
    /// Who calls
    #[arg(long, default_value = "sip:caller@localhost")]
    from: String,
    /// Where to listen, as udp:127.0.0.1:0, or tcp:, tls:, ws:, wss:; may be given several times
    #[arg(long, value_parser = parse_listener, default_values = ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"])]
    bind: Vec<(TransportKind, SocketAddr)>,
    /// What the call sends: tone:HZ, echo, silence, file:PATH, or none for no media at all
    #[arg(long, default_value = "tone:440")]
    media: MediaChoice,
    /// Record what is received into this file; of several calls, each into one of its own
    #[arg(long)]
    record: Option<PathBuf>,
    /// Codecs, best first
    #[arg(long, value_delimiter = ',', default_value = "PCMU,PCMA")]
    codecs: Vec<String>,
    /// Ports for RTP
    #[arg(long, value_parser = parse_ports, default_value = "10000-20000")]
    rtp_ports: (u16, u16),
    /// Hang up after so long, as 5s
    #[arg(long, value_parser = parse_duration, default_value = "5s")]
    duration: Duration,
    /// Give up when nobody answers within this time
    #[arg(long, value_parser = parse_duration, default_value = "60s")]
    answer_timeout: Duration,
    /// How many calls
    #[arg(long, default_value_t = 1)]
    count: usize,
    /// Calls per second; all at once without it
    #[arg(long)]
    rate: Option<f64>,
}

/// How long the peer may take to confirm the end.
const END_WITHIN: Duration = Duration::from_secs(33);

/// The file of the `index`-th call: `a.wav`, `a-2.wav`, `a-3.wav`.
fn recording(path: &Path, index: usize) -> PathBuf {
    if index == 0 {
        return path.to_owned();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!("{stem}-{}.{extension}", index + 1))
}

/// Places one call and sees it through; returns whether it was answered and ended properly.
async fn place(
    coordinator: Arc<SessionCoordinator>,
    call: Arc<Call>,
    index: usize,
    printer: Arc<Printer>,
) -> bool {
    match converse(&coordinator, &call, index).await {
        Err(error) => {
            printer.line(format_args!("call - failed: {error} ({})", error.advice()));
            false
        }
        Ok((session, cause)) => {
            let media = session.media_statistics();
            let media = MediaWords(media.as_deref());
            let (id, seconds) = (session.id(), session.duration().as_secs_f64());
            match session.setup_time() {
                Some(setup) => {
                    let setup_ms = setup.as_secs_f64() * 1000.0;
                    printer.line(format_args!(
                        "call {id} answered setup={setup_ms:.1}ms duration={seconds:.3}s cause=\"{cause}\" {media}"
                    ));
                }
                None => printer.line(format_args!("call {id} failed: {cause}")),
            }
            let proper = matches!(
                cause,
                TerminalCause::LocalHangup | TerminalCause::RemoteHangup
            );
            proper && session.setup_time().is_some()
        }
    }
}

async fn converse(
    coordinator: &Arc<SessionCoordinator>,
    call: &Call,
    index: usize,
) -> Result<(CallSession, TerminalCause)> {
    let session = coordinator
        .create_outgoing_call(&call.from, &call.uri, None)
        .await?;
    match session.wait_for_answer(call.answer_timeout).await {
        Ok(()) => {
            if let Some(path) = &call.record {
                coordinator
                    .start_recording(session.id(), recording(path, index))
                    .await?;
            }
            tokio::select! {
                () = tokio::time::sleep(call.duration) => {}
                _ = session.wait_for_end() => {}
            }
        }
        Err(SessionError::Timeout { .. } | SessionError::CallEnded { .. }) => {}
        Err(error) => return Err(error),
    }
    // A call that the peer has ended cannot be ended again.
    let _ = session.terminate().await;
    let ended = tokio::time::timeout(END_WITHIN, session.wait_for_end()).await;
    let cause = ended.unwrap_or(TerminalCause::TimedOut);
    Ok((session, cause))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::result::Result<ExitCode, Box<dyn std::error::Error>> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let Command::Call(mut call) = Arguments::parse().command;
    if let Some(kind) = call.transport {
        call.uri = format!("{};transport={kind}", call.uri);
    }
    let call = Arc::new(call);
    let mut builder = SessionManagerBuilder::new()
        .with_dns(DnsConfig::with_name_servers(call.dns.clone()))
        .with_tls(call.tls.load()?)
        .with_media_ports(call.rtp_ports.0, call.rtp_ports.1)
        .with_max_sessions(call.count.max(1))
        .with_ringing_timeout(call.answer_timeout + END_WITHIN)
        .with_preferred_codecs(&call.codecs);
    for (kind, address) in &call.bind {
        builder = builder.with_listener(*kind, *address);
    }
    let coordinator = call.media.apply(builder)?.build().await?;

    let printer = Arc::new(Printer::default());
    let between = Duration::from_secs_f64(call.rate.map_or(0.0, |rate| 1.0 / rate.max(0.001)));
    let start = tokio::time::Instant::now();
    let mut calls = tokio::task::JoinSet::new();
    for index in 0..call.count {
        tokio::time::sleep_until(start + between.mul_f64(index as f64)).await;
        calls.spawn(place(
            Arc::clone(&coordinator),
            Arc::clone(&call),
            index,
            Arc::clone(&printer),
        ));
    }
    let mut proper = 0;
    while let Some(result) = calls.join_next().await {
        proper += usize::from(result.unwrap_or(false));
        printer.flush();
    }
    let stats = coordinator.get_stats().await?;
    coordinator.stop().await?;
    printer.now(format_args!(
        "left sessions={} ports={}",
        stats.active_sessions, stats.media_ports
    ));
    Ok(if proper == call.count {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
