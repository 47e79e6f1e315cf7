//! `bridge_2way` and `bridge_3way`: callers of a room, each with a tone of its own, hear all others and not themselves.

use std::f64::consts::TAU;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use super::run::{Finding, Site};
use crate::Outcome;
use crate::process::Process;
use crate::server::Server;

/// The runs, and how many parties each has.
pub const RUNS: [(&str, usize); 2] = [("bridge_2way", 2), ("bridge_3way", 3)];

const TONES_HZ: [u32; 3] = [440, 700, 1_000];
const RATE_HZ: usize = 8_000;

/// A call of 5 s on a busy machine.
const CALL_LIMIT: Duration = Duration::from_secs(40);

/// Performs one run.
pub fn perform(name: &str, parties: usize, site: &Site) -> Finding {
    let start = Instant::now();
    let logs = site.logs.join(name);
    let outcome = fs::create_dir_all(&logs)
        .map_err(Into::into)
        .and_then(|()| meet(&TONES_HZ[..parties], site, &logs));
    Finding {
        took: start.elapsed(),
        failure: outcome.err().map(|error| error.to_string()),
    }
}

fn meet(tones: &[u32], site: &Site, logs: &Path) -> Outcome {
    let room = ["--conference", "room"];
    let server = Server::start(&site.examples, &room, &logs.join("server.log"))?;
    let mut callers = Vec::new();
    for hz in tones {
        let recording = logs.join(format!("{hz}.wav"));
        let mut command = Command::new(site.examples.join("sipp_client"));
        command
            .args(["call", &format!("sip:room@{}", server.udp)])
            .args(["--bind", "udp:127.0.0.1:0", "--duration", "5s"])
            .args(["--media", &format!("tone:{hz}"), "--record"])
            .arg(&recording);
        let log = logs.join(format!("{hz}.log"));
        callers.push((Process::logged(command, &log)?, recording));
    }
    for (caller, _) in &mut callers {
        match caller.wait(CALL_LIMIT)? {
            Some(status) if status.success() => {}
            ended => return Err(format!("a caller ended with {ended:?}").into()),
        }
    }
    server.stop()?;
    for ((_, recording), own) in callers.iter().zip(tones) {
        let heard = middle(recording)?;
        for hz in tones {
            let level = level(&heard, *hz);
            // Tones are at 0.3 of full scale; G.711 adds noise, and not much.
            let right = if hz == own {
                level < 100.0
            } else {
                level > 8_000.0
            };
            if !right {
                return Err(format!("{own} Hz hears {hz} Hz at {level:.0}").into());
            }
        }
    }
    Ok(())
}

/// The samples of the third second of a recording: by then everybody has come, and nobody has gone.
fn middle(recording: &Path) -> Outcome<Vec<i16>> {
    let file = fs::read(recording)?;
    let samples = file.get(44..).unwrap_or_default().as_chunks().0;
    let samples = samples.iter().map(|octets| i16::from_le_bytes(*octets));
    let heard: Vec<i16> = samples.skip(5 * RATE_HZ / 2).take(RATE_HZ).collect();
    match heard.len() {
        RATE_HZ => Ok(heard),
        _ => Err(format!("{} is too short", recording.display()).into()),
    }
}

/// The amplitude of a frequency.
fn level(samples: &[i16], hz: u32) -> f64 {
    let (mut cos, mut sin) = (0.0, 0.0);
    for (n, sample) in samples.iter().enumerate() {
        let angle = TAU * f64::from(hz) * n as f64 / RATE_HZ as f64;
        cos += f64::from(*sample) * angle.cos();
        sin += f64::from(*sample) * angle.sin();
    }
    2.0 * f64::hypot(cos, sin) / samples.len() as f64
}
