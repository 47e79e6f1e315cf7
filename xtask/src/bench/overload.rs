//! The server beyond its capacity, and a burst near it.
//!
//! SIPp cannot offer twice the capacity from one core, so the generator of `xtask load` does. It has one core to itself; the
//! server shares the other one with a process that takes half of it, since no generator on one core can offer twice of what
//! a whole one serves.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use super::calls::{load, totals};
use super::{Site, median};
use crate::Outcome;
use crate::process::{Process, until};
use crate::server::{Server, numbers};

const SERVER_CORE: &str = "0";
const GENERATOR_CORE: &str = "1";

/// Where the search for the capacity begins, and how long each try takes.
const FIRST_RATE: u64 = 4_000;
const TRY_SECONDS: u64 = 4;
const HALVINGS: usize = 4;

/// What is offered after the rush, and for how long.
const CALM_SHARE: f64 = 0.5;
const CALM_SECONDS: usize = 10;

/// The least share of the capacity that must be served.
const GOODPUT: f64 = 0.9;

const BURST_RATE: u32 = 8_000;
const BURST_SECONDS: u32 = 3;
/// The largest receive buffer that the system gives. In SIPp's own one only some hundred answers have room; what it drops
/// there is repeated half a second later and says nothing of the server.
const SIPP_BUFFER: [&str; 2] = ["-buff_size", "4194304"];
/// The burst must be served at this rate at least.
const BURST_SERVED: f64 = 7_500.0;
/// How much more memory the second burst may leave than the first.
const GROWTH_LIMIT: f64 = 1.10;

const CLEARED_WITHIN: Duration = Duration::from_secs(60);

type Figures = std::collections::BTreeMap<String, u64>;

/// What a load has reported: a line of figures for each second, and the totals.
pub(super) struct Report {
    seconds: Vec<Figures>,
    total: Figures,
}

impl Report {
    pub(super) fn total(&self, name: &str) -> u64 {
        self.total.get(name).copied().unwrap_or(0)
    }

    /// Calls completed per second in some of the seconds.
    fn completed(&self, seconds: std::ops::Range<usize>) -> f64 {
        let count = seconds.len() as f64;
        let seconds = self.seconds.get(seconds).unwrap_or_default();
        let completed = |second: &Figures| second.get("completed").copied().unwrap_or(0);
        seconds.iter().map(completed).sum::<u64>() as f64 / count
    }
}

/// Finds the capacity, offers twice of it for so many seconds, and prints what came of it.
pub fn twice_the_capacity(site: &Site, rush: usize) -> Outcome {
    let log = site.logs.join("server.log");
    let arguments = ["--media", "none", "--max-sessions", "100000"];
    let server = Server::start(&site.examples, &arguments, &log)?;
    pin(&server)?;
    let mut rival = Command::new("taskset");
    rival.args(["-c", SERVER_CORE, "sh", "-c", "while :; do :; done"]);
    let rival = Process::logged(rival, &site.logs.join("rival.log"))?;
    let capacity = capacity(site, server.udp)?;
    let before = server.process().resident_octets()?;
    let phases = [
        (2 * capacity, rush),
        ((capacity as f64 * CALM_SHARE) as u64, CALM_SECONDS),
    ];
    let mut generator = generate(site, server.udp, &phases)?;
    let mut most = before;
    let limit = Instant::now() + Duration::from_secs(90 + rush as u64);
    while generator.wait(Duration::from_millis(200))?.is_none() {
        most = most.max(server.process().resident_octets()?);
        if Instant::now() > limit {
            return Err("the load did not end".into());
        }
    }
    drop(rival);
    let report = report(site)?;
    server.wait_until_idle(CLEARED_WITHIN)?;
    let after = server.process().resident_octets()?;
    server.stop()?;
    let goodput = report.completed(0..rush);
    let calm = &report.seconds[rush.min(report.seconds.len())..];
    // The first second still holds what had waited when the rush ended.
    let is_calm = |second: &Figures| second.get("refused") == Some(&0);
    let recovered = calm.iter().position(is_calm);
    println!("\n| half a core for the server, one for the load | |\n|---|---|");
    println!("| capacity: most calls per second without a loss | {capacity} |");
    println!("| offered for {rush} s | {} |", 2 * capacity);
    println!(
        "| completed per second | {goodput:.0} ({:.0} %) |",
        100.0 * goodput / capacity as f64
    );
    for name in ["answered", "refused", "completed", "failed", "repeated"] {
        println!("| calls {name}, all in all | {} |", report.total(name));
    }
    println!("| slowest answer, ms | {} |", report.total("slowest_ms"));
    for (when, octets) in [("before", before), ("at most", most), ("afterwards", after)] {
        println!(
            "| resident memory {when}, MB | {:.1} |",
            octets as f64 / 1e6
        );
    }
    match recovered {
        Some(seconds) => {
            println!("| seconds after the rush in which calls were refused | {seconds} |")
        }
        None => println!("| recovered | not within {CALM_SECONDS} s |"),
    }
    match goodput >= GOODPUT * capacity as f64
        && recovered.is_some_and(|seconds| seconds <= 1)
        && report.total("failed") == 0
    {
        true => Ok(()),
        false => Err("too little was served, calls failed, or the server did not recover".into()),
    }
}

