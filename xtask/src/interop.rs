//! `cargo xtask interop`: other people's programs against ours, and what each side saw and heard.
//!
//! A program that is missing and cannot be installed is told of, and its steps are left out.

mod authority;
mod baresip;
mod calls;
mod kamailio;
mod name_server;
pub mod namespace;
mod openssl;
mod phones;
mod timers;
// The examples listen to their recordings in the same way; the task does not depend on their package.
#[path = "../../examples/tone_analysis.rs"]
mod tone_analysis;
mod wave;
mod web_socket;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use self::baresip::{G722, OPUS, PCMA, PCMU};
use self::calls::Sound;
use self::name_server::Primary;
use crate::{Outcome, workspace};

/// Where a step finds our programs and writes its files.
struct Bench {
    examples: PathBuf,
    directory: PathBuf,
}

/// How a step went when it did not fail.
#[derive(Clone)]
enum Verdict {
    Passed,
    /// Why it was left out.
    Skipped(String),
}

/// One meeting with a program that is not ours.
struct Step {
    name: &'static str,
    /// The programs of a step that wants a network of its own, with free ports and nothing but loopback: there they cannot
    /// be installed any more.
    alone: Option<&'static [(&'static str, &'static str)]>,
    take: fn(&Bench) -> Outcome<Verdict>,
}

const fn step(name: &'static str, take: fn(&Bench) -> Outcome<Verdict>) -> Step {
    Step {
        name,
        alone: None,
        take,
    }
}

const fn alone(
    name: &'static str,
    programs: &'static [(&'static str, &'static str)],
    take: fn(&Bench) -> Outcome<Verdict>,
) -> Step {
    Step {
        alone: Some(programs),
        ..step(name, take)
    }
}

const STEPS: &[Step] = &[
    step("calling-baresip-udp", |bench| {
        calls::to_baresip(bench, "udp", Sound::Plain, &PCMU)
    }),
    step("called-by-baresip-udp", |bench| {
        calls::from_baresip(bench, "udp", Sound::Plain, &PCMU)
    }),
    step("calling-baresip-pcma", |bench| {
        calls::to_baresip(bench, "udp", Sound::Plain, &PCMA)
    }),
    step("called-by-baresip-pcma", |bench| {
        calls::from_baresip(bench, "udp", Sound::Plain, &PCMA)
    }),
    step("calling-baresip-g722", |bench| {
        calls::to_baresip(bench, "udp", Sound::Plain, &G722)
    }),
    step("called-by-baresip-g722", |bench| {
        calls::from_baresip(bench, "udp", Sound::Plain, &G722)
    }),
    step("calling-baresip-opus", |bench| {
        calls::to_baresip(bench, "udp", Sound::Plain, &OPUS)
    }),
    step("called-by-baresip-opus", |bench| {
        calls::from_baresip(bench, "udp", Sound::Plain, &OPUS)
    }),
    step("calling-baresip-tls", |bench| {
        calls::to_baresip(bench, "tls", Sound::Plain, &PCMU)
    }),
    step("called-by-baresip-tls", |bench| {
        calls::from_baresip(bench, "tls", Sound::Plain, &PCMU)
    }),
    step("calling-baresip-srtp", |bench| {
        calls::to_baresip(bench, "tls", Sound::Required, &PCMU)
    }),
    step("called-by-baresip-srtp", |bench| {
        calls::from_baresip(bench, "tls", Sound::Required, &PCMU)
    }),
    step("calling-baresip-srtp-offered", |bench| {
        calls::to_baresip(bench, "udp", Sound::Offered, &PCMU)
    }),
    step("called-by-baresip-srtp-offered", |bench| {
        calls::from_baresip(bench, "udp", Sound::Offered, &PCMU)
    }),
    step("holding-baresip", |bench| {
        calls::holding_baresip(bench, &PCMU)
    }),
    step("held-by-baresip", |bench| {
        calls::held_by_baresip(bench, &PCMU)
    }),
    step("keys-with-baresip", |bench| {
        calls::keys_with_baresip(bench, &PCMU)
    }),
    step("holding-baresip-pcma", |bench| {
        calls::holding_baresip(bench, &PCMA)
    }),
    step("held-by-baresip-pcma", |bench| {
        calls::held_by_baresip(bench, &PCMA)
    }),
    step("keys-with-baresip-pcma", |bench| {
        calls::keys_with_baresip(bench, &PCMA)
    }),
    step("holding-baresip-g722", |bench| {
        calls::holding_baresip(bench, &G722)
    }),
    step("held-by-baresip-g722", |bench| {
        calls::held_by_baresip(bench, &G722)
    }),
    step("keys-with-baresip-g722", |bench| {
        calls::keys_with_baresip(bench, &G722)
    }),
    step("holding-baresip-opus", |bench| {
        calls::holding_baresip(bench, &OPUS)
    }),
    step("held-by-baresip-opus", |bench| {
        calls::held_by_baresip(bench, &OPUS)
    }),
    step("keys-with-baresip-opus", |bench| {
        calls::keys_with_baresip(bench, &OPUS)
    }),
    step("transferring-baresip", calls::transferring_baresip),
    step("transferred-by-baresip", calls::transferred_by_baresip),
    step("baresips-registered", |bench| phones::run(bench, false)),
    step("baresips-registered-digest", |bench| {
        phones::run(bench, true)
    }),
    step("openssl-options-and-reload", openssl::run),
    step("dns-silent-primary", |bench| {
        name_server::run(bench, &Primary::Silent)
    }),
    step("dns-closed-primary", |bench| {
        name_server::run(bench, &Primary::Closed)
    }),
    step("jssip-ws", |bench| web_socket::run(bench, "ws")),
    step("jssip-wss", |bench| web_socket::run(bench, "wss")),
    alone("kamailio-udp", kamailio::PROGRAMS, |bench| {
        kamailio::run(bench, "udp")
    }),
    alone("kamailio-tcp", kamailio::PROGRAMS, |bench| {
        kamailio::run(bench, "tcp")
    }),
    alone("kamailio-tls", kamailio::PROGRAMS, |bench| {
        kamailio::run(bench, "tls")
    }),
    alone("timers", &[("tshark", "tshark")], timers::run),
];

