//! `cargo xtask demo`: a whole call on loopback, shown and checked by the example `demo`.

use std::process::Command;

use crate::process::succeed;
use crate::{Outcome, workspace};

/// What the example is given.
#[derive(clap::Args, Default)]
pub struct Arguments {
    /// Arguments of the example
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Builds the example and runs it.
pub fn run(arguments: &Arguments) -> Outcome {
    let examples = workspace::build_examples(&["demo"])?;
    let recordings = workspace::target()?.join("demo");
    std::fs::create_dir_all(&recordings)?;
    let mut demo = Command::new(examples.join("demo"));
    demo.arg("--out").arg(recordings);
    succeed(demo.args(&arguments.rest))
}