/// The largest rate that the server takes without refusing, losing or repeating anything.
fn capacity(site: &Site, server: SocketAddr) -> Outcome<u64> {
    let is_clean = |rate: u64| -> Outcome<bool> {
        let mut generator = generate(site, server, &[(rate, TRY_SECONDS as usize)])?;
        if generator.wait(Duration::from_secs(60))?.is_none() {
            return Err("the load did not end".into());
        }
        let report = report(site)?;
        let flaws = ["refused", "failed", "repeated"].map(|name| report.total(name));
        eprintln!("{rate}/s: {flaws:?} refused, failed, repeated");
        // One in a thousand may fall to another process that needs the core.
        Ok(flaws.iter().sum::<u64>() * 1000 <= report.total("offered"))
    };
    let (mut good, mut bad) = (0, FIRST_RATE);
    while is_clean(bad)? {
        good = bad;
        bad = bad * 3 / 2;
    }
    if good == 0 {
        return Err(format!("not even {FIRST_RATE} calls per second are served").into());
    }
    for _ in 0..HALVINGS {
        let middle = u64::midpoint(good, bad);
        match is_clean(middle)? {
            true => good = middle,
            false => bad = middle,
        }
    }
    Ok(good)
}

fn pin(server: &Server) -> Outcome {
    let pid = server.process().id().to_string();
    let output = Command::new("taskset")
        .args(["-a", "-p", "-c", SERVER_CORE, &pid])
        .output()
        .map_err(|error| format!("taskset: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err("the server cannot be given a core of its own: this needs two".into()),
    }
}

/// Offers calls at even intervals: so many per second for so many seconds, phase by phase.
pub(super) fn generate(
    site: &Site,
    server: SocketAddr,
    phases: &[(u64, usize)],
) -> Outcome<Process> {
    let mut command = Command::new("taskset");
    command.args(["-c", GENERATOR_CORE]);
    command
        .arg(std::env::current_exe()?)
        .args(["load", &server.to_string()]);
    for (rate, seconds) in phases {
        command.args(["--phase", &format!("{rate}x{seconds}")]);
    }
    Process::logged(command, &site.logs.join("generator.log"))
}

/// What the load that has ended reports.
pub(super) fn report(site: &Site) -> Outcome<Report> {
    let text = std::fs::read_to_string(site.logs.join("generator.log"))?;
    let seconds = text.lines().filter(|line| line.starts_with("second "));
    let total = text.lines().find(|line| line.starts_with("total "));
    Ok(Report {
        seconds: seconds.map(numbers).collect(),
        total: numbers(total.ok_or("the load reports nothing")?),
    })
}

/// Two bursts of SIPp on both cores, with time to clear up in between.
pub fn burst(site: &Site) -> Outcome {
    let log = site.logs.join("server.log");
    let arguments = ["--media", "none", "--max-sessions", "100000"];
    let server = Server::start(&site.examples, &arguments, &log)?;
    let (mut rates, mut left, mut failed, mut repeated) = (Vec::new(), Vec::new(), 0, 0);
    for _ in 0..2 {
        let calls = BURST_RATE * BURST_SECONDS;
        let found = load(&site.logs, server.udp, BURST_RATE, calls, &SIPP_BUFFER)?;
        failed += found.failed;
        repeated += found.retransmissions;
        rates.push(totals(&site.logs)?.rate);
        server.wait_until_idle(CLEARED_WITHIN)?;
        // The allocator gives pages back a moment after they are free.
        until(Duration::from_secs(5), || false);
        left.push(server.process().resident_octets()?);
    }
    server.stop()?;
    println!(
        "\n| {BURST_RATE} calls per second for {BURST_SECONDS} s by SIPp, twice, on both cores | |\n|---|---|"
    );
    println!(
        "| served per second | {:.0} and {:.0} |",
        rates[0], rates[1]
    );
    println!("| calls failed, messages repeated | {failed}, {repeated} |");
    let [first, second] = [left[0], left[1]].map(|octets| octets as f64 / 1e6);
    println!("| resident memory after each, MB | {first:.1} and {second:.1} |");
    let is_flat = second <= first * GROWTH_LIMIT;
    match failed == 0 && is_flat && median(rates) >= BURST_SERVED {
        true => Ok(()),
        false => Err("the burst was not served as it should".into()),
    }
}
