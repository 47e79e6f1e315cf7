//! `cargo xtask ears`: what synthetic speech sounds like through a call, by PESQ and STOI.
//!
//! espeak-ng speaks, the example `listening_test` carries it through a call in virtual time, and the reference implementations
//! of PyPI's `pesq` and `pystoi` compare what was said with what was heard.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Outcome, workspace};

const SCORE: &str = include_str!("ears/score.py");

/// What is said, by whom: at least eight seconds each. With these voices G.711 as sox has it scores 4.28 on average; PESQ gives
/// lower voices of espeak-ng less, whatever the codec.
const SPEECH: [(&str, &str); 4] = [
    (
        "en+f2",
        "The birch canoe slid on the smooth planks. Glue the sheet to the dark blue background. It is easy to tell the depth \
         of a well. These days a chicken leg is a rare dish.",
    ),
    (
        "en+f3",
        "Rice is often served in round bowls. The juice of lemons makes fine punch. The box was thrown beside the parked truck. \
         The hogs were fed chopped corn and garbage.",
    ),
    (
        "en+f5",
        "Four hours of steady work faced us. A large size in stockings is hard to sell. The boy was there when the sun rose. A rod \
         is used to catch pink salmon.",
    ),
    (
        "fr+f2",
        "Le petit train traverse lentement la vall\u{e9}e. Les enfants regardent par la fen\u{ea}tre et comptent les maisons \
         blanches au bord de la rivi\u{e8}re.",
    ),
];

/// A codec, and the rate and kind of PESQ that fit it.
struct Listening {
    codec: &'static str,
    mode: &'static str,
    rate_hz: u32,
    /// The least that its clean score may be, and the least that concealment gains over silence. With these voices spandsp's G.722
    /// scores 4.19 and libopus at 24 kbit/s and complexity 5 scores 4.15.
    clean: f64,
    gain: f64,
}

const CODECS: [Listening; 4] = [
    Listening {
        codec: "PCMU",
        mode: "nb",
        rate_hz: 8_000,
        clean: 4.25,
        gain: 0.3,
    },
    Listening {
        codec: "PCMA",
        mode: "nb",
        rate_hz: 8_000,
        clean: 4.25,
        gain: 0.3,
    },
    Listening {
        codec: "G722",
        mode: "wb",
        rate_hz: 16_000,
        clean: 4.15,
        gain: 0.3,
    },
    Listening {
        codec: "opus",
        mode: "wb",
        rate_hz: 16_000,
        clean: 4.1,
        gain: 0.3,
    },
];

/// How long, and over which network.
#[derive(clap::Args)]
pub struct Arguments {
    /// Networks tried per speaker
    #[arg(long, default_value_t = 3)]
    seeds: u64,
    /// Packets lost on the bad network, in per cent; several make a table
    #[arg(long, default_values_t = [5.0])]
    loss: Vec<f64>,
    /// Packets lost at a time, on average
    #[arg(long, default_value_t = 1.0)]
    burst: f64,
    /// Only this codec
    #[arg(long)]
    codec: Option<String>,
}

/// The mean scores of one codec on one network.
struct Scores {
    pesq: f64,
    stoi: f64,
    with_zeros: f64,
}

