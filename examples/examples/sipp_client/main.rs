//! A SIP client for checks and load: places calls, says how each one went.
//!
//! Prints one line for each call and at last what is left of them. The exit code is 0 only if every call was answered, did
//! what its script says and ended properly.

mod arguments;
mod calling;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use rvoip_examples::Printer;
use rvoip_session_core::api::{
    DnsConfig, Result, SessionControl, SessionCoordinator, SessionManagerBuilder,
};

use crate::arguments::{Arguments, Call, Command, Message};
use crate::calling::{END_WITHIN, place};

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::result::Result<ExitCode, Box<dyn std::error::Error>> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    match Arguments::parse().command {
        Command::Call(call) => call_all(*call).await,
        Command::Message(message) => say(message).await,
    }
}

/// Sends a text.
async fn say(message: Message) -> std::result::Result<ExitCode, Box<dyn std::error::Error>> {
    let mut builder = SessionManagerBuilder::new();
    for (kind, address) in &message.bind {
        builder = builder.with_listener(*kind, *address);
    }
    let coordinator = builder.build().await?;
    let Message {
        uri, text, from, ..
    } = message;
    let response = coordinator.send_message(&from, &uri, &text).await?;
    let printer = Printer::default();
    let status = response.status();
    printer.now(format_args!(
        "answered {} {}",
        status.code(),
        response.reason()
    ));
    finish(&coordinator, &printer).await?;
    Ok(match response.is_success() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Lets calls that are ending end, says what is left and stops.
async fn finish(coordinator: &Arc<SessionCoordinator>, printer: &Printer) -> Result<()> {
    let until = tokio::time::Instant::now() + END_WITHIN;
    for id in coordinator.list_active_sessions().await? {
        // One that is unknown by now has ended.
        if let Some(call) = coordinator.get_session(&id).await? {
            let _ = tokio::time::timeout_at(until, call.wait_for_end()).await;
        }
    }
    let stats = coordinator.get_stats().await?;
    coordinator.stop().await?;
    printer.now(format_args!(
        "left sessions={} ports={}",
        stats.active_sessions, stats.media_ports
    ));
    Ok(())
}

async fn call_all(mut call: Call) -> std::result::Result<ExitCode, Box<dyn std::error::Error>> {
    if let Some(kind) = call.transport {
        call.uri = format!("{};transport={kind}", call.uri);
    }
    let call = Arc::new(call);
    let mut builder = SessionManagerBuilder::new()
        .with_dns(DnsConfig::with_name_servers(call.dns.clone()))
        .with_tls(call.options.tls.load()?)
        // A transfer may ask its target first.
        .with_max_sessions(2 * call.count.max(1))
        .with_ringing_timeout(call.answer_timeout + END_WITHIN);
    for (kind, address) in &call.bind {
        builder = builder.with_listener(*kind, *address);
    }
    let coordinator = call.options.apply(builder, &call.uri)?.build().await?;

    let printer = Arc::new(Printer::default());
    let registration = match call.options.registration.register(&coordinator).await {
        Ok(registration) => registration,
        Err(error) => {
            printer.now(format_args!("not registered: {error}"));
            finish(&coordinator, &printer).await?;
            return Ok(ExitCode::FAILURE);
        }
    };
    if let Some(registration) = &registration {
        printer.now(format_args!(
            "registered {}",
            registration.address_of_record()
        ));
    }
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
    if let Some(registration) = registration {
        registration.unregister().await?;
    }
    finish(&coordinator, &printer).await?;
    Ok(if proper == call.count {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
