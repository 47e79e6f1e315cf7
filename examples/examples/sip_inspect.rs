//! Reads one SIP message from standard input and says what it is, on sip-core alone.
//!
//! ```text
//! cargo run --example sip_inspect < benches/testdata/invite.sip
//! cargo run --example sip_inspect -- --lenient < message.sip
//! ```
//!
//! The exit code is 0 for a message that may be acted upon, 1 for one that breaks a rule or is none.

use std::error::Error;
use std::fmt::Display;
use std::io::{self, Read, Write};
use std::process::ExitCode;

use clap::Parser;
use rvoip_sip_core::{Limits, Message, ParseError, Request, Strictness};

/// Says what a SIP message is.
#[derive(Parser)]
struct Arguments {
    /// Judge as a server does by default, which lets harmless breaches of the grammar through
    #[arg(long)]
    lenient: bool,
}

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let strictness = match Arguments::parse().lenient {
        true => Strictness::Lenient,
        false => Strictness::Strict,
    };
    let mut octets = Vec::new();
    io::stdin().lock().read_to_end(&mut octets)?;
    let mut out = io::stdout().lock();
    let message = match Message::parse(octets.into(), &Limits::default()) {
        Ok(message) => message,
        Err(error) => {
            writeln!(out, "not a SIP message: {error}")?;
            return Ok(ExitCode::FAILURE);
        }
    };
    inspect(&message, &mut out)?;
    match message.check(strictness) {
        Ok(()) => {
            writeln!(out, "verdict  may be acted upon")?;
            Ok(ExitCode::SUCCESS)
        }
        Err(defect) => {
            let (status, reason) = (defect.status, defect.status.reason());
            writeln!(out, "verdict  {status} {reason}: {}", defect.error)?;
            Ok(ExitCode::FAILURE)
        }
    }
}

fn inspect(message: &Message, out: &mut impl Write) -> io::Result<()> {
    match message {
        Message::Request(request) => inspect_request(request, out)?,
        Message::Response(response) => {
            let (status, reason) = (response.status(), response.reason_phrase());
            writeln!(out, "response {status} {reason}")?;
        }
    }
    writeln!(out, "headers")?;
    for line in message.headers().iter() {
        writeln!(out, "  {:<16} {}", line.name, line.value)?;
    }
    writeln!(out, "body     {} octets", message.body().len())
}

fn inspect_request(request: &Request, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "request  {} {}", request.method(), request.raw_uri())?;
    for via in request.vias() {
        let hop = via.map(|via| format!("{} over {}", via.sent_by, via.transport));
        show(out, "hop", hop)?;
    }
    for route in request.routes() {
        show(out, "route", route.map(|route| route.uri().to_string()))?;
    }
    show(
        out,
        "from",
        request.from().map(|from| from.uri().to_string()),
    )?;
    show(out, "to", request.to().map(|to| to.uri().to_string()))?;
    let number = request
        .cseq()
        .map(|cseq| format!("{} {}", cseq.number, cseq.method));
    show(out, "number", number)
}

fn show(
    out: &mut impl Write,
    name: &str,
    value: Result<impl Display, ParseError>,
) -> io::Result<()> {
    match value {
        Ok(value) => writeln!(out, "{name:<8} {value}"),
        Err(error) => writeln!(out, "{name:<8} unreadable: {error}"),
    }
}
