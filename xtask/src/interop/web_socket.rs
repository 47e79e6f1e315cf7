//! JsSIP, the SIP stack of browsers, against `sipp_server` over WebSocket: OPTIONS and calls.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::authority::Authority;
use super::{Bench, Verdict, missing, word};
use crate::Outcome;
use crate::process::Process;
use crate::server::Server;

const SCRIPT: &str = include_str!("jssip.cjs");

/// What npm installs. JsSIP does the signalling; `ws` is the WebSocket that Node lacks.
const PACKAGES: [&str; 2] = ["jssip@3.13.8", "ws@8.23.0"];

/// How long the whole script may take.
const LIMIT: Duration = Duration::from_secs(60);

pub fn run(bench: &Bench, scheme: &str) -> Outcome<Verdict> {
    let programs = [("node", "nodejs"), ("npm", "npm"), ("openssl", "openssl")];
    if let Some(why) = missing(&programs) {
        return Ok(Verdict::Skipped(why));
    }
    let directory = &bench.directory;
    fs::write(directory.join("package.json"), "{\"private\":true}")?;
    let installed = Command::new("npm")
        .args(["install", "--no-audit", "--no-fund", "--ignore-scripts"])
        .args(PACKAGES)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()?;
    if !installed.status.success() {
        let said = String::from_utf8_lossy(&installed.stderr);
        let first = said.lines().next().unwrap_or_default().to_owned();
        return Ok(Verdict::Skipped(format!("npm cannot install: {first}")));
    }
    fs::write(directory.join("jssip.cjs"), SCRIPT)?;

    let authority = Authority::new(&directory.join("certificates"))?;
    let credential = authority.issue("server")?;
    let listen = format!("{scheme}:127.0.0.1:0");
    let words = [
        "--listen",
        &listen,
        "--hangup-after",
        "2s",
        "--tls-certificate",
        &word(&credential.certificate),
        "--tls-key",
        &word(&credential.key),
    ];
    let server = Server::start(&bench.examples, &words, &directory.join("server.log"))?;
    let addr = server.listener(scheme)?;
    let mut node = Command::new("node");
    node.arg("jssip.cjs")
        .arg(format!("{scheme}://{addr}"))
        .arg(format!("sip:service@{addr}"))
        .env("NODE_EXTRA_CA_CERTS", &authority.certificate)
        .current_dir(directory);
    let mut node = Process::logged(node, &directory.join("jssip.log"))?;
    match node.wait(LIMIT)? {
        Some(status) if status.success() => {}
        other => {
            let log = fs::read_to_string(directory.join("jssip.log"))?;
            return Err(format!("node ends with {other:?}: {log}").into());
        }
    }
    server.stop()?;
    Ok(Verdict::Passed)
}
