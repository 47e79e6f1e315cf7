//! A call to baresip and a call from it, over UDP or TLS, with each codec: both ends hear the other's tone.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::authority::Authority;
use super::baresip::{Baresip, Codec, PCMU, Pem};
use super::wave::Wave;
use super::{Bench, Verdict, missing, word};
use crate::Outcome;
use crate::process::{Process, until};
use crate::server::Server;

/// What we play, and what baresip plays.
const OUR_TONE_HZ: f64 = 440.0;
const THEIR_TONE_HZ: f64 = 1000.0;

/// How long each call lasts, and how much of it must be heard.
pub(super) const CALL: &str = "6s";
const HEARD_AT_LEAST: f64 = 5.0;

/// The longest silence inside a tone.
const LONGEST_GAP: Duration = Duration::from_millis(40);

/// How long a call may take, set-up and end included.
pub(super) const CALL_LIMIT: Duration = Duration::from_secs(20);

const PROGRAMS: [(&str, &str); 2] = [("baresip", "baresip-core"), ("openssl", "openssl")];

/// Whether the sound of a call is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sound {
    Plain,
    /// Where the other one can: both can.
    Offered,
    Required,
}

impl Sound {
    /// The policy of our programs.
    fn ours(self) -> &'static str {
        match self {
            Sound::Plain => "off",
            Sound::Offered => "offer",
            Sound::Required => "require",
        }
    }

    /// What baresip calls it.
    fn theirs(self) -> Option<&'static str> {
        match self {
            Sound::Plain => None,
            Sound::Offered => Some("srtp"),
            Sound::Required => Some("srtp-mand"),
        }
    }

    /// How long a call lasts: secured, until the reports of both have been understood.
    fn lasts(self) -> &'static str {
        match self {
            Sound::Plain => CALL,
            Sound::Offered | Sound::Required => "12s",
        }
    }

    /// Checks by what both say that sound and reports were as they should be.
    fn check(self, directory: &Path, our_log: &str) -> Outcome {
        let read = |name| fs::read_to_string(directory.join(name));
        let log = read("baresip.log")?;
        let secured = log.contains("SRTP is Enabled");
        if secured != (self != Sound::Plain) || log.contains("failed to decrypt") {
            return Err(format!("by its log baresip's sound is not {self:?}").into());
        }
        // Known once baresip has answered a report of ours.
        let ours = read(our_log)?;
        let round_trip = ours.split("rtt=").nth(1).unwrap_or_default();
        match !secured || round_trip.starts_with(|first: char| first.is_ascii_digit()) {
            true => Ok(()),
            false => Err("secured reports are not understood".into()),
        }
    }
}

/// The words of our programs, and what baresip has, for one transport.
struct Security {
    ours: Vec<String>,
    theirs: Option<Pem>,
}

impl Security {
    fn new(bench: &Bench, transport: &str) -> Outcome<Security> {
        if transport != "tls" {
            return Ok(Security {
                ours: Vec::new(),
                theirs: None,
            });
        }
        let authority = Authority::new(&bench.directory.join("certificates"))?;
        let (ours, theirs) = (authority.issue("ours")?, authority.issue("theirs")?);
        let both = bench.directory.join("certificates/baresip.pem");
        let text = fs::read_to_string(&theirs.certificate)? + &fs::read_to_string(&theirs.key)?;
        fs::write(&both, text)?;
        let words = [
            "--tls-certificate".to_owned(),
            word(&ours.certificate),
            "--tls-key".to_owned(),
            word(&ours.key),
            "--tls-ca".to_owned(),
            word(&authority.certificate),
        ];
        Ok(Security {
            ours: words.into(),
            theirs: Some(Pem {
                certificate_and_key: both,
                roots: authority.certificate,
            }),
        })
    }
}

/// We call baresip.
pub fn to_baresip(bench: &Bench, transport: &str, sound: Sound, codec: &Codec) -> Outcome<Verdict> {
    if let Some(why) = missing(&PROGRAMS) {
        return Ok(Verdict::Skipped(why));
    }
    let (directory, security) = (&bench.directory, Security::new(bench, transport)?);
    let baresip = Baresip::start(
        directory,
        (THEIR_TONE_HZ, codec),
        security.theirs,
        sound.theirs(),
        None,
    )?;
    let record = directory.join("ours.wav");
    let mut client = Command::new(bench.examples.join("sipp_client"));
    client
        .args(["call", &format!("sip:bob@{}", baresip.address(transport))])
        .args(["--transport", transport, "--media", "tone:440"])
        .args(["--srtp", sound.ours(), "--codecs", codec.name])
        .args(["--bind", &format!("{transport}:127.0.0.1:0")])
        .args(["--duration", sound.lasts(), "--record", &word(&record)])
        .args(&security.ours);
    let mut client = Process::logged(client, &directory.join("client.log"))?;
    match client.wait(CALL_LIMIT)? {
        Some(status) if status.success() => {}
        other => return Err(format!("the client ends with {other:?}").into()),
    }
    baresip.stop()?;
    sound.check(directory, "client.log")?;
    hear(&record, (THEIR_TONE_HZ, codec, codec.our_rate_hz), "we")?;
    let theirs = only(directory, "-dec.wav")?;
    hear(&theirs, (OUR_TONE_HZ, codec, codec.rate_hz), "baresip")?;
    Ok(Verdict::Passed)
}

