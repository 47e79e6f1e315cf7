//! `cargo xtask interop`: other people's programs against ours, and what each side saw and heard.
//!
//! A program that is missing and cannot be installed is told of, and its steps are left out.

mod authority;
mod baresip;
mod calls;
mod name_server;
mod openssl;
pub mod timers;
// The examples listen to their recordings in the same way; the task does not depend on their package.
#[path = "../../examples/tone_analysis.rs"]
mod tone_analysis;
mod wave;
mod web_socket;

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use self::name_server::Primary;
use crate::{Outcome, workspace};

/// Where a step finds our programs and writes its files.
struct Bench {
    examples: PathBuf,
    directory: PathBuf,
}

/// How a step went when it did not fail.
enum Verdict {
    Passed,
    /// Why it was left out.
    Skipped(String),
}

type Step = fn(&Bench) -> Outcome<Verdict>;

const STEPS: [(&str, Step); 10] = [
    ("calling-baresip-udp", |bench| {
        calls::to_baresip(bench, "udp")
    }),
    ("called-by-baresip-udp", |bench| {
        calls::from_baresip(bench, "udp")
    }),
    ("calling-baresip-tls", |bench| {
        calls::to_baresip(bench, "tls")
    }),
    ("called-by-baresip-tls", |bench| {
        calls::from_baresip(bench, "tls")
    }),
    ("openssl-options-and-reload", openssl::run),
    ("dns-silent-primary", |bench| {
        name_server::run(bench, &Primary::Silent)
    }),
    ("dns-closed-primary", |bench| {
        name_server::run(bench, &Primary::Closed)
    }),
    ("jssip-ws", |bench| web_socket::run(bench, "ws")),
    ("jssip-wss", |bench| web_socket::run(bench, "wss")),
    ("timers", timers::run),
];

/// Which steps to take.
#[derive(clap::Args)]
pub struct Arguments {
    /// Names of steps; all without any
    #[arg(value_parser = STEPS.map(|(name, _)| name))]
    steps: Vec<String>,
}

/// Takes the steps, side by side.
pub fn run(arguments: &Arguments) -> Outcome {
    let is_chosen =
        |name: &str| arguments.steps.is_empty() || arguments.steps.iter().any(|step| step == name);
    let chosen: Vec<_> = STEPS
        .into_iter()
        .filter(|(name, _)| is_chosen(name))
        .collect();
    let examples = workspace::build_examples(&["sipp_server", "sipp_client"])?;
    let logs = workspace::target()?.join("interop");
    if logs.exists() {
        fs::remove_dir_all(&logs)?;
    }
    let outcomes = thread::scope(|scope| {
        let running: Vec<_> = chosen
            .iter()
            .map(|&(name, step)| {
                let directory = logs.join(name);
                let examples = examples.clone();
                scope.spawn(move || take(step, examples, directory).map_err(|it| it.to_string()))
            })
            .collect();
        let ended = running.into_iter().map(thread::ScopedJoinHandle::join);
        ended.collect::<Vec<_>>()
    });
    let mut failed = Vec::new();
    for ((name, _), outcome) in chosen.iter().zip(outcomes) {
        match outcome {
            Ok(Ok(Verdict::Passed)) => println!("{name}: ok"),
            Ok(Ok(Verdict::Skipped(why))) => println!("{name}: skipped: {why}"),
            Ok(Err(error)) => failed.push(format!("{name}: {error}")),
            Err(_) => failed.push(format!("{name}: the check itself broke")),
        }
    }
    match failed.is_empty() {
        true => Ok(()),
        false => Err(format!("{}; logs: {}", failed.join("; "), logs.display()).into()),
    }
}

/// Whether there is a step of this name.
pub fn has_step(name: &str) -> bool {
    STEPS.iter().any(|(known, _)| *known == name)
}

fn take(step: Step, examples: PathBuf, directory: PathBuf) -> Outcome<Verdict> {
    fs::create_dir_all(&directory)?;
    step(&Bench {
        examples,
        directory,
    })
}

/// Why these programs cannot be used, each with its Debian package; `None` when they can.
fn missing(programs: &[(&str, &str)]) -> Option<String> {
    // Two package managers at a time lock each other out.
    static INSTALLING: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _one = INSTALLING.lock();
    programs.iter().find_map(|(program, package)| {
        let error = workspace::need_program(program, package).err()?;
        Some(error.to_string())
    })
}

/// The file's path as a word of a command line.
fn word(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
