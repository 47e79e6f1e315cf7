//! `cargo xtask bench`: the criterion benches, and `sipp_server` under load beside SIPp's own UAS.

mod build;
mod calls;
mod media;
mod memory;
mod overload;
mod peers;
mod program;
mod relay;
mod setup;
mod simulated;
mod transactions;

use std::path::PathBuf;

use crate::process::succeed;
use crate::{Outcome, workspace};

/// What to measure.
#[derive(clap::Args)]
pub struct Arguments {
    /// Which measurement; all of them when left out
    what: Option<Measurement>,
    /// Calls per second of the load
    #[arg(long, default_value_t = 1000)]
    rate: u32,
    /// Calls per round
    #[arg(long, default_value_t = 10_000)]
    calls: u32,
    /// Rounds of each contender, taken in turn
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Calls held for the memory figure
    #[arg(long, default_value_t = 5_000)]
    held: u32,
    /// Seconds for which twice the capacity is offered
    #[arg(long, default_value_t = 60)]
    rush: usize,
    /// Parsing and writing beside other stacks, and nothing else
    #[arg(long, exclusive = true)]
    peers: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Measurement {
    /// The criterion benches
    Micro,
    /// CPU per call
    Calls,
    /// Set-up of a call inside the server process
    Setup,
    /// Memory per held call
    Memory,
    /// Memory of the server over 20,000 calls
    Leak,
    /// Transactions per second of the layer alone
    Transactions,
    /// CPU of a relayed RTP packet, and how long it takes
    Relay,
    /// Application audio in virtual time: from mouth to ear, how pure a tone comes through, a call of an hour;
    /// and how late frames are on sockets
    Media,
    /// CPU of a whole call in virtual time, and events per second
    Simulated,
    /// A million calls in virtual time, which must leave nothing
    Many,
    /// Twice the capacity, and the half of it afterwards
    Overload,
    /// 8000 calls per second for three seconds, twice
    Burst,
    /// The facade built from nothing
    Build,
}

/// Where the load runs keep their logs and find their programs.
struct Site {
    examples: PathBuf,
    logs: PathBuf,
}

/// Takes the measurements and prints tables ready for `docs/BENCHMARKS.md`.
pub fn run(arguments: &Arguments) -> Outcome {
    if arguments.peers {
        return peers::side_by_side();
    }
    let is_wanted = |what| arguments.what.is_none_or(|wanted| wanted == what);
    if is_wanted(Measurement::Micro) {
        let mut micro = workspace::cargo();
        succeed(micro.args(["bench", "--package", "rvoip-benches"]))?;
    }
    if arguments.what == Some(Measurement::Micro) {
        return Ok(());
    }
    if is_wanted(Measurement::Transactions) {
        transactions::measure(arguments.rounds)?;
    }
    if arguments.what == Some(Measurement::Transactions) {
        return Ok(());
    }
    if is_wanted(Measurement::Relay) {
        relay::measure(arguments.rounds)?;
    }
    if arguments.what == Some(Measurement::Relay) {
        return Ok(());
    }
    if is_wanted(Measurement::Media) {
        media::measure()?;
    }
    if arguments.what == Some(Measurement::Media) {
        return Ok(());
    }
    if is_wanted(Measurement::Simulated) {
        simulated::measure(arguments.rounds)?;
    }
    if arguments.what == Some(Measurement::Simulated) {
        return Ok(());
    }
    if is_wanted(Measurement::Many) {
        simulated::many()?;
    }
    if arguments.what == Some(Measurement::Many) {
        return Ok(());
    }
    let site = Site {
        examples: workspace::build_measured(&["sipp_server"])?,
        logs: workspace::target()?.join("bench"),
    };
    std::fs::create_dir_all(&site.logs)?;
    if is_wanted(Measurement::Build) {
        build::from_nothing(&site)?;
    }
    if arguments.what == Some(Measurement::Build) {
        return Ok(());
    }
    if is_wanted(Measurement::Overload) {
        overload::twice_the_capacity(&site, arguments.rush)?;
    }
    if arguments.what == Some(Measurement::Overload) {
        return Ok(());
    }
    workspace::need_program("sipp", "sip-tester")?;
    if is_wanted(Measurement::Burst) {
        overload::burst(&site)?;
    }
    if is_wanted(Measurement::Calls) {
        calls::measure(&site, arguments.rate, arguments.calls, arguments.rounds)?;
    }
    if is_wanted(Measurement::Setup) {
        setup::measure(&site, arguments.rate, arguments.calls)?;
    }
    if is_wanted(Measurement::Memory) {
        memory::per_held_call(&site, arguments.held)?;
    }
    if is_wanted(Measurement::Leak) {
        memory::over_many_calls(&site)?;
    }
    Ok(())
}

/// The middle value of some measurements.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[count / 2],
        count => (values[count / 2 - 1] + values[count / 2]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert!(median(Vec::new()).is_nan());
    }
}
