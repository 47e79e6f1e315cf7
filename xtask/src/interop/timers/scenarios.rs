//! The conversations, each with what RFC 3261 section 17 lets us send in it, and when.

use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use super::intervals::{Claim, Due, End, Mark};
use super::peer::{Peer, Place, value};
use crate::Outcome;
use crate::process::Process;
use crate::server::Server;

/// A client may take so long after Timer B or F.
const CLIENT_WITHIN: Duration = Duration::from_secs(60);

/// 64 T1: Timers B, F, H, J, and the wait for the ACK of a 2xx.
const GIVEN_UP: f64 = 32.0;

/// Timer A: doubled each time.
const DOUBLED: [f64; 7] = [0.0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5];

/// Timers E and G: doubled up to T2.
const CAPPED: [f64; 11] = [0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5];

const SERVICE: &str = "<sip:service@127.0.0.1>";

fn due(label: &'static str, offsets: &[f64]) -> Due {
    let offsets = offsets.to_vec();
    Due {
        label,
        offsets,
        renewed: None,
    }
}

/// With another text from this one on.
fn renewed(label: &'static str, offsets: &[f64], at: usize) -> Due {
    Due {
        renewed: Some(at),
        ..due(label, offsets)
    }
}

/// The times over UDP; only the first of them over TCP.
fn repeated<'a>(transport: &str, times: &'a [f64]) -> &'a [f64] {
    if transport == "udp" {
        times
    } else {
        &times[..1]
    }
}

fn named(timers: &str, transport: &str) -> String {
    format!("{timers} over {}", transport.to_uppercase())
}

fn pause(seconds: f64) {
    sleep(Duration::from_secs_f64(seconds));
}

fn client(examples: &Path, log: &Path, port: u16, transport: &str) -> Outcome<Process> {
    let mut command = Command::new(examples.join("sipp_client"));
    command
        .args([
            "call",
            &format!("sip:peer@127.0.0.1:{port};transport={transport}"),
        ])
        .args(["--media", "silence", "--duration", "1s"]);
    Process::logged(command, log)
}

/// When the program ended, in seconds since 1970.
fn end_of(mut client: Process) -> Outcome<f64> {
    client
        .wait(CLIENT_WITHIN)?
        .ok_or("the client does not end")?;
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    Ok(since.as_secs_f64())
}

/// Timers A and B: our client calls somebody who never answers.
pub(super) fn unanswered_invite(
    examples: &Path,
    log: &Path,
    transport: &'static str,
) -> Outcome<Claim> {
    let place = Place::new()?;
    let port = place.port()?;
    let at = end_of(client(examples, log, port, transport)?)?;
    Ok(Claim {
        name: named("A, B", transport),
        port,
        due: vec![due("INVITE", repeated(transport, &DOUBLED))],
        end: Some(End {
            mark: Mark::Program(at),
            since: "INVITE",
            after: GIVEN_UP,
        }),
    })
}

/// Timers E and F: our client hangs up on somebody who has gone.
pub(super) fn unanswered_bye(
    examples: &Path,
    log: &Path,
    transport: &'static str,
) -> Outcome<Claim> {
    let place = Place::new()?;
    let port = place.port()?;
    let client = client(examples, log, port, transport)?;
    let (mut peer, invite) = place.called(transport)?;
    peer.send(&peer.answer(&invite))?;
    let at = end_of(client)?;
    Ok(Claim {
        name: named("E, F", transport),
        port,
        due: vec![
            due("INVITE", &[0.0]),
            due("ACK", &[0.0]),
            due("BYE", repeated(transport, &CAPPED)),
        ],
        end: Some(End {
            mark: Mark::Program(at),
            since: "BYE",
            after: GIVEN_UP,
        }),
    })
}

/// Timers G and H: our server refuses somebody who never acknowledges.
pub(super) fn unacknowledged_refusal(server: &Server, transport: &'static str) -> Outcome<Claim> {
    let mut peer = asking(server, transport)?;
    peer.send(&peer.request("INVITE", SERVICE, "1"))?;
    pause(GIVEN_UP + 5.0);
    Ok(Claim {
        name: named("G, H", transport),
        port: peer.port(),
        due: vec![due("486", repeated(transport, &CAPPED))],
        end: None,
    })
}

