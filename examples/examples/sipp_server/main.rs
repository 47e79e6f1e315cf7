//! A SIP server for checks and load: takes every call, says how each one went.
//!
//! Prints `ready udp:IP:PORT tcp:IP:PORT` when it listens, one line for each call that ends, and on request figures by
//! which a leak can be seen. SIGHUP reads certificates and keys again. SIGTERM and SIGINT end all calls and the program.

mod arguments;
mod handler;
mod meeting;

use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use rvoip_examples::{Printer, SetupTimes};
use rvoip_session_core::api::{
    BasicSessionEvent, Capture, Delivery, EventFilter, EventPackage, ForwardMode, Method,
    RegistrarConfig, SessionControl, SessionManagerBuilder, SessionStats, TransactionConfig,
};
use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::Arguments;
use crate::handler::Server;
use crate::meeting::Meeting;

/// Gives memory back after a wave of calls, which glibc's allocator does not while small blocks remain between.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    if let Some(directory) = &arguments.record {
        std::fs::create_dir_all(directory)?;
    }

    let printer = Arc::new(Printer::default());
    let meeting = Arc::new(Meeting::default());
    let tls = arguments.calls.tls.load()?;
    let mut builder = SessionManagerBuilder::new()
        .with_tls(tls.clone())
        .with_max_sessions(arguments.max_sessions)
        .with_handler(Arc::new(Server {
            answer: arguments.answer.clone(),
            script: Arc::new(arguments.calls.script.clone()),
            meeting: Arc::clone(&meeting),
            mailbox: arguments.mailbox,
            forks: arguments.registrar.is_some(),
            printer: Arc::clone(&printer),
        }));
    if let Some(realm) = arguments.realm() {
        builder = builder.with_realm(realm);
    }
    if let Some(min_expires) = arguments.registrar {
        let registrar = RegistrarConfig {
            min_expires,
            ..RegistrarConfig::default()
        };
        builder = builder
            .with_registrar(registrar)
            .with_forwarding(ForwardMode::NewLeg);
    }
    if arguments.mailbox.is_some() {
        builder = builder.with_event_packages([EventPackage::message_summary()]);
    }
    if let Some(threads) = arguments.media_threads {
        builder = builder.with_media_threads(threads);
    }
    builder = builder.with_methods([Method::Info, Method::Message]);
    if let Some(shed_after) = arguments.shed_after {
        builder = builder.with_transactions(TransactionConfig {
            shed_after,
            ..TransactionConfig::default()
        });
    }
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
    let coordinator = arguments.calls.apply(builder, "")?.build().await?;
    coordinator.start().await?;
    let registration = arguments.calls.registration.register(&coordinator).await?;

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
    if arguments.answer.bridge.is_some() {
        let is_hold =
            |event: &BasicSessionEvent| matches!(event, BasicSessionEvent::HoldChanged { .. });
        let mut holds = coordinator.subscribe_filtered(EventFilter::default().matching(is_hold));
        tokio::spawn(async move {
            while let Some(delivery) = holds.recv().await {
                if let Delivery::Event(BasicSessionEvent::HoldChanged { call, hold }) = delivery {
                    // The other leg may be over already.
                    let _ = meeting.hold(&call.id(), hold.remote).await;
                }
            }
        });
    }
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
    if let Some(registration) = registration {
        registration.unregister().await?;
    }
    coordinator.stop().await?;
    printing.abort();
    if let Some(times) = setup_times {
        printer.line(times);
    }
    printer.flush();
    Ok(())
}
