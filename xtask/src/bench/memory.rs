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

/// When the memory is looked at, in the first load and in the second.
const LEVELS: [[&str; 3]; 2] = [
    [
        "after 5,000 calls",
        "after 20,000 calls",
        "when everything is over",
    ],
    [
        "after 25,000 calls",
        "after 40,000 calls",
        "when everything is over again",
    ],
];

/// How much more memory either load may leave than the first calls took.
const GROWTH_LIMIT: f64 = 1.10;

/// How long the allocator may take to give free pages back to the operating system.
const GIVEN_BACK_WITHIN: Duration = Duration::from_secs(15);

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

/// Shows what 20,000 calls at 1000/s leave of the memory they took, and that as many again leave no more: it must be back
/// at the level of the first 5,000 calls.
pub fn over_many_calls(site: &Site) -> Outcome {
    let arguments = ["--media", "none"];
    let server = Server::start(&site.examples, &arguments, &site.logs.join("server.log"))?;
    let resident = || server.process().resident_octets();
    let mut levels = vec![("at the start", resident()?)];
    let mut failed = 0;
    let mut retransmissions = 0;
    for names in LEVELS {
        let total = server.stat("total").unwrap_or(0);
        let mut sipp = generator(&site.logs, server.udp, LEAK_RATE, LEAK_CALLS, &[])?;
        let first_are_over = || server.stat("total") >= Some(total + LEAK_FIRST_CALLS);
        if !until(Duration::from_secs(60), first_are_over) {
            return Err("the load did not get under way".into());
        }
        levels.push((names[0], resident()?));
        sipp.wait(Duration::from_secs(120))?
            .ok_or("the load did not end")?;
        levels.push((names[1], resident()?));
        server.wait_until_idle(Duration::from_secs(60))?;
        let limit = levels[1].1 as f64 * GROWTH_LIMIT;
        // The allocator gives pages back a moment after they are free.
        until(GIVEN_BACK_WITHIN, || {
            resident().is_ok_and(|octets| octets as f64 <= limit)
        });
        levels.push((names[2], resident()?));
        let load = totals(&site.logs)?;
        failed += load.failed;
        retransmissions += load.retransmissions;
    }
    server.stop()?;
    println!("\ntwice {LEAK_CALLS} calls at {LEAK_RATE}/s, --media none\n");
    println!("| resident memory | MB |\n|---|---|");
    for (when, octets) in &levels {
        println!("| {when} | {:.1} |", *octets as f64 / 1e6);
    }
    println!("\n{failed} failed, {retransmissions} retransmissions");
    let [first_calls, after_once, after_twice] = [1, 3, 6].map(|at| levels[at].1);
    let is_back = after_once.max(after_twice) as f64 <= first_calls as f64 * GROWTH_LIMIT;
    match is_back && failed == 0 {
        true => Ok(()),
        false => Err("calls failed or memory grew".into()),
    }
}
