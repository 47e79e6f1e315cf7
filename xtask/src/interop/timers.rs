//! The timers of RFC 3261 section 17 on a real wire: our programs talk to peers that stay silent or say things twice, and
//! tshark tells when we sent what.
//!
//! Everything happens in a network namespace of its own.

mod intervals;
mod peer;
mod scenarios;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use self::intervals::Claim;
use super::{Bench, Verdict};
use crate::Outcome;
use crate::capture::Capture;
use crate::server::Server;

/// The sleep of the witness.
const NAP: Duration = Duration::from_millis(10);

/// Every port is SIP's in this namespace.
const AS_SIP: [&str; 4] = [
    "-d",
    "udp.port==1024-65535,sip",
    "-d",
    "tcp.port==1024-65535,sip",
];

/// Holds all conversations at once and prints what was seen of each.
///
/// # Errors
/// When one of them went otherwise than section 17 says.
pub(super) fn run(bench: &Bench) -> Outcome<Verdict> {
    let Bench {
        examples,
        directory,
    } = bench;
    let tried = Command::new("tshark")
        .args(["-i", "lo", "-a", "duration:1", "-w"])
        .arg(directory.join("try.pcapng"))
        .output()?;
    if !tried.status.success() {
        let said = String::from_utf8_lossy(&tried.stderr);
        let why = said.lines().last().unwrap_or_default();
        return Ok(Verdict::Skipped(format!("no capture: {why}")));
    }
    let file = directory.join("wire.pcapng");
    let capture = Capture::start(&file, &directory.join("tshark.log"), &[])?;
    let over = AtomicBool::new(false);
    let (claims, stall) = thread::scope(|scope| {
        let witness = scope.spawn(|| longest_stall(&over));
        let claims = converse(examples, directory);
        over.store(true, Ordering::Relaxed);
        (claims, witness.join().unwrap_or_default())
    });
    let claims = claims?;
    capture.stop()?;
    println!(
        "the machine kept a sleeper waiting for {:.2} s at most",
        stall.as_secs_f64()
    );
    let seen = Command::new("tshark")
        .args(AS_SIP)
        .args(["-Y", "sip", "-T", "fields", "-E", "occurrence=f"])
        .args(intervals::FIELDS.iter().flat_map(|field| ["-e", field]))
        .arg("-r")
        .arg(&file)
        .output()?;
    let lines = String::from_utf8_lossy(&seen.stdout);
    fs::write(directory.join("wire.txt"), lines.as_bytes())?;
    let seen = intervals::read(&lines);
    let mut faults = Vec::new();
    for claim in claims {
        match claim.judge(&seen) {
            Ok(row) => println!("{row}"),
            Err(fault) => faults.push(fault),
        }
    }
    match faults.is_empty() {
        true => Ok(Verdict::Passed),
        false => Err(faults.join("; ").into()),
    }
}

/// How late a thread that does nothing but sleep was woken at worst: what a machine too busy does to every timer.
fn longest_stall(over: &AtomicBool) -> Duration {
    let mut longest = Duration::ZERO;
    while !over.load(Ordering::Relaxed) {
        let begin = Instant::now();
        thread::sleep(NAP);
        longest = longest.max(begin.elapsed().saturating_sub(NAP));
    }
    longest
}

type Conversation<'a> = Box<dyn Fn() -> Outcome<Claim> + Send + 'a>;

fn converse(examples: &Path, directory: &Path) -> Outcome<Vec<Claim>> {
    let log = |name: &str| directory.join(name);
    let start = |words: &[&str], name: &str| {
        let words = [&["--media", "silence"], words].concat();
        Server::start(examples, &words, &log(name))
    };
    let refusing = start(&["--reject", "486"], "refusing.log")?;
    let accepting = start(&[], "accepting.log")?;
    let hanging_up = start(&["--hangup-after", "1s"], "hanging-up.log")?;
    let (refusing, accepting, hanging_up) = (&refusing, &accepting, &hanging_up);
    let mut all: Vec<Conversation<'_>> = vec![
        Box::new(|| scenarios::acknowledged_refusal(refusing)),
        Box::new(|| scenarios::repeated_answer(hanging_up)),
    ];
    for transport in ["udp", "tcp"] {
        let invite_log = log(&format!("invite-{transport}.log"));
        let bye_log = log(&format!("bye-{transport}.log"));
        all.push(Box::new(move || {
            scenarios::unanswered_invite(examples, &invite_log, transport)
        }));
        all.push(Box::new(move || {
            scenarios::unanswered_bye(examples, &bye_log, transport)
        }));
        all.push(Box::new(move || {
            scenarios::unacknowledged_refusal(refusing, transport)
        }));
        all.push(Box::new(move || {
            scenarios::repeated_options(accepting, transport)
        }));
        all.push(Box::new(move || {
            scenarios::unacknowledged_success(accepting, transport)
        }));
    }
    thread::scope(|scope| {
        let running: Vec<_> = all
            .into_iter()
            .map(|one| scope.spawn(move || one().map_err(|error| error.to_string())))
            .collect();
        let ended = running.into_iter().map(|it| match it.join() {
            Ok(claim) => claim.map_err(Into::into),
            Err(_) => Err("a conversation broke".into()),
        });
        ended.collect()
    })
}
