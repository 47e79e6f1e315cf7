//! Resident memory of the server: per held call, and over many calls.

use std::time::Duration;

use super::Site;
use super::calls::{generator, load};
use crate::Outcome;
use crate::process::until;
use crate::server::Server;

/// Calls per second while the held calls are set up.
const SET_UP_RATE: u32 = 500;

/// How long the calls are held; longer than their transactions linger.
const HELD_MILLIS: &str = "50000";

/// How far memory may grow after the first quarter of the calls.
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
    let arguments = ["--media", "none"];
    let server = Server::start(&site.examples, &arguments, &site.logs.join("server.log"))?;
    let mut levels = Vec::new();
    let mut failed = 0;
    let mut retransmissions = 0;
    for calls in [5_000, 15_000] {
        let load = load(&site.logs, server.udp, 1000, calls, &[])?;
        failed += load.failed;
        retransmissions += load.retransmissions;
        server.wait_until_idle(Duration::from_secs(60))?;
        levels.push(server.process().resident_octets()? as f64);
    }
    server.stop()?;
    println!("\n20,000 calls at 1000/s: {failed} failed, {retransmissions} retransmissions");
    println!(
        "memory idle after 5,000 calls {:.1} MB, after 20,000 calls {:.1} MB",
        levels[0] / 1e6,
        levels[1] / 1e6
    );
    match levels[1] <= levels[0] * GROWTH_LIMIT && failed == 0 {
        true => Ok(()),
        false => Err("calls failed or memory grew".into()),
    }
}