/// Steps taken at a time: the programs play and listen in real time, and falter where too many want a processor.
const AT_ONCE: usize = 6;

/// Which steps to take.
#[derive(clap::Args)]
pub struct Arguments {
    /// Names of steps, or parts of them; all without any
    steps: Vec<String>,
}

/// Takes the steps, a few at a time, and prints the table of them.
pub fn run(arguments: &Arguments) -> Outcome {
    let wanted = &arguments.steps;
    let chosen: Vec<&Step> = STEPS
        .iter()
        .filter(|step| wanted.is_empty() || wanted.iter().any(|name| step.name.contains(name)))
        .collect();
    if chosen.is_empty() {
        let names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
        return Err(format!("no such step; there are: {}", names.join(", ")).into());
    }
    let examples = workspace::build_examples(&["sipp_server", "sipp_client"])?;
    let logs = workspace::target()?.join("interop");
    if logs.exists() {
        fs::remove_dir_all(&logs)?;
    }
    let left = Mutex::new(chosen.iter().enumerate());
    let outcomes = Mutex::new(vec![None; chosen.len()]);
    thread::scope(|scope| {
        let workers = [(); AT_ONCE].map(|()| {
            // The last are the longest, and begin first.
            let next = || lock(&left).next_back();
            let (outcomes, examples, logs) = (&outcomes, &examples, &logs);
            scope.spawn(move || {
                while let Some((index, step)) = next() {
                    let bench = Bench {
                        examples: examples.clone(),
                        directory: logs.join(step.name),
                    };
                    let start = Instant::now();
                    let verdict = take(step, &bench).map_err(|error| error.to_string());
                    lock(outcomes)[index] = Some((verdict, start.elapsed()));
                }
            })
        });
        // One that broke leaves its step without an outcome.
        for worker in workers {
            let _ = worker.join();
        }
    });
    println!("\n{:<34} {:>6}  result", "step", "s");
    let mut failed = 0;
    for (step, outcome) in chosen.iter().zip(lock(&outcomes).drain(..)) {
        let broken = || (Err("the check itself broke".to_owned()), Duration::ZERO);
        let (verdict, took) = outcome.unwrap_or_else(broken);
        let result = match verdict {
            Ok(Verdict::Passed) => "ok".to_owned(),
            Ok(Verdict::Skipped(why)) => format!("skipped: {why}"),
            Err(error) => {
                failed += 1;
                format!("failed: {error}")
            }
        };
        println!("{:<34} {:>6.1}  {result}", step.name, took.as_secs_f64());
    }
    match failed {
        0 => Ok(()),
        _ => Err(format!("{failed} failed; logs: {}", logs.display()).into()),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether there is a step of this name.
pub fn has_step(name: &str) -> bool {
    STEPS.iter().any(|step| step.name == name)
}

fn take(step: &Step, bench: &Bench) -> Outcome<Verdict> {
    fs::create_dir_all(&bench.directory)?;
    match step.alone {
        Some(programs) => match missing(programs) {
            Some(why) => Ok(Verdict::Skipped(why)),
            None => namespace::enter(step.name, bench),
        },
        None => (step.take)(bench),
    }
}

/// Why these programs cannot be used, each with its Debian package; `None` when they can.
fn missing(programs: &[(&str, &str)]) -> Option<String> {
    // Two package managers at a time lock each other out.
    static INSTALLING: Mutex<()> = Mutex::new(());
    let _one = lock(&INSTALLING);
    programs.iter().find_map(|(program, package)| {
        let error = workspace::need_program(program, package).err()?;
        Some(error.to_string())
    })
}

/// The file's path as a word of a command line.
fn word(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
