//! Where things are in this workspace, and how cargo is called in it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::Outcome;
use crate::process::succeed;

/// The directory of the workspace's `Cargo.toml`.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
}

/// `cargo` in the workspace's root.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    command.current_dir(root());
    command
}

/// What `cargo metadata` says about the workspace's own packages.
pub fn metadata() -> Outcome<&'static Value> {
    static METADATA: OnceLock<Value> = OnceLock::new();
    if let Some(known) = METADATA.get() {
        return Ok(known);
    }
    let output = cargo()
        .args(["metadata", "--format-version=1", "--no-deps"])
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let value = serde_json::from_slice(&output.stdout)?;
    Ok(METADATA.get_or_init(|| value))
}

/// Cargo's target directory, wherever the environment put it.
pub fn target() -> Outcome<PathBuf> {
    metadata()?["target_directory"]
        .as_str()
        .map(PathBuf::from)
        .ok_or_else(|| "cargo metadata names no target directory".into())
}

/// Builds examples for release and returns the directory that holds them.
pub fn build_examples(names: &[&str]) -> Outcome<PathBuf> {
    build(names, "release")
}

/// Builds examples as what goes into service is built, optimized across crates, and returns the directory that holds them.
pub fn build_measured(names: &[&str]) -> Outcome<PathBuf> {
    build(names, "bench")
}

/// Builds examples with a profile whose programs lie among those of a release.
fn build(names: &[&str], profile: &str) -> Outcome<PathBuf> {
    let mut command = cargo();
    command.args(["build", "--quiet", "--profile", profile]);
    command.args(["--package", "rvoip-examples"]);
    for name in names {
        command.args(["--example", name]);
    }
    succeed(&mut command)?;
    Ok(target()?.join("release/examples"))
}

/// A shell script in a network of its own: every port free, nothing but loopback, no way out.
pub fn within_namespace(script: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(["-n", "sh", "-c", &format!("ip link set lo up && {script}")]);
    command
}

/// Installs a Debian package when its program is missing.
///
/// # Errors
/// When the program is missing and this user may not install packages.
pub fn need_program(program: &str, package: &str) -> Outcome {
    let missing = |name: &str| {
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
            .all(|directory| !directory.join(name).is_file())
    };
    if !missing(program) {
        return Ok(());
    }
    let is_root = Command::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    if !is_root || missing("apt-get") {
        return Err(format!("`{program}` is missing: install the Debian package {package}").into());
    }
    eprintln!("installing {package} for `{program}`");
    for arguments in [
        &["update", "-qq"][..],
        &[
            "install",
            "-qq",
            "--yes",
            "--no-install-recommends",
            package,
        ],
    ] {
        let output = Command::new("apt-get")
            .args(arguments)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(format!("apt-get {}: {said}", arguments.join(" ")).into());
        }
    }
    Ok(())
}
