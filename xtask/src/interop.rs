//! `cargo xtask interop`: a call to baresip and a call from it, and what each side heard.

mod baresip;
// The examples listen to their recordings in the same way; the task does not depend on their package.
#[path = "../../examples/tone_analysis.rs"]
mod tone_analysis;
mod wave;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::process::{Process, until};
use crate::server::Server;
use crate::{Outcome, workspace};
use baresip::Baresip;
use wave::Wave;

/// What we play, and what baresip plays.
const OUR_TONE_HZ: f64 = 440.0;
const THEIR_TONE_HZ: f64 = 1000.0;

/// How long each call lasts, and how much of it must be heard.
const CALL: &str = "6s";
const HEARD_AT_LEAST: f64 = 5.0;

/// The longest silence inside a tone.
const LONGEST_GAP: Duration = Duration::from_millis(40);

/// How long a call may take, set-up and end included.
const CALL_LIMIT: Duration = Duration::from_secs(20);

/// Makes both calls and checks the four recordings.
pub fn run() -> Outcome {
    workspace::need_program("baresip", "baresip-core")?;
    let examples = workspace::build_examples(&["sipp_server", "sipp_client"])?;
    let logs = workspace::target()?.join("interop");
    if logs.exists() {
        fs::remove_dir_all(&logs)?;
    }
    let outcomes = thread::scope(|scope| {
        let calling =
            scope.spawn(|| call_baresip(&examples, &logs.join("calling")).map_err(sentence));
        let called =
            scope.spawn(|| called_by_baresip(&examples, &logs.join("called")).map_err(sentence));
        [calling.join(), called.join()]
    });
    for (name, outcome) in ["calling baresip", "called by baresip"]
        .iter()
        .zip(outcomes)
    {
        match outcome {
            Ok(Ok(())) => println!("{name}: ok"),
            Ok(Err(error)) => {
                return Err(format!("{name}: {error}; logs: {}", logs.display()).into());
            }
            Err(_) => return Err(format!("{name}: the check itself broke").into()),
        }
    }
    Ok(())
}

fn sentence(error: Box<dyn std::error::Error>) -> String {
    error.to_string()
}

fn call_baresip(examples: &Path, directory: &Path) -> Outcome {
    let baresip = Baresip::start(directory, THEIR_TONE_HZ, None)?;
    let record = directory.join("ours.wav");
    let mut client = Command::new(examples.join("sipp_client"));
    client
        .args(["call", &format!("sip:bob@127.0.0.1:{}", baresip.port)])
        .args([
            "--bind",
            "udp:127.0.0.1:0",
            "--media",
            "tone:440",
            "--duration",
            CALL,
        ])
        .arg("--record")
        .arg(&record);
    let mut client = Process::logged(client, &directory.join("client.log"))?;
    match client.wait(CALL_LIMIT)? {
        Some(status) if status.success() => {}
        other => return Err(format!("the client ends with {other:?}").into()),
    }
    baresip.stop()?;
    hear(&record, THEIR_TONE_HZ, "we")?;
    hear(&only(directory, "-dec.wav")?, OUR_TONE_HZ, "baresip")
}

fn called_by_baresip(examples: &Path, directory: &Path) -> Outcome {
    let ours = directory.join("ours");
    fs::create_dir_all(&ours)?;
    let record = ours.to_string_lossy();
    let arguments = [
        "--media",
        "tone:440",
        "--hangup-after",
        CALL,
        "--record",
        &record,
    ];
    let server = Server::start(examples, &arguments, &directory.join("server.log"))?;
    let baresip = Baresip::start(directory, THEIR_TONE_HZ, Some(server.udp))?;
    if !until(CALL_LIMIT, || server.peak_sessions() > 0) {
        return Err("baresip did not call".into());
    }
    if !until(CALL_LIMIT, || server.stat("sessions") == Some(0)) {
        return Err("the call did not end".into());
    }
    baresip.stop()?;
    server.stop()?;
    hear(&only(&ours, ".wav")?, THEIR_TONE_HZ, "we")?;
    hear(&only(directory, "-dec.wav")?, OUR_TONE_HZ, "baresip")
}

/// The one file of a directory with this ending.
fn only(directory: &Path, ending: &str) -> Outcome<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(directory)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    match (found.pop(), found.len()) {
        (Some(path), 0) => Ok(path),
        (_, more) => Err(format!("{more} extra or no *{ending} in {}", directory.display()).into()),
    }
}

/// Checks that one channel of a recording is the tone, long enough and without a gap.
fn hear(path: &Path, hz: f64, who: &str) -> Outcome {
    let heard = Wave::read(path)?
        .listen(hz)
        .ok_or("a recording without channels")?;
    println!(
        "{who} heard {hz} Hz for {:.2} s, purity {:.1} %, longest gap {} ms",
        heard.seconds,
        heard.purity * 100.0,
        heard.longest_gap.as_millis()
    );
    match heard.is_tone(hz, LONGEST_GAP) && heard.seconds >= HEARD_AT_LEAST {
        true => Ok(()),
        false => Err(format!("{who} did not hear {hz} Hz as sent: {}", path.display()).into()),
    }
}
