//! Telephones that register with our server and call each other through it: all phones of a user ring, the first to answer
//! takes the call.

use std::fs;

use super::baresip::{Baresip, PCMU, User};
use super::calls::{CALL, CALL_LIMIT, hear, only};
use super::{Bench, Verdict, missing};
use crate::Outcome;
use crate::process::until;
use crate::server::Server;

/// What the two parties play.
const ALICE_HZ: f64 = 440.0;
const BOB_HZ: f64 = 1000.0;

/// Baresip knows MD5 alone, and fails where a challenge by another algorithm stands beside that.
const GUARDED: [&str; 6] = [
    "--require-auth",
    "alice:secret@127.0.0.1",
    "--require-auth",
    "bob:secret@127.0.0.1",
    "--auth-algorithms",
    "MD5",
];

/// Three baresips register, two of them as one user; the third calls that user.
pub fn run(bench: &Bench, with_digest: bool) -> Outcome<Verdict> {
    if let Some(why) = missing(&[("baresip", "baresip-core")]) {
        return Ok(Verdict::Skipped(why));
    }
    let directory = &bench.directory;
    let mut words = vec!["--registrar", "--hangup-after", CALL];
    if with_digest {
        words.extend(GUARDED);
    }
    let server = Server::start(&bench.examples, &words, &directory.join("server.log"))?;
    let phone = |place: &str, name, hz, answers| {
        let user = User {
            name,
            password: with_digest.then_some("secret"),
            registrar: server.udp,
            answers,
        };
        Baresip::registered(&directory.join(place), hz, &user)
    };
    let alice = phone("alice", "alice", ALICE_HZ, true)?;
    let silent = phone("silent", "bob", BOB_HZ, false)?;
    let bob = phone("bob", "bob", BOB_HZ, true)?;
    alice.command("dial", &format!("sip:bob@{}", server.udp))?;
    if !until(CALL_LIMIT, || server.stat("answered") == Some(2)) {
        return Err("the call did not reach bob".into());
    }
    let rang = || fs::read_to_string(directory.join("silent/baresip.log")).unwrap_or_default();
    if !until(CALL_LIMIT, || rang().contains("session closed")) {
        return Err("the phone that did not answer goes on ringing".into());
    }
    if !until(CALL_LIMIT, || server.stat("sessions") == Some(0)) {
        return Err("the call did not end".into());
    }
    for phone in [alice, bob, silent] {
        phone.stop()?;
    }
    server.stop()?;
    hear(
        &only(&directory.join("alice"), "-dec.wav")?,
        (BOB_HZ, &PCMU, PCMU.rate_hz),
        "alice",
    )?;
    hear(
        &only(&directory.join("bob"), "-dec.wav")?,
        (ALICE_HZ, &PCMU, PCMU.rate_hz),
        "bob",
    )?;
    Ok(Verdict::Passed)
}
