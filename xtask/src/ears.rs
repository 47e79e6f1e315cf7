//! `cargo xtask ears`: what synthetic speech sounds like through a call, by PESQ and STOI.
//!
//! espeak-ng speaks, the example `listening_test` carries it through a call in virtual time, and the reference implementations
//! of PyPI's `pesq` and `pystoi` compare what was said with what was heard.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::process::succeed;
use crate::{Outcome, workspace};

const SCORE: &str = include_str!("ears/score.py");

/// What is said, by whom: at least eight seconds each. It is said twice and the second time counts: by then the peer has reported
/// what it lost, and a jitter buffer has found its delay. With these voices G.711 as sox has it scores 4.28 on average; PESQ gives
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
    /// The least that its clean score may be, and the least that concealment gains over a decoder of the packets that came with
    /// silence for the others. With these voices spandsp's G.722 scores 4.19 and libopus at 24 kbit/s and complexity 5 scores 4.15.
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
    zero_filled: f64,
    /// What libopus makes of the same packets; not a number where it does not know the codec.
    libopus: f64,
}

/// Builds, listens and prints the table; fails when a score is below what it has to be.
pub fn run(arguments: &Arguments) -> Outcome {
    for (program, package) in [
        ("espeak-ng", "espeak-ng"),
        ("sox", "sox"),
        ("opusdec", "opus-tools"),
    ] {
        workspace::need_program(program, package)?;
    }
    let directory = workspace::target()?.join("ears");
    fs::create_dir_all(&directory)?;
    let python = python(&directory)?;
    let call = workspace::build_examples(&["listening_test"])?.join("listening_test");
    println!(
        "| codec | loss | PESQ | lost packets as silence | libopus of the same packets | STOI |"
    );
    println!("|---|---|---|---|---|---|");
    let mut poor = Vec::new();
    let wanted = |codec: &&Listening| {
        let only = arguments.codec.as_deref();
        only.is_none_or(|only| only.eq_ignore_ascii_case(codec.codec))
    };
    for codec in CODECS.iter().filter(wanted) {
        let speech = speak(&directory, codec.rate_hz)?;
        for loss in [0.0].iter().chain(&arguments.loss) {
            let seeds = if *loss == 0.0 { 1 } else { arguments.seeds };
            let mut recordings = String::new();
            for (number, said) in speech.iter().enumerate() {
                for seed in 1..=seeds {
                    let path = directory.join(format!("{}-{number}-{seed}", codec.codec));
                    let network = (*loss, arguments.burst, seed);
                    recordings += &listen(&call, codec, network, said, &path)?;
                }
            }
            let scores = score(&python, &recordings)?;
            println!("{}", row(codec, *loss, &scores));
            let Scores {
                pesq, zero_filled, ..
            } = scores;
            let gain = pesq - zero_filled;
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

fn row(codec: &Listening, loss: f64, scores: &Scores) -> String {
    let Scores {
        pesq,
        stoi,
        zero_filled,
        libopus,
    } = scores;
    let libopus = match libopus.is_nan() {
        true => String::new(),
        false => format!("{libopus:.2}"),
    };
    let codec = codec.codec;
    format!("| {codec} | {loss} % | {pesq:.2} | {zero_filled:.2} | {libopus} | {stoi:.3} |")
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

/// Says everything at this rate, twice, with half a second of silence on both sides of each.
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
        // Without dither: every run says the same.
        sox.arg("-D")
            .arg(&spoken)
            .args(["-b", "16", "-r", &rate_hz.to_string()]);
        succeed(
            sox.arg(&said)
                .args(["norm", "-6", "pad", "0.5", "0.5"])
                .args(["repeat", "1"]),
        )?;
        files.push(said);
    }
    Ok(files)
}

/// Carries `said` through a call on a network of this loss in per cent, its bursts and its seed; returns a line for the scores.
fn listen(
    call: &Path,
    codec: &Listening,
    (loss, burst, seed): (f64, f64, u64),
    said: &Path,
    path: &Path,
) -> Outcome<String> {
    let heard = path.with_extension("heard.wav");
    let zero_filled = path.with_extension("zero_filled.wav");
    let packets = path.with_extension("packets");
    let mut command = Command::new(call);
    command.args(["--codec", codec.codec, "--burst", &burst.to_string()]);
    command.args(["--loss", &loss.to_string(), "--seed", &seed.to_string()]);
    command.arg("--zero-filled").arg(&zero_filled);
    command.arg("--packets").arg(&packets);
    command.arg(said).arg(&heard);
    succeed(command.stdout(Stdio::null()))?;
    let Listening { mode, rate_hz, .. } = codec;
    let mut line = format!("{mode} {rate_hz}");
    for file in [said, &heard, &zero_filled] {
        line += &format!(" {}", file.display());
    }
    match codec.codec {
        "opus" => line += &format!(" {}\n", packets.display()),
        _ => line += " -\n",
    }
    Ok(line)
}

fn score(python: &Path, recordings: &str) -> Outcome<Scores> {
    const COLUMNS: usize = 4;
    let mut child = Command::new(python)
        .args(["-c", SCORE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut input = child.stdin.take().ok_or("no standard input")?;
    input.write_all(recordings.as_bytes())?;
    drop(input);
    let output = child.wait_with_output()?;
    let text = String::from_utf8(output.stdout)?;
    let figures: Vec<f64> = text
        .split_whitespace()
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    if !output.status.success() || figures.len() != COLUMNS * recordings.lines().count() {
        return Err(format!("no scores: {}", output.status).into());
    }
    let mean = |column: usize| {
        let all = figures.iter().skip(column).step_by(COLUMNS);
        all.sum::<f64>() * COLUMNS as f64 / figures.len() as f64
    };
    Ok(Scores {
        pesq: mean(0),
        stoi: mean(1),
        zero_filled: mean(2),
        libopus: mean(3),
    })
}