/// We call baresip, hold it, and take the call back.
pub fn holding_baresip(bench: &Bench, codec: &Codec) -> Outcome<Verdict> {
    with_baresip(
        bench,
        codec,
        &["--hold-at", "1s", "--resume-at", "2s", "--duration", "3s"],
    )
}

/// Baresip calls us, and both press keys.
pub fn keys_with_baresip(bench: &Bench, codec: &Codec) -> Outcome<Verdict> {
    const OURS: &str = "19*#D";
    const THEIRS: &str = "05#*";
    let directory = &bench.directory;
    let told = |file: &str, words: &str| {
        until(CALL_LIMIT, || {
            fs::read_to_string(directory.join(file)).is_ok_and(|log| log.contains(words))
        })
    };
    called_by_baresip(bench, codec, &["--dtmf", OURS], |baresip, server| {
        for key in OURS.chars() {
            if !told("baresip.log", &format!("received event: '{key}' (end=1)")) {
                return Err(format!("baresip does not tell of {key}").into());
            }
        }
        for key in THEIRS.chars() {
            baresip.command("sndcode", &key.to_string())?;
            // The key is let go.
            baresip.command("sndcode", " ")?;
            if !told("server.log", &format!(" pressed {key} for ")) {
                return Err(format!("the server does not tell of {key}").into());
            }
        }
        hang_up(baresip, server)
    })
}

/// Baresip ends the call.
fn hang_up(baresip: &Baresip, server: &Server) -> Outcome {
    baresip.command("hangup", "")?;
    match until(CALL_LIMIT, || server.stat("sessions") == Some(0)) {
        true => Ok(()),
        false => Err("the call did not end".into()),
    }
}

/// We call baresip and send it to a server of ours.
pub fn transferring_baresip(bench: &Bench) -> Outcome<Verdict> {
    let log = bench.directory.join("server.log");
    let server = Server::start(&bench.examples, &["--hangup-after", "2s"], &log)?;
    let target = format!("sip:service@{}", server.udp);
    let verdict = with_baresip(
        bench,
        &PCMU,
        &["--transfer-to", &target, "--duration", "30s"],
    )?;
    if let Verdict::Passed = verdict {
        if !until(CALL_LIMIT, || server.stat("answered") == Some(1)) {
            return Err("baresip did not call the target".into());
        }
        server.stop()?;
    }
    Ok(verdict)
}

/// Baresip calls us, holds us, and takes the call back.
pub fn held_by_baresip(bench: &Bench, codec: &Codec) -> Outcome<Verdict> {
    let log = bench.directory.join("server.log");
    called_by_baresip(bench, codec, &[], |baresip, server| {
        let told = |words: &str| {
            until(CALL_LIMIT, || {
                fs::read_to_string(&log).is_ok_and(|log| log.contains(words))
            })
        };
        baresip.command("hold", "")?;
        if !told(" on hold: ") {
            return Err("the server tells of no hold".into());
        }
        baresip.command("resume", "")?;
        if !told(" active: ") {
            return Err("the server tells of no resumption".into());
        }
        hang_up(baresip, server)
    })
}

/// Baresip calls us and sends us to another server of ours.
pub fn transferred_by_baresip(bench: &Bench) -> Outcome<Verdict> {
    let log = bench.directory.join("target.log");
    let target = Server::start(&bench.examples, &["--hangup-after", "2s"], &log)?;
    called_by_baresip(bench, &PCMU, &[], |baresip, server| {
        baresip.command("transfer", &format!("sip:service@{}", target.udp))?;
        if !until(CALL_LIMIT, || target.stat("answered") == Some(1)) {
            return Err("the server did not call the target".into());
        }
        match until(CALL_LIMIT, || server.stat("sessions") == Some(0)) {
            true => target.stop().map(drop),
            false => Err("the calls did not end".into()),
        }
    })
}

