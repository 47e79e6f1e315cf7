//! CPU per call of the server process, ours and SIPp's own UAS in turn.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::{Site, median};
use crate::Outcome;
use crate::process::{Process, free_port, is_listening, until};
use crate::server::Server;

/// Transactions linger for 32 s; the figure counts the work of clearing them too.
const CLEARED_WITHIN: Duration = Duration::from_secs(60);

/// SIPp's own UAS keeps each call for four seconds after its BYE.
const SIPP_RESTS: Duration = Duration::from_secs(5);

/// Who answers the calls.
enum Contender {
    Ours(&'static str, &'static [&'static str]),
    SippUas,
}

const CONTENDERS: [Contender; 3] = [
    Contender::Ours("sipp_server --media none", &["--media", "none"]),
    Contender::SippUas,
    Contender::Ours("sipp_server with media", &["--rtp-ports", "2000-32000"]),
];

impl Contender {
    fn name(&self) -> &'static str {
        match self {
            Contender::Ours(name, _) => name,
            Contender::SippUas => "sipp -sn uas",
        }
    }
}

/// What one round found.
struct Round {
    micros_per_call: f64,
    failed: u64,
    retransmissions: u64,
}

/// What the generator of a load reports.
pub struct Load {
    pub failed: u64,
    pub retransmissions: u64,
    /// Calls per second.
    pub rate: f64,
}

/// Runs the rounds and prints the table.
pub fn measure(site: &Site, rate: u32, calls: u32, rounds: usize) -> Outcome {
    let mut found: Vec<Vec<Round>> = CONTENDERS.iter().map(|_| Vec::new()).collect();
    for round in 1..=rounds {
        for (contender, found) in CONTENDERS.iter().zip(&mut found) {
            let one = perform(site, contender, rate, calls)?;
            eprintln!(
                "round {round}: {} {:.1} us",
                contender.name(),
                one.micros_per_call
            );
            found.push(one);
        }
    }
    println!("\n{calls} calls at {rate}/s with 180, medians of {rounds} rounds taken in turn\n");
    println!("| server | CPU per call, us | failed | retransmissions |");
    println!("|---|---|---|---|");
    for (contender, rounds) in CONTENDERS.iter().zip(&found) {
        let cpu = median(rounds.iter().map(|round| round.micros_per_call).collect());
        let failed: u64 = rounds.iter().map(|round| round.failed).sum();
        let repeats: u64 = rounds.iter().map(|round| round.retransmissions).sum();
        println!("| {} | {cpu:.1} | {failed} | {repeats} |", contender.name());
    }
    Ok(())
}

fn perform(site: &Site, contender: &Contender, rate: u32, calls: u32) -> Outcome<Round> {
    let (load, cpu) = match contender {
        Contender::Ours(_, arguments) => {
            let server = Server::start(&site.examples, arguments, &site.logs.join("server.log"))?;
            let before = server.process().cpu_time()?;
            let load = load(&site.logs, server.udp, rate, calls, &[])?;
            server.wait_until_idle(CLEARED_WITHIN)?;
            let cpu = server.process().cpu_time()? - before;
            server.stop()?;
            (load, cpu)
        }
        Contender::SippUas => {
            let port = free_port()?;
            let mut command = Command::new("sipp");
            command
                .current_dir(&site.logs)
                .args(["-sn", "uas", "-i", "127.0.0.1", "-nostdin"])
                .args(["-p", &port.to_string()]);
            let uas = Process::logged(command, &site.logs.join("uas.log"))?;
            if !until(Duration::from_secs(5), || is_listening(false, port)) {
                return Err("sipp -sn uas does not listen".into());
            }
            let before = uas.cpu_time()?;
            let destination = SocketAddr::from(([127, 0, 0, 1], port));
            let load = load(&site.logs, destination, rate, calls, &[])?;
            until(SIPP_RESTS, || false);
            (load, uas.cpu_time()? - before)
        }
    };
    Ok(Round {
        micros_per_call: cpu.as_secs_f64() * 1e6 / f64::from(calls),
        failed: load.failed,
        retransmissions: load.retransmissions,
    })
}

/// `sipp -sn uac` against a server, to its end.
pub fn load(
    logs: &Path,
    destination: SocketAddr,
    rate: u32,
    calls: u32,
    more: &[&str],
) -> Outcome<Load> {
    let mut sipp = generator(logs, destination, rate, calls, more)?;
    let limit = Duration::from_secs(120 + u64::from(calls / rate.max(1)));
    if sipp.wait(limit)?.is_none() {
        return Err("the load did not end".into());
    }
    totals(logs)
}

/// What the generator has written about its whole load.
pub fn totals(logs: &Path) -> Outcome<Load> {
    let statistics = std::fs::read_to_string(logs.join("load.csv"))?;
    let names = statistics.lines().next().unwrap_or_default().split(';');
    let values = statistics.lines().last().unwrap_or_default().split(';');
    let totals: Vec<(&str, &str)> = names.zip(values).collect();
    let number = |name: &str| {
        let (_, value) = totals.iter().find(|(known, _)| *known == name)?;
        value.parse::<u64>().ok()
    };
    let rate = totals.iter().find(|(known, _)| *known == "CallRate(C)");
    Ok(Load {
        rate: rate.map_or(Ok(f64::NAN), |(_, rate)| rate.parse())?,
        failed: number("FailedCall(C)").ok_or("SIPp wrote no statistics")?,
        retransmissions: number("Retransmissions(C)").unwrap_or(0),
    })
}

/// Starts `sipp -sn uac` against a server.
pub fn generator(
    logs: &Path,
    destination: SocketAddr,
    rate: u32,
    calls: u32,
    more: &[&str],
) -> Outcome<Process> {
    let mut command = Command::new("sipp");
    command
        .current_dir(logs)
        .args(["-sn", "uac", "-i", "127.0.0.1", "-nostdin"])
        .args([
            "-r",
            &rate.to_string(),
            "-m",
            &calls.to_string(),
            "-l",
            &calls.to_string(),
        ])
        .args(["-trace_stat", "-stf", "load.csv", "-fd", "1s"])
        .args(more)
        .arg(destination.to_string());
    Process::logged(command, &logs.join("load.log"))
}
