//! `peers`: prints what parsing and writing costs each stack, as tables. `peers run NAME WORK COUNT` does one work so many
//! times, for a profiler.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use rvoip_peers::contender::{Contender, WORKS, all};
use rvoip_peers::measure::{Times, repetitions, run};
use rvoip_peers::torture::Torture;

/// Runs of each work; the contenders take turns.
const ROUNDS: usize = 41;

/// Repetitions from whose difference the instructions of one are counted.
const FEW: u64 = 100;
const MANY: u64 = 300;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let contenders = all();
    if let [command, name, work, count] = &arguments[..]
        && command == "run"
    {
        let contender = contenders.iter().find(|contender| contender.name == *name);
        let work = contender
            .and_then(|contender| contender.work(work))
            .ok_or("no such work")?;
        run(work, count.parse()?);
        return Ok(());
    }
    let allocations = allocations()?;
    let counts_instructions = Command::new("valgrind").arg("--version").output().is_ok();
    for (work, title) in WORKS {
        println!("\n{title}\n");
        println!(
            "| stack | us, median | us, least | allocations | instructions |\n|---|---|---|---|---|"
        );
        for (contender, (median, least)) in times(&contenders, work) {
            let name = contender.name;
            let key = (name.to_owned(), work.to_owned());
            let allocations = allocations.get(&key).map_or("", String::as_str);
            let instructions = match counts_instructions {
                true => instructions(name, work)?,
                false => String::new(),
            };
            let (median, least) = (median / 1e3, least / 1e3);
            println!("| {name} | {median:.3} | {least:.3} | {allocations} | {instructions} |");
        }
    }
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/testdata/rfc4475");
    if let Some(torture) = Torture::read(&shared) {
        println!(
            "\n| RFC 4475 | can be read, is read | breaks the grammar, is refused |\n|---|---|---|"
        );
        std::panic::set_hook(Box::new(|_| {}));
        for contender in &contenders {
            let [read, refused] = torture.verdicts(contender);
            println!("| {} | {read} | {refused} |", contender.name);
        }
    }
    Ok(())
}

/// Nanoseconds of a work, the middle and the least of all runs, for each who does it.
fn times<'a>(contenders: &'a [Contender], work: &str) -> Vec<(&'a Contender, (f64, f64))> {
    let takes_part = |contender: &'a Contender| Some((contender, contender.work(work)?));
    let works: Vec<_> = contenders.iter().filter_map(takes_part).collect();
    let counts: Vec<u32> = works.iter().map(|(_, work)| repetitions(work)).collect();
    let mut times: Vec<Times> = works.iter().map(|_| Times::default()).collect();
    for _ in 0..ROUNDS {
        for ((times, (_, work)), count) in times.iter_mut().zip(&works).zip(&counts) {
            times.add(run(work, *count), *count);
        }
    }
    let contenders = works.iter().map(|(contender, _)| *contender);
    contenders
        .zip(times.iter_mut().map(Times::median_and_least))
        .collect()
}

/// What the program beside this one counts: it has an allocator that does, which would slow down the clock of this one.
fn allocations() -> Outcome<HashMap<(String, String), String>> {
    let output = Command::new(std::env::current_exe()?.with_file_name("allocations")).output()?;
    let text = String::from_utf8(output.stdout)?;
    let row = |line: &str| {
        let mut fields = line.split('\t').map(str::to_owned);
        Some(((fields.next()?, fields.next()?), fields.next()?))
    };
    Ok(text.lines().filter_map(row).collect())
}

/// The instructions of one repetition, as valgrind counts them.
fn instructions(name: &str, work: &str) -> Outcome<String> {
    let count = |repetitions: u64| -> Outcome<u64> {
        let output = Command::new("valgrind")
            .args([
                "--tool=cachegrind",
                "--cache-sim=no",
                "--cachegrind-out-file=/dev/null",
            ])
            .arg(std::env::current_exe()?)
            .args(["run", name, work, &repetitions.to_string()])
            .output()?;
        let report = String::from_utf8(output.stderr)?;
        let line = report
            .lines()
            .find(|line| line.contains("refs:"))
            .ok_or("valgrind counts nothing")?;
        let number = line.rsplit(' ').next().unwrap_or_default().replace(',', "");
        Ok(number.parse()?)
    };
    let instructions = count(MANY)?.saturating_sub(count(FEW)?) / (MANY - FEW);
    Ok(instructions.to_string())
}
