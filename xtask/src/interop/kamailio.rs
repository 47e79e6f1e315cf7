//! kamailio as registrar and proxy with digest: two of ours register as one user, a third registers and calls them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::authority::Authority;
use super::{Bench, Verdict, word};
use crate::Outcome;
use crate::process::{Process, is_listening, until};
use crate::server::Server;

/// What the step needs.
pub const PROGRAMS: &[(&str, &str)] = &[("kamailio", "kamailio"), ("openssl", "openssl")];

/// The ports of SIP: the step has its network for itself.
const PORT: u16 = 5060;
const SECURE_PORT: u16 = 5061;

/// How long kamailio may take to listen, and to end.
const WITHIN: Duration = Duration::from_secs(20);

/// How long a call may take, set-up and end included.
const CALL_LIMIT: Duration = Duration::from_secs(60);

const CONFIGURATION: &str = include_str!("kamailio.cfg");

/// A running kamailio.
struct Kamailio(Process);

impl Kamailio {
    fn start(directory: &Path, authority: &Authority, secure: bool) -> Outcome<Kamailio> {
        let credential = authority.issue("kamailio")?;
        let text = CONFIGURATION
            .replace("MODULES", &word(&modules()?))
            .replace("CERTIFICATE", &word(&credential.certificate))
            .replace("KEY", &word(&credential.key))
            .replace("ROOTS", &word(&authority.certificate));
        let file = directory.join("kamailio.cfg");
        fs::write(&file, text)?;
        let mut command = Command::new("kamailio");
        if secure {
            command.args(["-A", "SECURE"]);
        }
        command
            .args(["-DD", "-E", "-m", "64", "-M", "4", "-f"])
            .arg(file)
            .arg("-P")
            .arg(directory.join("kamailio.pid"))
            .arg("-w")
            .arg(directory)
            .arg("-Y")
            .arg(directory);
        let process = Process::logged(command, &directory.join("kamailio.log"))?;
        let kamailio = Kamailio(process);
        let listens = || is_listening(false, PORT) && (!secure || is_listening(true, SECURE_PORT));
        match until(WITHIN, listens) {
            true => Ok(kamailio),
            false => Err("kamailio does not listen".into()),
        }
    }
}

impl Drop for Kamailio {
    /// Killed, it would leave its children behind.
    fn drop(&mut self) {
        let _ = self.0.terminate(WITHIN);
    }
}

/// Where Debian keeps the modules of this machine's kind.
fn modules() -> Outcome<PathBuf> {
    fs::read_dir("/usr/lib")?
        .filter_map(|entry| Some(entry.ok()?.path().join("kamailio/modules")))
        .find(|path| path.is_dir())
        .ok_or_else(|| "kamailio has no modules".into())
}

/// The words by which one of ours is a user behind the proxy.
fn user(name: &str, password: &str, transport: &str) -> Vec<String> {
    let port = if transport == "tls" {
        SECURE_PORT
    } else {
        PORT
    };
    let proxy = format!("sip:127.0.0.1:{port};transport={transport}");
    let words = [
        "--register",
        "sip:127.0.0.1",
        "--outbound",
        &proxy,
        "--user",
        name,
        "--password",
        password,
    ];
    words.map(str::to_owned).into()
}

/// Registers with digest, calls through the proxy with digest, and forks to two contacts: one answers, one is cancelled.
pub fn run(bench: &Bench, transport: &str) -> Outcome<Verdict> {
    let directory = &bench.directory;
    let authority = Authority::new(&directory.join("certificates"))?;
    let secure = transport == "tls";
    if secure && !modules()?.join("tls.so").is_file() {
        let why = "kamailio has no tls.so, which is in kamailio-tls-modules";
        return Ok(Verdict::Skipped(why.to_owned()));
    }
    let _kamailio = Kamailio::start(directory, &authority, secure)?;
    let credential = authority.issue("ours")?;
    let tls = [
        "--tls-certificate".to_owned(),
        word(&credential.certificate),
        "--tls-key".to_owned(),
        word(&credential.key),
        "--tls-ca".to_owned(),
        word(&authority.certificate),
    ];
    let contact = |log: &str, answer_after: &str| {
        let mut words = user("bob", "secret", transport);
        words.extend(tls.clone());
        words.extend(["--answer-after", answer_after].map(str::to_owned));
        if secure {
            words.extend(["--listen", "tls:127.0.0.1:0"].map(str::to_owned));
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        Server::start(&bench.examples, &words, &directory.join(log))
    };
    let quick = contact("quick.log", "500ms")?;
    let slow = contact("slow.log", "50s")?;
    let call = |log: &str, password: &str| -> Outcome<(bool, String)> {
        let log = directory.join(log);
        let mut client = Command::new(bench.examples.join("sipp_client"));
        client
            .args(["call", "sip:bob@127.0.0.1", "--duration", "1s"])
            .args(["--bind", &format!("{transport}:127.0.0.1:0")])
            .args(user("alice", password, transport))
            .args(&tls);
        let mut client = Process::logged(client, &log)?;
        let status = client.wait(CALL_LIMIT)?.ok_or("the client did not end")?;
        Ok((status.success(), fs::read_to_string(log)?))
    };
    let (well, said) = call("client.log", "secret")?;
    if !well || !said.contains("registered sip:alice@127.0.0.1") {
        return Err(format!("the call through the proxy: {}", said.trim()).into());
    }
    let (well, said) = call("stranger.log", "false")?;
    if well || !said.contains("not registered") {
        return Err(format!("a false password: {}", said.trim()).into());
    }
    for (server, log, end) in [
        (quick, "quick.log", "answered"),
        (slow, "slow.log", "cancelled"),
    ] {
        let told = || fs::read_to_string(directory.join(log)).unwrap_or_default();
        if !until(WITHIN, || told().contains(end)) {
            return Err(format!("{log} tells of no call that was {end}").into());
        }
        server.stop()?;
    }
    Ok(Verdict::Passed)
}