/// Builds, listens and prints the table; fails when a score is below what it has to be.
pub fn run(arguments: &Arguments) -> Outcome {
    workspace::need_program("espeak-ng", "espeak-ng")?;
    workspace::need_program("sox", "sox")?;
    let directory = workspace::target()?.join("ears");
    fs::create_dir_all(&directory)?;
    let python = python(&directory)?;
    let call = workspace::build_examples(&["listening_test"])?.join("listening_test");
    println!("| codec | loss | PESQ | with lost packets as silence | STOI |");
    println!("|---|---|---|---|---|");
    let mut poor = Vec::new();
    let wanted = |codec: &&Listening| {
        let only = arguments.codec.as_deref();
        only.is_none_or(|only| only.eq_ignore_ascii_case(codec.codec))
    };
    for codec in CODECS.iter().filter(wanted) {
        let speech = speak(&directory, codec.rate_hz)?;
        for loss in [0.0].iter().chain(&arguments.loss) {
            let seeds = if *loss == 0.0 { 1 } else { arguments.seeds };
            let mut pairs = String::new();
            for (number, said) in speech.iter().enumerate() {
                for seed in 1..=seeds {
                    let place = |name: &str| directory.join(format!("{name}-{number}-{seed}"));
                    let (heard, clean, lost) = (place("heard"), place("clean"), place("lost"));
                    listen(
                        &call,
                        codec,
                        arguments.burst,
                        (0.0, seed),
                        said,
                        &clean,
                        &lost,
                    )?;
                    listen(
                        &call,
                        codec,
                        arguments.burst,
                        (*loss, seed),
                        said,
                        &heard,
                        &lost,
                    )?;
                    pairs += &format!("{} {}", codec.mode, codec.rate_hz);
                    for file in [said, &heard, &clean, &lost] {
                        pairs += &format!(" {}", file.display());
                    }
                    pairs.push('\n');
                }
            }
            let scores = score(&python, &pairs)?;
            let Scores {
                pesq,
                stoi,
                with_zeros,
            } = scores;
            println!(
                "| {} | {loss} % | {pesq:.2} | {with_zeros:.2} | {stoi:.3} |",
                codec.codec
            );
            let gain = pesq - with_zeros;
            if *loss == 0.0 && pesq < codec.clean {
                poor.push(format!("{}: {pesq:.2}, not {}", codec.codec, codec.clean));
            } else if *loss > 0.0 && gain < codec.gain {
                poor.push(format!(
                    "{}: concealment gains {gain:.2}, not {}",
                    codec.codec, codec.gain
                ));
            }
        }
    }
    match poor.is_empty() {
        true => Ok(()),
        false => Err(poor.join("; ").into()),
    }
}

/// A Python that has the scores, made when there is none.
fn python(directory: &Path) -> Outcome<PathBuf> {
    let environment = directory.join("venv");
    let python = environment.join("bin/python");
    let has_scores = |python: &Path| {
        let mut command = Command::new(python);
        command.args(["-c", "import pesq, pystoi, soundfile"]);
        command.stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if !has_scores(&python) {
        succeed(
            Command::new("python3")
                .args(["-m", "venv"])
                .arg(&environment),
        )?;
        let mut install = Command::new(&python);
        install.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "pesq",
            "pystoi",
            "soundfile",
        ]);
        succeed(&mut install)?;
    }
    Ok(python)
}

/// Says everything once, at this rate, after a second of silence, in which a jitter buffer finds its delay.
fn speak(directory: &Path, rate_hz: u32) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    for (number, (voice, words)) in SPEECH.iter().enumerate() {
        let spoken = directory.join(format!("spoken-{number}.wav"));
        let said = directory.join(format!("said-{number}-{rate_hz}.wav"));
        succeed(
            Command::new("espeak-ng")
                .args(["-v", voice, "-w"])
                .arg(&spoken)
                .arg(words),
        )?;
        let mut sox = Command::new("sox");
        sox.arg(&spoken)
            .args(["-b", "16", "-r", &rate_hz.to_string()]);
        succeed(sox.arg(&said).args(["norm", "-6", "pad", "1", "0.5"]))?;
        files.push(said);
    }
    Ok(files)
}

/// Lets `heard` be what `said` sounds like through a call.
fn listen(
    call: &Path,
    codec: &Listening,
    burst: f64,
    (loss, seed): (f64, u64),
    said: &Path,
    heard: &Path,
    lost: &Path,
) -> Outcome {
    let mut command = Command::new(call);
    command.args(["--codec", codec.codec, "--burst", &burst.to_string()]);
    command.args(["--loss", &loss.to_string(), "--seed", &seed.to_string()]);
    command.arg("--lost").arg(lost).arg(said).arg(heard);
    succeed(command.stdout(Stdio::null()))
}

fn score(python: &Path, pairs: &str) -> Outcome<Scores> {
    let mut child = Command::new(python)
        .args(["-c", SCORE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().ok_or("no standard input")?;
    input.write_all(pairs.as_bytes())?;
    drop(input);
    let output = child.wait_with_output()?;
    let text = String::from_utf8(output.stdout)?;
    let figures: Vec<f64> = text
        .split_whitespace()
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    if !output.status.success() || figures.len() != 3 * pairs.lines().count() {
        return Err(format!("no scores: {}", output.status).into());
    }
    let mean = |column: usize| {
        let all = figures.iter().skip(column).step_by(3);
        all.sum::<f64>() * 3.0 / figures.len() as f64
    };
    Ok(Scores {
        pesq: mean(0),
        stoi: mean(1),
        with_zeros: mean(2),
    })
}

fn succeed(command: &mut Command) -> Outcome {
    let status = command
        .status()
        .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("{}: {status}", command.get_program().display()).into()),
    }
}
