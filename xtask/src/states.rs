//! `cargo xtask states`: writes docs/STATES.md from the code, or checks that it is what the code says.

use std::process::Command;

use crate::{Outcome, workspace};

/// What to do with the document.
#[derive(clap::Args, Default)]
pub struct Arguments {
    /// Only compare the document with the code
    #[arg(long)]
    pub check: bool,
}

/// Draws the states, and writes or compares them.
pub fn run(arguments: &Arguments) -> Outcome {
    let programs = workspace::build_examples(&["states"])?;
    let output = Command::new(programs.join("states")).output()?;
    if !output.status.success() {
        return Err(format!("the example states: {}", output.status).into());
    }
    let drawn = String::from_utf8(output.stdout)?;
    let path = workspace::root().join("docs/STATES.md");
    if !arguments.check {
        std::fs::write(&path, drawn)?;
        println!("{}", path.display());
        return Ok(());
    }
    let written = std::fs::read_to_string(&path)?;
    match written == drawn {
        true => Ok(()),
        false => Err("docs/STATES.md is not what the code says: run `cargo xtask states`".into()),
    }
}
