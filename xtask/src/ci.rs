//! `cargo xtask ci`: everything that has to hold, in order of cost; stops at the first failure.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::{Outcome, demo, fuzz, layer_examples, layers, sipp, states, tidy, workspace};

/// The comment by which an example says that it can be run and believed.
const SELF_CHECKING: &str = "//! Ends by itself";

/// Lines of a passing step's output that are worth showing.
const WORTH_SHOWING: [&str; 2] = ["test result:", "   Doc-tests"];

/// Which steps to take.
#[derive(clap::Args)]
pub struct Arguments {
    /// Only these steps, in the order of the full run
    steps: Vec<String>,
}

/// A step with its name on the command line.
type Step = (&'static str, fn() -> Outcome);

const STEPS: &[Step] = &[
    ("tidy", tidy::run),
    ("layers", layers::run),
    ("fmt", format),
    ("clippy", clippy),
    ("test", test),
    ("fuzz", || quietly(fuzz::replay(&[]))),
    ("doc", doc),
    ("deny", deny),
    ("states", || states::run(&states::Arguments { check: true })),
    ("examples", examples),
    ("demo", || demo::run(&demo::Arguments::default())),
    ("sipp", || sipp::run(&sipp::Arguments::default())),
];

/// Takes the steps and prints how long each took.
pub fn run(arguments: &Arguments) -> Outcome {
    for name in &arguments.steps {
        if !STEPS.iter().any(|(step, _)| step == name) {
            let names: Vec<&str> = STEPS.iter().map(|(step, _)| *step).collect();
            return Err(format!("no step `{name}`; there are: {}", names.join(", ")).into());
        }
    }
    let is_wanted =
        |name: &str| arguments.steps.is_empty() || arguments.steps.iter().any(|step| step == name);
    let mut times: Vec<(&str, Duration)> = Vec::new();
    for (name, step) in STEPS.iter().filter(|(name, _)| is_wanted(name)) {
        println!("== {name}");
        let start = Instant::now();
        step().map_err(|error| format!("step {name}: {error}"))?;
        times.push((name, start.elapsed()));
    }
    println!("\n{:<10} {:>8}", "step", "s");
    for (name, time) in &times {
        println!("{name:<10} {:>8.1}", time.as_secs_f64());
    }
    let total: Duration = times.iter().map(|(_, time)| *time).sum();
    println!("{:<10} {:>8.1}\nall passed", "total", total.as_secs_f64());
    Ok(())
}

fn cargo(arguments: &[&str]) -> Outcome {
    let mut command = workspace::cargo();
    command.args(arguments);
    quietly(command)
}

fn format() -> Outcome {
    cargo(&["fmt", "--all", "--check"])?;
    // A workspace of its own.
    cargo(&["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"])
}

fn clippy() -> Outcome {
    let everything = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--locked",
    ];
    cargo(&[&everything[..], &["--", "-D", "warnings"]].concat())?;
    // The layers as a user without optional features gets them.
    cargo(&[
        "clippy",
        "--package",
        "rvoip-session-core",
        "--locked",
        "--",
        "-D",
        "warnings",
    ])
}

fn test() -> Outcome {
    // Tests that show their traffic to it skip themselves without it.
    workspace::need_program("tshark", "tshark")?;
    cargo(&["test", "--workspace", "--all-features", "--locked"])
}

fn doc() -> Outcome {
    let mut command = workspace::cargo();
    command
        .args([
            "doc",
            "--workspace",
            "--no-deps",
            "--all-features",
            "--locked",
        ])
        .env("RUSTDOCFLAGS", "-D warnings");
    quietly(command)
}

fn deny() -> Outcome {
    let is_there = workspace::cargo()
        .args(["deny", "--version"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !is_there {
        println!("installing cargo-deny");
        cargo(&["install", "--locked", "cargo-deny"])?;
    }
    cargo(&["deny", "--locked", "check", "bans", "licenses", "sources"])
}

fn examples() -> Outcome {
    let directory = workspace::root().join("examples/examples");
    let mut names = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let checks_itself = std::fs::read_to_string(&path)
            .is_ok_and(|text| text.lines().any(|line| line.starts_with(SELF_CHECKING)));
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        // The demo is a step of its own.
        if checks_itself && name != "demo" {
            names.push(name);
        }
    }
    names.sort();
    let built: Vec<&str> = names
        .iter()
        .map(String::as_str)
        .chain(layer_examples::NAMES)
        .collect();
    let programs = workspace::build_examples(&built)?;
    for name in &names {
        let start = Instant::now();
        quietly(Command::new(programs.join(name)))?;
        println!("{name}: ok in {:.1?}", start.elapsed());
    }
    layer_examples::run(&programs)
}

/// Runs a command; shows the lines worth showing, and everything when it fails.
fn quietly(mut command: Command) -> Outcome {
    let (reader, writer) = std::io::pipe()?;
    let mut child = command
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .spawn()?;
    // The command keeps the pipe's writing ends open until it is dropped.
    drop(command);
    let mut said = String::new();
    let mut lines = BufReader::new(reader);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line);
        if WORTH_SHOWING.iter().any(|start| text.starts_with(start)) {
            print!("{text}");
            std::io::stdout().flush()?;
        }
        said.push_str(&text);
        line.clear();
    }
    let status = child.wait()?;
    match status.success() {
        true => Ok(()),
        false => {
            eprint!("{said}");
            Err(status.to_string().into())
        }
    }
}