/// Timer I: nothing after the ACK; ACK and INVITE are absorbed for T4, after that the INVITE is another.
pub(super) fn acknowledged_refusal(server: &Server) -> Outcome<Claim> {
    let mut peer = asking(server, "udp")?;
    let invite = peer.request("INVITE", SERVICE, "1");
    peer.send(&invite)?;
    peer.await_message("SIP/2.0 486")?;
    let refusal = peer.await_message("SIP/2.0 486")?;
    let ack = peer.request("ACK", value(&refusal, "To"), "1");
    peer.send(&ack)?;
    pause(2.0);
    peer.send(&ack)?;
    pause(2.0);
    peer.send(&invite)?;
    pause(2.0);
    peer.send(&invite)?;
    let refusal = peer.await_message("SIP/2.0 486")?;
    peer.send(&peer.request("ACK", value(&refusal, "To"), "1"))?;
    Ok(Claim {
        name: named("I", "udp"),
        port: peer.port(),
        due: vec![renewed("486", &[0.0, 0.5, 6.5], 2)],
        end: None,
    })
}

/// Timer J: the same answer for 64 T1 over UDP, another one at once over TCP.
pub(super) fn repeated_options(server: &Server, transport: &'static str) -> Outcome<Claim> {
    let mut peer = asking(server, transport)?;
    let options = peer.request("OPTIONS", SERVICE, "1");
    let offsets: &[f64] = match transport {
        "udp" => &[0.0, 10.0, 30.0, 34.0],
        _ => &[0.0, 1.0],
    };
    let begin = Instant::now();
    for offset in offsets {
        sleep(Duration::from_secs_f64(*offset).saturating_sub(begin.elapsed()));
        peer.send(&options)?;
        peer.await_message("SIP/2.0 200")?;
    }
    Ok(Claim {
        name: named("J", transport),
        port: peer.port(),
        due: vec![renewed("200", offsets, offsets.len() - 1)],
        end: None,
    })
}

/// Timer K: an answer to our BYE that comes again is absorbed.
pub(super) fn repeated_answer(server: &Server) -> Outcome<Claim> {
    let mut peer = asking(server, "udp")?;
    peer.send(&peer.request("INVITE", SERVICE, "1"))?;
    let accepted = peer.await_message("SIP/2.0 200")?;
    peer.send(&peer.request("ACK", value(&accepted, "To"), "2"))?;
    let bye = peer.await_message("BYE")?;
    let answer = peer.answer(&bye);
    for _ in 0..3 {
        peer.send(&answer)?;
        pause(2.0);
    }
    Ok(Claim {
        name: named("K", "udp"),
        port: peer.port(),
        due: vec![due("180", &[0.0]), due("200", &[0.0]), due("BYE", &[0.0])],
        end: None,
    })
}

/// A 2xx without ACK: section 13.3.1.4 repeats it over any transport and then hangs up.
pub(super) fn unacknowledged_success(server: &Server, transport: &'static str) -> Outcome<Claim> {
    let mut peer = asking(server, transport)?;
    peer.send(&peer.request("INVITE", SERVICE, "1"))?;
    let bye = peer.await_message("BYE")?;
    peer.send(&peer.answer(&bye))?;
    Ok(Claim {
        name: named("2xx", transport),
        port: peer.port(),
        due: vec![due("200", &CAPPED), due("180", &[0.0]), due("BYE", &[0.0])],
        end: Some(End {
            mark: Mark::Message("BYE"),
            since: "200",
            after: GIVEN_UP,
        }),
    })
}

fn asking(server: &Server, transport: &'static str) -> Outcome<Peer> {
    let addr = if transport == "udp" {
        server.udp
    } else {
        server.tcp
    };
    Peer::asking(addr, transport)
}
