//! Reads one SIP message from standard input and says what it is: built on sip-core alone.
//!
//! `cargo run --example sip_inspect < benches/testdata/invite.sip`

use std::io::{self, Read, Write};

use rvoip_sip_core::{Limits, Message, Request};

fn main() -> io::Result<()> {
    let mut octets = Vec::new();
    io::stdin().lock().read_to_end(&mut octets)?;
    let mut out = io::stdout().lock();
    match Message::parse(octets.into(), &Limits::default()) {
        Ok(message) => inspect(&message, &mut out),
        Err(error) => writeln!(out, "not a SIP message: {error}"),
    }
}

fn inspect(message: &Message, out: &mut impl Write) -> io::Result<()> {
    match message {
        Message::Request(request) => inspect_request(request, out)?,
        Message::Response(response) => {
            writeln!(
                out,
                "response {} {}",
                response.status(),
                response.reason_phrase()
            )?;
        }
    }
    writeln!(out, "headers")?;
    for line in message.headers().iter() {
        writeln!(out, "  {:<16} {}", line.name, line.value)?;
    }
    writeln!(out, "body     {} octets", message.body().len())?;
    match message.check() {
        Ok(()) => writeln!(out, "verdict  may be acted upon"),
        Err(defect) => writeln!(
            out,
            "verdict  {} {}: {}",
            defect.status,
            defect.status.reason(),
            defect.error
        ),
    }
}

fn inspect_request(request: &Request, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "request  {} {}", request.method(), request.raw_uri())?;
    for via in request.vias() {
        match via {
            Ok(via) => writeln!(out, "hop      {} over {}", via.sent_by, via.transport)?,
            Err(error) => writeln!(out, "hop      {error}")?,
        }
    }
    if let (Ok(from), Ok(to), Ok(cseq)) = (request.from(), request.to(), request.cseq()) {
        writeln!(
            out,
            "dialog   {} -> {}, number {}",
            from.uri(),
            to.uri(),
            cseq.number
        )?;
    }
    Ok(())
}
