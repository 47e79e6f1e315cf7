//! Transactions per second of the layer alone: time, instructions and memory.

use super::median;
use super::program::Program;
use crate::Outcome;
use std::collections::BTreeMap;

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
    let program = Program::build("transactions")?;
    let mut found: BTreeMap<&str, Vec<BTreeMap<String, u64>>> = BTreeMap::new();
    for _ in 0..rounds {
        for (scenario, _) in SCENARIOS {
            let figures = program.figures([scenario, &TRANSACTIONS.to_string()])?;
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
        let instructions = program
            .instructions(scenario, COUNTED)
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
