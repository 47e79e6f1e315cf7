//! `openssl s_client` against `sipp_server`: OPTIONS over TLS, and a certificate renewed under open connections.

use std::fs;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::authority::Authority;
use super::{Bench, Verdict, missing, word};
use crate::Outcome;
use crate::server::Server;

pub fn run(bench: &Bench) -> Outcome<Verdict> {
    if let Some(why) = missing(&[("openssl", "openssl")]) {
        return Ok(Verdict::Skipped(why));
    }
    let old = Authority::new(&bench.directory.join("old"))?;
    let new = Authority::new(&bench.directory.join("new"))?;
    let credential = old.issue("server")?;
    let words = [
        "--listen",
        "tls:127.0.0.1:0",
        "--tls-certificate",
        &word(&credential.certificate),
        "--tls-key",
        &word(&credential.key),
    ];
    let server = Server::start(&bench.examples, &words, &bench.directory.join("server.log"))?;
    let tls = server.listener("tls")?;

    let mut early = Session::open(tls, &old.certificate, "-tls1_3")?;
    expect(&early.ask(1)?, "200")?;
    expect(
        &Session::open(tls, &old.certificate, "-tls1_2")?.ask(2)?,
        "200",
    )?;
    expect(
        &Session::open(tls, &new.certificate, "-tls1_3")?.ask(3)?,
        "",
    )?;

    let renewed = new.issue("server")?;
    fs::copy(&renewed.certificate, &credential.certificate)?;
    fs::copy(&renewed.key, &credential.key)?;
    server.reload()?;
    expect(
        &Session::open(tls, &new.certificate, "-tls1_3")?.ask(4)?,
        "200",
    )?;
    expect(
        &Session::open(tls, &old.certificate, "-tls1_3")?.ask(5)?,
        "",
    )?;
    expect(&early.ask(6)?, "200")?;
    server.stop()?;
    Ok(Verdict::Passed)
}

/// The status of an answer; empty for none.
fn expect(answer: &str, status: &str) -> Outcome {
    let found = answer.split(' ').nth(1).unwrap_or_default();
    match found == status {
        true => Ok(()),
        false => Err(format!("expected status `{status}`, found `{answer}`").into()),
    }
}

/// A running `openssl s_client`.
struct Session {
    child: Child,
    stdin: ChildStdin,
    stdout: ChildStdout,
    addr: SocketAddr,
}

impl Session {
    fn open(addr: SocketAddr, roots: &Path, version: &str) -> Outcome<Session> {
        let mut child = Command::new("openssl")
            .args(["s_client", "-quiet", "-verify_return_error", version])
            .args([
                "-servername",
                "example.test",
                "-verify_hostname",
                "example.test",
            ])
            .args(["-connect", &addr.to_string(), "-CAfile"])
            .arg(roots)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("openssl without pipes".into());
        };
        Ok(Session {
            child,
            stdin,
            stdout,
            addr,
        })
    }

    /// Sends OPTIONS and reads the answer's head; empty when the session has ended.
    fn ask(&mut self, number: u32) -> Outcome<String> {
        let request = format!(
            "OPTIONS sip:service@{};transport=tls SIP/2.0\r\n\
             Via: SIP/2.0/TLS client.invalid;branch=z9hG4bK{number};rport\r\nMax-Forwards: 70\r\n\
             From: <sip:openssl@example.test>;tag=1\r\nTo: <sip:service@example.test>\r\n\
             Call-ID: {number}@openssl\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
            self.addr
        );
        // A session that was refused cannot be written to.
        let _ = self.stdin.write_all(request.as_bytes());
        let mut answer = Vec::new();
        let mut octet = [0];
        while !answer.ends_with(b"\r\n\r\n") && self.stdout.read(&mut octet)? == 1 {
            answer.push(octet[0]);
        }
        Ok(String::from_utf8(answer)?)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
