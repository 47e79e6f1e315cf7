//! Transactions per second of the layer alone: time, instructions and memory.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use super::{bench_program, median};
use crate::Outcome;
use crate::server::numbers;

/// What the bench knows, and what that is.
const SCENARIOS: [(&str, &str); 4] = [
    ("server", "request in, 200 out"),
    ("invite", "INVITE in, 180 and 200 out, ACK in"),
    ("client", "request out, 200 in"),
    ("refused", "INVITE in too late, 503 out, ACK in"),
];

/// Transactions of a round: some are gone again when it ends.
const TRANSACTIONS: u64 = 500_000;

/// Transactions under callgrind, where the difference of two runs counts.
const COUNTED: [u64; 2] = [10_000, 30_000];

/// Runs the rounds and prints the table.
pub fn measure(rounds: usize) -> Outcome {
    let program = bench_program("transactions")?;
    let mut found: BTreeMap<&str, Vec<BTreeMap<String, u64>>> = BTreeMap::new();
    for _ in 0..rounds {
        for (scenario, _) in SCENARIOS {
            let output = Command::new(&program)
                .args([scenario, &TRANSACTIONS.to_string()])
                .output()?;
            let figures = numbers(std::str::from_utf8(&output.stdout)?.trim());
            found.entry(scenario).or_default().push(figures);
        }
    }
    println!(
        "\n{TRANSACTIONS} transactions in memory, 10,000 a second of virtual time, one core, medians of {rounds}\n"
    );
    println!(
        "| transaction | per second of processor time | instructions | alive at the end | octets of each |"
    );
    println!("|---|---|---|---|---|");
    for (scenario, what) in SCENARIOS {
        let rounds = found.get(scenario).map_or(&[][..], Vec::as_slice);
        let middle = |name: &str| {
            let values = rounds.iter().filter_map(|round| round.get(name));
            median(values.map(|value| *value as f64).collect())
        };
        let per_second = TRANSACTIONS as f64 * 1e9 / middle("nanoseconds");
        let instructions = instructions(&program, scenario)
            .map_or_else(|| "no valgrind".to_owned(), |count| count.to_string());
        let alive = middle("alive");
        let each = match alive > 0.0 {
            true => middle("octets").to_string(),
            false => String::new(),
        };
        println!("| {what} | {per_second:.0} | {instructions} | {alive} | {each} |");
    }
    Ok(())
}

/// Instructions of one transaction, when there is a valgrind to count them.
fn instructions(program: &Path, scenario: &str) -> Option<u64> {
    let [few, many] = COUNTED.map(|count| {
        let output = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(program)
            .args([scenario, &count.to_string()])
            .output()
            .ok()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let line = said
            .lines()
            .find_map(|line| line.split_once("Collected : "))?;
        line.1.trim().parse::<u64>().ok()
    });
    Some((many? - few?) / (COUNTED[1] - COUNTED[0]))
}
