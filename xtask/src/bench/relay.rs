//! RTP of many calls through a media worker that only relays: processor time, loss and delay.

use std::collections::BTreeMap;
use std::process::Command;

use super::{bench_program, median};
use crate::Outcome;
use crate::server::numbers;

/// Calls, each of two parties.
const CALLS: [u64; 2] = [100, 1000];

/// How long each round is.
const SECONDS: &str = "5";

/// Runs the rounds and prints the table. The last column is what a datagram costs without any relay, at that moment.
pub fn measure(rounds: usize) -> Outcome {
    let program = bench_program("relay")?;
    let mut found: BTreeMap<u64, Vec<BTreeMap<String, u64>>> = BTreeMap::new();
    for _ in 0..rounds {
        for calls in CALLS {
            let output = Command::new(&program)
                .args([&calls.to_string(), SECONDS])
                .output()?;
            if !output.status.success() {
                return Err(String::from_utf8_lossy(&output.stderr).into());
            }
            let figures = numbers(std::str::from_utf8(&output.stdout)?.trim());
            found.entry(calls).or_default().push(figures);
        }
    }
    println!(
        "\nG.711 relayed on 127.0.0.1, a packet every 20 ms from each party, medians of {rounds}\n"
    );
    println!(
        "| calls | us of the worker for each packet | lost of sent | one way p50, us | p99, us | deadlines missed by 1 ms | us for a datagram alone |"
    );
    println!("|---|---|---|---|---|---|---|");
    for (calls, rounds) in found {
        let middle = |name: &str| {
            let values = rounds.iter().filter_map(|round| round.get(name));
            median(values.map(|value| *value as f64).collect())
        };
        println!(
            "| {calls} | {:.2} | {} of {} | {} | {} | {} | {:.2} |",
            middle("nanoseconds") / 1000.0,
            middle("lost"),
            middle("sent"),
            middle("p50_us"),
            middle("p99_us"),
            middle("missed"),
            middle("floor") / 1000.0,
        );
    }
    Ok(())
}
