//! Whole calls in virtual time and what their messages alone cost, events to many subscribers, and calls without number.

use super::median;
use super::program::Program;
use crate::process::succeed;
use crate::{Outcome, workspace};

/// What the bench knows, how often it is run, and how often under callgrind, where the difference of two runs counts.
const SCENARIOS: [(&str, u64, [u64; 2]); 3] = [
    ("calls", 20_000, [500, 1_000]),
    ("messages", 100_000, [500, 1_000]),
    ("events", 3_000_000, [20_480, 40_960]),
];

/// How many calls must leave nothing.
const MANY: &str = "1000000";

/// Runs the rounds and prints the table.
pub fn measure(rounds: usize) -> Outcome {
    let program = Program::build("simulated")?;
    let mut messages = 0;
    let mut spent = Vec::new();
    for (scenario, times, counted) in SCENARIOS {
        let mut nanoseconds = Vec::new();
        for _ in 0..rounds {
            let figures = program.figures([scenario, &times.to_string()])?;
            messages = figures.get("messages").copied().unwrap_or(0);
            let total = figures.get("nanoseconds").copied().unwrap_or(0);
            nanoseconds.push(total as f64 / times as f64);
        }
        let instructions = program.instructions(scenario, counted);
        spent.push((median(nanoseconds), instructions));
    }
    let counted = |instructions: Option<u64>| {
        instructions.map_or_else(|| "no valgrind".to_owned(), |count| count.to_string())
    };
    let [calls, alone, event] = [spent[0], spent[1], spent[2]];
    let beyond = calls.1.zip(alone.1).map(|(all, read)| all - read);
    println!("\nboth sides of a call in virtual time, one core, medians of {rounds}\n");
    println!("| what | us | instructions |\n|---|---|---|");
    let row = |what: &str, nanoseconds: f64, instructions| {
        println!(
            "| {what} | {:.2} | {} |",
            nanoseconds / 1e3,
            counted(instructions)
        );
    };
    row("INVITE, hold, resume, BYE", calls.0, calls.1);
    row(
        &format!("its {messages} messages read and written"),
        alone.0,
        alone.1,
    );
    row("the rest", calls.0 - alone.0, beyond);
    row("an event to 8 subscribers", event.0, event.1);
    println!("\n{:.0} events per second to 8 subscribers", 1e9 / event.0);
    Ok(())
}

/// Plays a million calls, which must leave no session, dialog, transaction, timer, port and memory.
pub fn many() -> Outcome {
    let mut test = workspace::cargo();
    test.args(["test", "--release", "--package", "rvoip-session-core"])
        .args(["--features", "sim", "--test", "many_calls"])
        .args(["--", "--nocapture"]);
    succeed(test.env("RVOIP_CALLS", MANY))
}
