//! Our parser and writer beside those of other stacks, which have a workspace of their own.

use std::process::Command;

use crate::process::succeed;
use crate::{Outcome, workspace};

/// Builds the programs of `benches/peers` and runs the one that prints the tables.
pub fn side_by_side() -> Outcome {
    let target = workspace::target()?.join("peers");
    let mut build = workspace::cargo();
    build
        .current_dir(workspace::root().join("benches/peers"))
        .args(["build", "--quiet", "--release", "--target-dir"]);
    succeed(build.arg(&target))?;
    succeed(&mut Command::new(target.join("release/peers")))
}
