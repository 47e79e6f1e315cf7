//! `cargo xtask fuzz`: the laws that `fuzz/` states, replayed with the corpus or searched with libFuzzer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::succeed;
use crate::{Outcome, workspace};

/// What the corpus of one target may hold; what is found beyond it is left out, the longest first.
const CORPUS_OCTETS: u64 = 32_768;
const CORPUS_FILES: usize = 128;
/// No input is longer: what a parser does it does with short ones.
const INPUT_OCTETS: &str = "-max_len=2048";

/// What to do with the targets.
#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(clap::Subcommand)]
enum Task {
    /// Runs the corpus, and changed copies of it from a fixed seed, through the laws; needs no fuzzer
    Replay {
        /// Only these targets
        targets: Vec<String>,
    },
    /// Searches with cargo-fuzz, and adds what reaches new code to the corpus; needs a C++ compiler
    Grow {
        /// For so long, shared by the targets
        minutes: u32,
        /// Only these targets
        targets: Vec<String>,
    },
}

/// Does it.
pub fn run(arguments: &Arguments) -> Outcome {
    match &arguments.task {
        Task::Replay { targets } => succeed(&mut replay(targets)),
        Task::Grow { minutes, targets } => grow(*minutes, targets),
    }
}

/// The replay, for whoever wants to run it.
pub fn replay(targets: &[String]) -> Command {
    let mut command = workspace::cargo();
    command
        .args([
            "run",
            "--quiet",
            "--locked",
            "--manifest-path",
            "fuzz/Cargo.toml",
            "--example",
            "replay",
            "--",
        ])
        .args(targets);
    command
}

fn grow(minutes: u32, targets: &[String]) -> Outcome {
    need_cargo_fuzz()?;
    let targets = match targets {
        [] => all_targets()?,
        some => some.to_vec(),
    };
    let seconds = u64::from(minutes) * 60 / targets.len().max(1) as u64;
    for target in &targets {
        grow_one(target, seconds)?;
    }
    Ok(())
}

fn need_cargo_fuzz() -> Outcome {
    let is_there = workspace::cargo()
        .args(["fuzz", "--version"])
        .output()
        .is_ok_and(|output| output.status.success());
    if is_there {
        return Ok(());
    }
    println!("installing cargo-fuzz");
    let mut install = workspace::cargo();
    install.args(["install", "--locked", "cargo-fuzz"]);
    succeed(&mut install)
}

fn home() -> PathBuf {
    workspace::root().join("fuzz")
}

/// The programs for libFuzzer.
fn all_targets() -> Outcome<Vec<String>> {
    let mut targets = Vec::new();
    for entry in fs::read_dir(home().join("fuzz_targets"))? {
        let path = entry?.path();
        targets.extend(
            path.file_stem()
                .map(|name| name.to_string_lossy().into_owned()),
        );
    }
    targets.sort();
    Ok(targets)
}

fn grow_one(target: &str, seconds: u64) -> Outcome {
    println!("== {target} for {seconds} s");
    let corpus = home().join("corpus").join(target);
    let found = home().join("target/found").join(target);
    fs::create_dir_all(&found)?;
    let time = format!("-max_total_time={seconds}");
    fuzz(
        target,
        &[&found, &corpus],
        &[&time, INPUT_OCTETS, "-timeout=20", "-print_final_stats=1"],
    )?;
    let known = files(&corpus)?;
    // Of what was found, the fewest inputs that reach what the corpus does not.
    let merge = ["-set_cover_merge=1", "-use_counters=0", INPUT_OCTETS];
    fuzz(target, &[&corpus, &found], &merge)?;
    keep_short(&corpus, &known)
}

/// Runs libFuzzer on the directories, of which the first is written to.
fn fuzz(target: &str, directories: &[&Path], options: &[&str]) -> Outcome {
    let mut command = workspace::cargo();
    command
        // Coverage is compiled in by flags that a stable compiler hides. There is no unsafe code to sanitize.
        .env("RUSTC_BOOTSTRAP", "1")
        .args([
            "fuzz",
            "run",
            "--sanitizer",
            "none",
            "--features",
            "libfuzzer",
            target,
        ])
        .args(directories)
        .arg("--")
        .args(options);
    succeed(&mut command)
}

/// The files of a directory with their lengths.
fn files(directory: &Path) -> Outcome<Vec<(u64, PathBuf)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        files.push((entry.metadata()?.len(), entry.path()));
    }
    files.sort();
    Ok(files)
}

/// Removes new files, the longest first, until the corpus is as short as it should be.
fn keep_short(corpus: &Path, known: &[(u64, PathBuf)]) -> Outcome {
    let mut new = files(corpus)?;
    let mut octets: u64 = new.iter().map(|(length, _)| length).sum();
    new.retain(|file| !known.contains(file));
    let found = new.len();
    while octets > CORPUS_OCTETS || known.len() + new.len() > CORPUS_FILES {
        let Some((length, path)) = new.pop() else {
            break;
        };
        fs::remove_file(path)?;
        octets -= length;
    }
    println!(
        "{} inputs found, {} kept; the corpus has {octets} octets",
        found,
        new.len()
    );
    Ok(())
}
