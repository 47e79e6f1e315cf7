//! Our parser and writer beside those of other stacks, which have a workspace of their own.

use std::process::Command;

use crate::{Outcome, workspace};

/// Builds the programs of `benches/peers` and runs the one that prints the tables.
pub fn side_by_side() -> Outcome {
    let target = workspace::target()?.join("peers");
    let built = workspace::cargo()
        .current_dir(workspace::root().join("benches/peers"))
        .args(["build", "--quiet", "--release", "--target-dir"])
        .arg(&target)
        .status()?;
    if !built.success() {
        return Err("benches/peers does not build".into());
    }
    let printed = Command::new(target.join("release/peers")).status()?;
    match printed.success() {
        true => Ok(()),
        false => Err("benches/peers failed".into()),
    }
}
