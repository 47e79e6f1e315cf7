//! Runs the corpus of each target, and changed copies of it, through the target's law.
//!
//! `replay [TARGET ...]`; the exit status says whether all laws hold. An input that breaks one is kept in
//! `artifacts/TARGET`.

#![forbid(unsafe_code)]

use std::error::Error;
use std::fs;
use std::panic;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rvoip_fuzz::mutation::Mutator;
use rvoip_fuzz::{TARGETS, Target};

/// What the corpus may hold in all, in octets: it is read by people and travels with the repository.
const CORPUS_OCTETS: usize = 300_000;
/// The seed of all changes.
const SEED: u64 = 3261;

fn main() -> Result<(), Box<dyn Error>> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    if let Some(unknown) = wanted
        .iter()
        .find(|name| !TARGETS.iter().any(|target| target.name == **name))
    {
        return Err(format!("no target `{unknown}`").into());
    }
    let (mut total, mut broken) = (0, 0);
    for target in TARGETS
        .iter()
        .filter(|target| wanted.is_empty() || wanted.iter().any(|name| name == target.name))
    {
        let start = Instant::now();
        let corpus = read_corpus(target.name)?;
        if corpus.is_empty() {
            return Err(format!("no corpus for `{}`", target.name).into());
        }
        let octets: usize = corpus.iter().map(Vec::len).sum();
        total += octets;
        let failures = replay(target, &corpus)?;
        broken += failures;
        println!(
            "{:<12} {:>4} inputs, {:>6} octets, {:>6} changes, {:>5.1} s{}",
            target.name,
            corpus.len(),
            octets,
            target.changes,
            start.elapsed().as_secs_f64(),
            if failures == 0 {
                String::new()
            } else {
                format!(", {failures} BROKEN")
            },
        );
    }
    match (total > CORPUS_OCTETS, broken) {
        (true, _) => {
            Err(format!("the corpus has {total} octets; {CORPUS_OCTETS} are allowed").into())
        }
        (false, 0) => Ok(()),
        (false, _) => Err(format!("{broken} inputs break a law").into()),
    }
}

/// The folder of this package.
fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read_corpus(name: &str) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let entries = fs::read_dir(home().join("corpus").join(name))?;
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    paths.sort();
    Ok(paths.iter().map(fs::read).collect::<Result<_, _>>()?)
}

/// Runs all inputs and says how many break the law; the first three are kept.
fn replay(target: &Target, corpus: &[Vec<u8>]) -> Result<usize, Box<dyn Error>> {
    let mut mutator = Mutator::new(SEED);
    let changed = (0..target.changes).map(|_| mutator.change(corpus));
    let mut failures = 0;
    for input in corpus.iter().cloned().chain(changed) {
        if panic::catch_unwind(|| (target.check)(&input)).is_ok() {
            continue;
        }
        failures += 1;
        let directory = home().join("artifacts").join(target.name);
        fs::create_dir_all(&directory)?;
        let path = directory.join(format!("replay-{failures}"));
        fs::write(&path, &input)?;
        eprintln!("{}: {}", path.display(), input.escape_ascii());
        if failures == 3 {
            break;
        }
    }
    Ok(failures)
}
