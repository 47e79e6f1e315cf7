//! RTP of many calls through a media worker that only relays: processor time, loss and delay.

use std::collections::BTreeMap;

use super::median;
use super::program::Program;
use crate::Outcome;

/// What relays, and how many calls of two parties it has.
const LOADS: [(&str, u64); 5] = [
    ("minimal", 100),
    ("minimal", 1000),
    ("engine", 100),
    ("engine", 1000),
    // A thousand members in rooms of ten; a packet is one mixed for one of them.
    ("conference", 500),
];

/// How long each round is.
const SECONDS: &str = "5";

/// Runs the rounds and prints the table. The last column is what a datagram costs without any relay, at that moment.
pub fn measure(rounds: usize) -> Outcome {
    let program = Program::build("relay")?;
    let mut found: BTreeMap<(&str, u64), Vec<BTreeMap<String, u64>>> = BTreeMap::new();
    for _ in 0..rounds {
        for load in LOADS {
            let figures = program.figures([load.0, &load.1.to_string(), SECONDS])?;
            found.entry(load).or_default().push(figures);
        }
    }
    println!(
        "\nG.711 relayed on 127.0.0.1, a packet every 20 ms from each party, medians of {rounds}\n"
    );
    println!(
        "| relay | calls | us of the worker for each packet | lost of sent | one way p50, us | p99, us | deadlines missed by 1 ms | us for a datagram alone |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for ((what, calls), rounds) in found {
        let middle = |name: &str| {
            let values = rounds.iter().filter_map(|round| round.get(name));
            median(values.map(|value| *value as f64).collect())
        };
        // What is mixed carries no time of its own.
        let delay = |name: &str| match what {
            "conference" => "-".to_owned(),
            _ => middle(name).to_string(),
        };
        println!(
            "| {what} | {calls} | {:.2} | {} of {} | {} | {} | {} | {:.2} |",
            middle("nanoseconds") / 1000.0,
            middle("lost"),
            middle("sent"),
            delay("p50_us"),
            delay("p99_us"),
            middle("missed"),
            middle("floor") / 1000.0,
        );
    }
    Ok(())
}
