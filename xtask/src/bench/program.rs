//! A program of `benches/`: its figures, and the instructions of what it does a number of times.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use crate::server::numbers;
use crate::{Outcome, workspace};

/// The program of a bench, built as what goes into service.
pub struct Program(PathBuf);

impl Program {
    /// Builds a bench and finds its program.
    pub fn build(bench: &str) -> Outcome<Program> {
        let output = workspace::cargo()
            .args(["bench", "--package", "rvoip-benches", "--bench", bench])
            .args(["--no-run", "--message-format", "json"])
            .output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        let messages = std::str::from_utf8(&output.stdout)?;
        messages
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter(|message| message["target"]["name"] == bench)
            .find_map(|message| message["executable"].as_str().map(PathBuf::from))
            .map(Program)
            .ok_or_else(|| "cargo built no bench".into())
    }

    /// The figures that it prints when it is run with these arguments.
    pub fn figures<const N: usize>(&self, arguments: [&str; N]) -> Outcome<BTreeMap<String, u64>> {
        figures(Command::new(&self.0).args(arguments))
    }

    /// The same in a network of its own, with nothing but loopback and nobody else.
    pub fn figures_alone<const N: usize>(
        &self,
        arguments: [&str; N],
    ) -> Outcome<BTreeMap<String, u64>> {
        let mut within = workspace::within_namespace("exec \"$0\" \"$@\"");
        figures(within.arg(&self.0).args(arguments))
    }

    /// Instructions of one time, out of the difference of a few and many, when there is a valgrind to count them.
    pub fn instructions(&self, scenario: &str, times: [u64; 2]) -> Option<u64> {
        let [few, many] = times.map(|count| {
            let output = Command::new("valgrind")
                .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
                .arg(&self.0)
                .args([scenario, &count.to_string()])
                .output()
                .ok()?;
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let line = said
                .lines()
                .find_map(|line| line.split_once("Collected : "))?;
            line.1.trim().parse::<u64>().ok()
        });
        Some((many? - few?) / (times[1] - times[0]))
    }
}

fn figures(command: &mut Command) -> Outcome<BTreeMap<String, u64>> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(numbers(std::str::from_utf8(&output.stdout)?.trim()))
}