/// A call of baresip to a server of ours, and what it does in it.
fn called_by_baresip(
    bench: &Bench,
    codec: &Codec,
    words: &[&str],
    act: impl FnOnce(&Baresip, &Server) -> Outcome,
) -> Outcome<Verdict> {
    if let Some(why) = missing(&PROGRAMS[..1]) {
        return Ok(Verdict::Skipped(why));
    }
    let directory = &bench.directory;
    let words = [&["--codecs", codec.name], words].concat();
    let server = Server::start(&bench.examples, &words, &directory.join("server.log"))?;
    let destination = format!("sip:service@{}", server.udp);
    let baresip = Baresip::start(
        directory,
        (THEIR_TONE_HZ, codec),
        None,
        None,
        Some(&destination),
    )?;
    if !until(CALL_LIMIT, || server.stat("answered") == Some(1)) {
        return Err("baresip did not call".into());
    }
    act(&baresip, &server)?;
    baresip.stop()?;
    server.stop()?;
    Ok(Verdict::Passed)
}

/// A call to baresip with a script, every act of which must succeed.
fn with_baresip(bench: &Bench, codec: &Codec, script: &[&str]) -> Outcome<Verdict> {
    if let Some(why) = missing(&PROGRAMS[..1]) {
        return Ok(Verdict::Skipped(why));
    }
    let directory = &bench.directory;
    let baresip = Baresip::start(directory, (THEIR_TONE_HZ, codec), None, None, None)?;
    let mut client = Command::new(bench.examples.join("sipp_client"));
    client
        .args(["call", &format!("sip:bob@{}", baresip.address("udp"))])
        .args(["--bind", "udp:127.0.0.1:0", "--codecs", codec.name])
        .args(script);
    let mut client = Process::logged(client, &directory.join("client.log"))?;
    match client.wait(2 * CALL_LIMIT)? {
        Some(status) if status.success() => {}
        other => return Err(format!("the client ends with {other:?}").into()),
    }
    baresip.stop()?;
    Ok(Verdict::Passed)
}

/// Baresip calls us, and we hang up.
pub fn from_baresip(
    bench: &Bench,
    transport: &str,
    sound: Sound,
    codec: &Codec,
) -> Outcome<Verdict> {
    if let Some(why) = missing(&PROGRAMS) {
        return Ok(Verdict::Skipped(why));
    }
    let (directory, security) = (&bench.directory, Security::new(bench, transport)?);
    let ours = directory.join("ours");
    fs::create_dir_all(&ours)?;
    let listen = format!("{transport}:127.0.0.1:0");
    let record = word(&ours);
    let mut arguments = vec!["--media", "tone:440", "--hangup-after", sound.lasts()];
    arguments.extend(["--record", &record, "--listen", &listen]);
    arguments.extend(["--srtp", sound.ours(), "--codecs", codec.name]);
    arguments.extend(security.ours.iter().map(String::as_str));
    let server = Server::start(&bench.examples, &arguments, &directory.join("server.log"))?;
    let destination = format!(
        "sip:service@{};transport={transport}",
        server.listener(transport)?
    );
    let baresip = Baresip::start(
        directory,
        (THEIR_TONE_HZ, codec),
        security.theirs,
        sound.theirs(),
        Some(&destination),
    )?;
    if !until(CALL_LIMIT, || server.peak_sessions() > 0) {
        return Err("baresip did not call".into());
    }
    if !until(CALL_LIMIT, || server.stat("sessions") == Some(0)) {
        return Err("the call did not end".into());
    }
    baresip.stop()?;
    server.stop()?;
    sound.check(directory, "server.log")?;
    hear(
        &only(&ours, ".wav")?,
        (THEIR_TONE_HZ, codec, codec.our_rate_hz),
        "we",
    )?;
    let theirs = only(directory, "-dec.wav")?;
    hear(&theirs, (OUR_TONE_HZ, codec, codec.rate_hz), "baresip")?;
    Ok(Verdict::Passed)
}

/// The one file of a directory with this ending.
pub(super) fn only(directory: &Path, ending: &str) -> Outcome<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(directory)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    match (found.pop(), found.len()) {
        (Some(path), 0) => Ok(path),
        (_, more) => Err(format!("{more} extra or no *{ending} in {}", directory.display()).into()),
    }
}

/// Checks that one channel of a recording is the tone at the codec's rate, long enough and without a gap.
pub(super) fn hear(
    path: &Path,
    (hz, codec, expected_hz): (f64, &Codec, u32),
    who: &str,
) -> Outcome {
    let wave = Wave::read(path)?;
    let rate_hz = wave.rate_hz();
    if rate_hz != expected_hz {
        return Err(format!("{who} recorded {} at {rate_hz} Hz", codec.name).into());
    }
    let heard = wave.listen(hz).ok_or("a recording without channels")?;
    println!(
        "{who} heard {hz} Hz by {} for {:.2} s, purity {:.1} %, longest gap {} ms",
        codec.name,
        heard.seconds,
        heard.purity * 100.0,
        heard.longest_gap.as_millis()
    );
    match heard.is_tone(hz, LONGEST_GAP) && heard.seconds >= HEARD_AT_LEAST {
        true => Ok(()),
        false => Err(format!("{who} did not hear {hz} Hz as sent: {}", path.display()).into()),
    }
}
