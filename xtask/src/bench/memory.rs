//! Resident memory of the server: per held call, and over many calls.

use std::time::Duration;

use super::Site;
use super::calls::{generator, totals};
use crate::Outcome;
use crate::process::until;
use crate::server::Server;

/// Calls per second while the held calls are set up.
const SET_UP_RATE: u32 = 500;

/// How long the calls are held; longer than their transactions linger.
const HELD_MILLIS: &str = "50000";

/// The load that must leave nothing behind.
const LEAK_RATE: u32 = 1_000;
const LEAK_CALLS: u32 = 20_000;
const LEAK_FIRST_CALLS: u64 = 5_000;

/// How far memory may be above its level after the first calls when all are over.
const GROWTH_LIMIT: f64 = 1.10;

/// Prints what each of many held calls costs, signalling only.
pub fn per_held_call(site: &Site, calls: u32) -> Outcome {
    let most = calls.to_string();
    let arguments = ["--media", "none", "--max-sessions", &most];
    let server = Server::start(&site.examples, &arguments, &site.logs.join("server.log"))?;
    let before = server.process().resident_octets()?;
    let sipp = generator(
        &site.logs,
        server.udp,
        SET_UP_RATE,
        calls,
        &["-d", HELD_MILLIS],
    )?;
    let are_held = || server.stat("sessions") == Some(u64::from(calls));
    if !until(Duration::from_secs(40), are_held) {
        return Err(format!("not all of {calls} calls are held").into());
    }
    let per_call = |octets: u64| octets.saturating_sub(before) as f64 / f64::from(calls) / 1000.0;
    let with_transactions = per_call(server.process().resident_octets()?);
    let are_alone = || server.stat("transactions") == Some(0) && are_held();
    let alone = until(Duration::from_secs(45), are_alone)
        .then(|| server.process().resident_octets())
        .transpose()?
        .map(per_call);
    drop(sipp);
    println!("\n{calls} held calls, --media none, growth of VmRSS\n");
    println!("| memory per held call | kB |\n|---|---|");
    println!("| with its lingering transactions | {with_transactions:.1} |");
    match alone {
        Some(kilo) => println!("| after they are gone | {kilo:.1} |"),
        None => println!("| after they are gone | not reached |"),
    }
    Ok(())
}

/// Shows that 20,000 calls at 1000/s leave the memory where the first 5,000 had it.
pub fn over_many_calls(site: &Site) -> Outcome {
    let server = Server::start(
        &site.examples,
        &["--media", "none"],
        &site.logs.join("server.log"),
    )?;
    let resident = || server.process().resident_octets();
    let at_start = resident()?;
    let mut sipp = generator(&site.logs, server.udp, LEAK_RATE, LEAK_CALLS, &[])?;
    let first_are_over = || server.stat("total") >= Some(LEAK_FIRST_CALLS);
    if !until(Duration::from_secs(60), first_are_over) {
        return Err("the load did not get under way".into());
    }
    let after_first = resident()?;
    sipp.wait(Duration::from_secs(120))?
        .ok_or("the load did not end")?;
    let at_the_end = resident()?;
    server.wait_until_idle(Duration::from_secs(60))?;
    let when_idle = resident()?;
    let load = totals(&site.logs)?;
    server.stop()?;
    println!("\n{LEAK_CALLS} calls at {LEAK_RATE}/s, --media none\n");
    println!("| resident memory | MB |\n|---|---|");
    for (when, octets) in [
        ("at the start", at_start),
        ("after the first 5,000 calls", after_first),
        ("after the last call", at_the_end),
        ("when everything is over", when_idle),
    ] {
        println!("| {when} | {:.1} |", octets as f64 / 1e6);
    }
    println!(
        "\n{} failed, {} retransmissions",
        load.failed, load.retransmissions
    );
    match when_idle as f64 <= after_first as f64 * GROWTH_LIMIT && load.failed == 0 {
        true => Ok(()),
        false => Err("calls failed or memory is not given back".into()),
    }
}
