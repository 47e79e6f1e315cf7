//! What a user of the facade builds: how many crates, and for how long.

use std::collections::BTreeSet;
use std::fs;
use std::time::Instant;

use super::Site;
use crate::process::succeed;
use crate::{Outcome, workspace};

const FACADE: &str = "rvoip-session-core";

/// Builds the facade for release from nothing and counts the crates in its tree.
pub fn from_nothing(site: &Site) -> Outcome {
    let tree = workspace::cargo()
        .args(["tree", "--package", FACADE, "--edges", "normal,build"])
        .args(["--prefix", "none", "--format", "{p}", "--no-dedupe"])
        .output()?;
    let crates: BTreeSet<&str> = std::str::from_utf8(&tree.stdout)?
        .lines()
        .filter_map(|line| line.split(" (").next())
        .collect();
    let target = site.logs.join("from-nothing");
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    let start = Instant::now();
    let mut build = workspace::cargo();
    build.args(["build", "--quiet", "--release", "--package", FACADE]);
    let built = succeed(build.arg("--target-dir").arg(&target));
    let took = start.elapsed();
    fs::remove_dir_all(&target)?;
    built?;
    println!("\n| clean release build of {FACADE} | |\n|---|---|");
    println!("| crates, itself included | {} |", crates.len());
    println!("| seconds | {:.0} |", took.as_secs_f64());
    Ok(())
}
