//! How long the server takes from the turn that reads an INVITE to its 200, under load. The calls come at even intervals: SIPp
//! sends several in one go, and what then is measured is how long each waits for those before it.

use std::time::Duration;

use super::Site;
use super::overload::{generate, report};
use crate::Outcome;
use crate::process::until;
use crate::server::{Server, numbers};

/// Prints the times of all calls of one load.
pub fn measure(site: &Site, rate: u32, calls: u32) -> Outcome {
    let log = site.logs.join("server.log");
    let arguments = ["--media", "none", "--setup-times"];
    let server = Server::start(&site.examples, &arguments, &log)?;
    let seconds = calls.div_ceil(rate);
    let mut generator = generate(site, server.udp, &[(rate.into(), seconds as usize)])?;
    let limit = Duration::from_secs(60 + u64::from(seconds));
    if generator.wait(limit)?.is_none() {
        return Err("the load did not end".into());
    }
    let load = report(site)?;
    server.stop()?;
    let mut line = None;
    let is_written = || {
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        line = text.lines().find_map(|line| {
            line.strip_prefix("setup ")
                .map(|line| line.replace("us", ""))
        });
        line.is_some()
    };
    if !until(Duration::from_secs(5), is_written) {
        return Err("the server printed no times".into());
    }
    let times = numbers(&line.unwrap_or_default());
    let time = |name| times.get(name).copied().unwrap_or(0);
    println!("\n{calls} calls at {rate}/s, --media none: INVITE read to 200 on its way\n");
    println!("| median, us | p99, us | longest, us | failed | repeated |");
    println!("|---|---|---|---|---|");
    let (half, most, all) = (time("p50"), time("p99"), time("max"));
    println!(
        "| {half} | {most} | {all} | {} | {} |",
        load.total("failed"),
        load.total("repeated")
    );
    // A repeated INVITE is timed once more.
    match times.get("count") {
        Some(count) if *count >= u64::from(calls) => Ok(()),
        count => Err(format!("{count:?} of {calls} calls were timed").into()),
    }
}
