//! Steps that want a network of their own: every port free, nothing but loopback, no way out.

use std::path::PathBuf;

use super::{Bench, STEPS, Verdict, missing};
use crate::Outcome;
use crate::workspace::within_namespace;

/// How the process within says that the step was left out; its last line says why.
const SKIPPED: i32 = 77;

/// What the process within needs.
#[derive(clap::Args)]
pub struct Arguments {
    /// The step
    step: String,
    /// Where our programs are
    examples: PathBuf,
    /// Where to write
    directory: PathBuf,
}

/// Takes a step in a namespace, where there can be one.
pub(super) fn enter(step: &str, bench: &Bench) -> Outcome<Verdict> {
    if let Some(why) = missing(&[("unshare", "util-linux"), ("ip", "iproute2")]) {
        return Ok(Verdict::Skipped(why));
    }
    let tried = within_namespace("exec true").output()?;
    if !tried.status.success() {
        let said = String::from_utf8_lossy(&tried.stderr);
        let why = said.lines().last().unwrap_or_default();
        return Ok(Verdict::Skipped(format!("no namespace here: {why}")));
    }
    let output = within_namespace("exec \"$0\" interop-step \"$@\"")
        .arg(std::env::current_exe()?)
        .arg(step)
        .args([&bench.examples, &bench.directory])
        .output()?;
    let said = String::from_utf8_lossy(&output.stdout);
    print!("{said}");
    match output.status.code() {
        Some(0) => Ok(Verdict::Passed),
        Some(SKIPPED) => Ok(Verdict::Skipped(
            said.lines().last().unwrap_or_default().to_owned(),
        )),
        _ => {
            let error = String::from_utf8_lossy(&output.stderr);
            let error = error.trim();
            Err(error.strip_prefix("error: ").unwrap_or(error).into())
        }
    }
}

/// Takes the step; this process is within the namespace.
///
/// # Errors
/// What went wrong in it.
pub fn run_inside(arguments: Arguments) -> Outcome {
    let Arguments {
        step,
        examples,
        directory,
    } = arguments;
    let known = STEPS.iter().find(|known| known.name == step);
    let step = known.ok_or("no such step")?;
    let bench = Bench {
        examples,
        directory,
    };
    match (step.take)(&bench)? {
        Verdict::Passed => Ok(()),
        Verdict::Skipped(why) => {
            println!("{why}");
            std::process::exit(SKIPPED);
        }
    }
}
