//! RTP of many calls through what only relays: processor time, loss and delay.

use std::collections::BTreeMap;

use super::median;
use super::program::Program;
use crate::{Outcome, workspace};

/// What relays, and how many calls of two parties it has. What a number of calls is measured against comes first.
const LOADS: [(&str, u64); 8] = [
    (BARE, 100),
    ("minimal", 100),
    ("engine", 100),
    (BARE, 1000),
    ("minimal", 1000),
    ("engine", 1000),
    (RTPENGINE, 1000),
    // A thousand members in rooms of ten; a packet is one mixed for one of them.
    ("conference", 500),
];

/// Reads and sends and does nothing else: the floor.
const BARE: &str = "bare";
const RTPENGINE: &str = "rtpengine";

/// How long each round is.
const SECONDS: &str = "5";

/// Runs the rounds and prints the table.
pub fn measure(rounds: usize) -> Outcome {
    let program = Program::build("relay")?;
    let peer = workspace::need_program("rtpengine", "rtpengine-daemon");
    if let Err(why) = &peer {
        println!("rtpengine left out: {why}");
    }
    let loads = LOADS.iter().copied();
    let loads: Vec<_> = loads
        .filter(|(what, _)| *what != RTPENGINE || peer.is_ok())
        .collect();
    let mut found: BTreeMap<(&str, u64), Vec<BTreeMap<String, u64>>> = BTreeMap::new();
    for _ in 0..rounds {
        for load in &loads {
            let figures = program.figures_alone([load.0, &load.1.to_string(), SECONDS])?;
            found.entry(*load).or_default().push(figures);
        }
    }
    println!(
        "\nG.711 relayed on 127.0.0.1, a packet every 20 ms from each party, medians of {rounds}\n"
    );
    println!(
        "| relay | calls | us of processor time for each packet | times bare | lost of sent | one way p50, us | p99, us | deadlines missed by 1 ms |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let middle = |load: (&str, u64), name: &str| {
        let rounds = found.get(&load).into_iter().flatten();
        let values = rounds.filter_map(|round| round.get(name));
        median(values.map(|value| *value as f64).collect())
    };
    for load in loads {
        let (what, calls) = load;
        let floor = match what {
            "conference" => (BARE, 1000),
            _ => (BARE, calls),
        };
        // What is mixed carries no time of its own, and what is not ours has no deadlines that we know of.
        let delay = |name: &str| match what {
            "conference" => "-".to_owned(),
            _ => middle(load, name).to_string(),
        };
        let missed = match what {
            BARE | RTPENGINE => "-".to_owned(),
            _ => middle(load, "missed").to_string(),
        };
        println!(
            "| {what} | {calls} | {:.2} | {:.2} | {} of {} | {} | {} | {missed} |",
            middle(load, "nanoseconds") / 1000.0,
            middle(load, "nanoseconds") / middle(floor, "nanoseconds"),
            middle(load, "lost"),
            middle(load, "sent"),
            delay("p50_us"),
            delay("p99_us"),
        );
    }
    Ok(())
}
