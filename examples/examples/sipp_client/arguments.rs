//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};
use rvoip_examples::{CallOptions, parse_duration, parse_listener};
use rvoip_session_core::api::TransportKind;

/// Places SIP calls.
#[derive(Debug, Parser)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Calls a SIP URI
    Call(Box<Call>),
    /// Sends a text to a SIP URI
    Message(Message),
}

#[derive(Debug, clap::Args)]
pub struct Call {
    /// Whom to call, as sip:bob@127.0.0.1:5070
    pub uri: String,
    /// Over which transport, as tcp, tls, ws or wss; without it as the URI says
    #[arg(long)]
    pub transport: Option<TransportKind>,
    /// Name servers to ask, as 127.0.0.1:53; may be given several times; without it those of the system
    #[arg(long)]
    pub dns: Vec<SocketAddr>,
    /// Who calls; without it the one that is registered, or sip:caller@localhost
    #[arg(long)]
    pub from: Option<String>,
    /// Where to listen, as udp:127.0.0.1:0, or tcp:, tls:, ws:, wss:; may be given several times
    #[arg(long, value_parser = parse_listener, default_values = ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"])]
    pub bind: Vec<(TransportKind, SocketAddr)>,
    /// Record what is received into this file; of several calls, each into one of its own
    #[arg(long)]
    pub record: Option<PathBuf>,
    /// Hang up after so long, as 5s
    #[arg(long, value_parser = parse_duration, default_value = "5s")]
    pub duration: Duration,
    /// Give up when nobody answers within this time
    #[arg(long, value_parser = parse_duration, default_value = "60s")]
    pub answer_timeout: Duration,
    #[command(flatten)]
    pub options: CallOptions,
    /// How many calls
    #[arg(long, default_value_t = 1)]
    pub count: usize,
    /// Calls per second; all at once without it
    #[arg(long)]
    pub rate: Option<f64>,
}

/// A text.
#[derive(Debug, clap::Args)]
pub struct Message {
    /// To whom, as sip:bob@127.0.0.1:5070
    pub uri: String,
    /// What to say
    pub text: String,
    /// Who says it
    #[arg(long, default_value = "sip:caller@localhost")]
    pub from: String,
    /// Where to listen, as udp:127.0.0.1:0
    #[arg(long, value_parser = parse_listener, default_values = ["udp:127.0.0.1:0", "tcp:127.0.0.1:0"])]
    pub bind: Vec<(TransportKind, SocketAddr)>,
}

impl Call {
    /// Who calls.
    pub fn caller(&self) -> String {
        let registered = || self.options.registration.address_of_record();
        let from = self.from.clone().or_else(registered);
        from.unwrap_or_else(|| "sip:caller@localhost".to_owned())
    }
}
