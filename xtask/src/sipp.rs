//! `cargo xtask sipp`: SIPp calls our server and is called by our client.
//!
//! Every run gets fresh processes on ports of their own, so all runs go on side by side. Most of
//! the time goes into waiting: transactions linger for 32 seconds by RFC 3261, and a run is over
//! only when the server holds nothing any more.

mod bridge;
mod noise;
mod run;
mod table;

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Instant;

use crate::{Outcome, workspace};
use bridge::Meeting;
use run::{Finding, Site};
use table::{Run, runs};

/// What to run.
#[derive(clap::Args, Default)]
pub struct Arguments {
    /// Only the runs whose name contains one of these
    names: Vec<String>,
    /// Keep the logs of runs that pass as well
    #[arg(long)]
    keep: bool,
}

/// Runs the suite and prints its table.
pub fn run(arguments: &Arguments) -> Outcome {
    let wanted = &arguments.names;
    let chosen: Vec<&Run> = runs()
        .filter(|run| wanted.is_empty() || wanted.iter().any(|name| run.name.contains(name)))
        .collect();
    let bridges = bridge::RUNS.iter().filter(|meeting| {
        wanted.is_empty() || wanted.iter().any(|it| meeting.name.contains(it.as_str()))
    });
    let bridges: Vec<&Meeting> = bridges.collect();
    if chosen.is_empty() && bridges.is_empty() {
        let names: Vec<&str> = run_names().collect();
        return Err(format!("no such run; there are: {}", names.join(", ")).into());
    }
    workspace::need_program("sipp", "sip-tester")?;
    if !bridges.is_empty() {
        workspace::need_program("tshark", "tshark")?;
        workspace::need_program("sox", "sox")?;
    }
    let site = Site {
        examples: workspace::build_examples(&["sipp_server", "sipp_client"])?,
        scenarios: workspace::root().join("sipp_scenarios"),
        logs: workspace::target()?.join("sipp"),
    };
    remake(&site.logs)?;
    let start = Instant::now();
    let findings: Vec<(&Run, Finding)> = thread::scope(|scope| {
        let handles: Vec<_> = chosen
            .iter()
            .map(|run| (*run, scope.spawn(|| run::perform(run, &site))))
            .collect();
        handles
            .into_iter()
            .filter_map(|(run, handle)| Some((run, handle.join().ok()?)))
            .collect()
    });
    let bridged: Vec<(&str, Finding)> = bridges
        .iter()
        .map(|meeting| (meeting.name, bridge::perform(meeting, &site)))
        .collect();
    print_table(&findings, &bridged);
    let all = findings.iter().map(|(run, finding)| (run.name, finding));
    let all = all.chain(bridged.iter().map(|(name, finding)| (*name, finding)));
    let passed: Vec<&str> = all
        .filter(|(_, finding)| finding.failure.is_none())
        .map(|(name, _)| name)
        .collect();
    let performed = chosen.len() + bridges.len();
    println!(
        "{} of {} runs passed in {:.0?}",
        passed.len(),
        performed,
        start.elapsed()
    );
    if !arguments.keep {
        for name in &passed {
            fs::remove_dir_all(site.logs.join(name))?;
        }
    }
    if passed.len() < performed {
        return Err(format!("logs of the failed runs: {}", site.logs.display()).into());
    }
    Ok(())
}

/// Whether the suite has a run of this name.
pub fn has_run(name: &str) -> bool {
    run_names().any(|run| run == name)
}

fn run_names() -> impl Iterator<Item = &'static str> {
    let bridges = bridge::RUNS.iter().map(|meeting| meeting.name);
    runs().map(|run| run.name).chain(bridges)
}

fn remake(directory: &Path) -> Outcome {
    if directory.exists() {
        fs::remove_dir_all(directory)?;
    }
    Ok(fs::create_dir_all(directory)?)
}

fn print_table(findings: &[(&Run, Finding)], bridged: &[(&str, Finding)]) {
    println!(
        "{:<26} {:<34} {:>5}  {:>6}  result",
        "run", "what SIPp does", "calls", "s"
    );
    for (run, finding) in findings {
        println!(
            "{:<26} {:<34} {:>5}  {:>6.1}  {}",
            run.name,
            run.title(),
            run.calls,
            finding.took.as_secs_f64(),
            finding.failure.as_deref().unwrap_or("ok")
        );
    }
    for (name, finding) in bridged {
        println!(
            "{name:<26} {:<34} {:>5}  {:>6.1}  {}",
            "members of a room",
            1,
            finding.took.as_secs_f64(),
            finding.failure.as_deref().unwrap_or("ok")
        );
    }
}
