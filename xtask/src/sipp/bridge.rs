//! `bridge_2way`, `bridge_3way` and a room with comings and goings: SIPps call a room, each says a tone of its own, and what each
//! is sent, as tshark saw it and sox decodes it, has the tones of all others who are there and not its own.

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use super::run::{Finding, Site};
use crate::Outcome;
use crate::capture::Capture;
use crate::process::{Process, free_port, succeed};
use crate::server::Server;

/// The scenario of a member.
pub const SCENARIO: &str = "uac_room_member";

/// A SIPp in a room.
#[derive(Clone, Copy)]
struct Member {
    hz: u32,
    /// How many seconds after the first it calls.
    comes: u64,
    /// How many seconds it stays.
    stays: u64,
}

const fn member(hz: u32, comes: u64, stays: u64) -> Member {
    Member { hz, comes, stays }
}

/// The runs, and who takes part.
pub const RUNS: [Meeting; 3] = [
    Meeting {
        name: "bridge_2way",
        members: &[member(440, 0, 5), member(880, 0, 5)],
    },
    Meeting {
        name: "bridge_3way",
        members: &[member(440, 0, 5), member(880, 0, 5), member(1_320, 0, 5)],
    },
    Meeting {
        name: "bridge_come_and_go",
        members: &[member(440, 0, 10), member(880, 0, 10), member(1_320, 3, 4)],
    },
];

/// One run.
pub struct Meeting {
    pub name: &'static str,
    members: &'static [Member],
}

const RATE_HZ: usize = 8_000;

/// A call of ten seconds on a busy machine.
const CALL_LIMIT: Duration = Duration::from_secs(60);

/// What is heard is judged in pieces of so many packets, half a second.
const PIECE: usize = 25;

/// So near to the coming or going of somebody nothing is judged, in seconds.
const MARGIN: f64 = 0.3;

/// Performs one run.
pub fn perform(meeting: &Meeting, site: &Site) -> Finding {
    let start = Instant::now();
    let logs = site.logs.join(meeting.name);
    let outcome = fs::create_dir_all(&logs)
        .map_err(Into::into)
        .and_then(|()| meet(meeting.members, site, &logs));
    Finding {
        took: start.elapsed(),
        failure: outcome.err().map(|error| error.to_string()),
    }
}

fn meet(members: &[Member], site: &Site, logs: &Path) -> Outcome {
    // Callers come in on different threads, and meet on one.
    let room = ["--conference", "room", "--media-threads", "2"];
    let server = Server::start(&site.examples, &room, &logs.join("server.log"))?;
    let file = logs.join("media.pcapng");
    let capture = Capture::start(&file, &logs.join("tshark.log"), &["-f", "udp"])?;
    let begin = Instant::now();
    let mut callers = Vec::new();
    for member in members {
        let at = begin + Duration::from_secs(member.comes);
        thread::sleep(at.saturating_duration_since(Instant::now()));
        let port = free_port()?;
        let sipp = call(*member, port, &server, site, logs)?;
        callers.push((*member, port, sipp));
    }
    for (member, _, sipp) in &mut callers {
        match sipp.wait(CALL_LIMIT)? {
            Some(status) if status.success() => {}
            ended => {
                return Err(format!("the SIPp of {} Hz ended with {ended:?}", member.hz).into());
            }
        }
    }
    server.stop()?;
    let file = capture.stop()?;
    let ports: Vec<u16> = callers.iter().map(|(_, port, _)| *port).collect();
    let wire = Wire::read(&file, &ports)?;
    let mut judged = 0;
    for (listener, port, _) in &callers {
        let mut heard = wire.heard(*port, &logs.join(listener.hz.to_string()))?;
        heard.retain(|piece| !wire.changes(piece));
        for (member, from, _) in &callers {
            judged += judge(*listener, &heard, *member, wire.spoke(*from)?)?;
        }
    }
    // Three seconds of each pair at least, of the five or more that there are.
    match judged >= 6 * callers.len() * callers.len() {
        true => Ok(()),
        false => Err(format!("only {judged} pieces were heard").into()),
    }
}

/// Starts a SIPp that says its tone into the room.
fn call(member: Member, port: u16, server: &Server, site: &Site, logs: &Path) -> Outcome<Process> {
    let logs = logs.join(member.hz.to_string());
    fs::create_dir_all(&logs)?;
    let mut sox = Command::new("sox");
    sox.args(["-n", "-r", "8000", "-c", "1", "-t", "ul"])
        .arg(logs.join("tone.ul"))
        .args(["synth", "20", "sine", &member.hz.to_string(), "vol", "0.3"]);
    succeed(&mut sox)?;
    let mut sipp = Command::new("sipp");
    sipp.current_dir(&logs)
        .arg("-sf")
        .arg(site.scenarios.join(SCENARIO).with_extension("xml"))
        .args(["-s", "room", "-m", "1", "-nostdin"])
        .args(["-i", "127.0.0.1", "-mi", "127.0.0.1"])
        .args(["-p", &free_port()?.to_string(), "-mp", &port.to_string()])
        .args(["-d", &(1_000 * member.stays).to_string()])
        .args(["-timeout", "50s", "-timeout_error"])
        .args(["-trace_err", "-error_file", "errors.log"])
        .args(["-trace_msg", "-message_file", "messages.log"])
        .arg(server.udp.to_string());
    Process::logged(sipp, &logs.join("sipp.log"))
}

/// What tshark saw of the members' media.
struct Wire {
    /// By the port that it was sent to: when, and the payload.
    to: BTreeMap<u16, Vec<(f64, Vec<u8>)>>,
    /// By the port that sent it: the first time and the last.
    from: BTreeMap<u16, (f64, f64)>,
}

impl Wire {
    fn read(file: &Path, ports: &[u16]) -> Outcome<Wire> {
        let as_rtp = ports.iter().flat_map(|port| {
            let port = format!("udp.port=={port},rtp");
            ["-d".to_owned(), port]
        });
        let fields = [
            "frame.time_epoch",
            "udp.srcport",
            "udp.dstport",
            "rtp.payload",
        ];
        let seen = Command::new("tshark")
            .args(as_rtp)
            .args(["-Y", "rtp && rtp.p_type == 0", "-T", "fields"])
            .args(fields.iter().flat_map(|field| ["-e", field]))
            .arg("-r")
            .arg(file)
            .output()?;
        let mut wire = Wire {
            to: BTreeMap::new(),
            from: BTreeMap::new(),
        };
        for line in String::from_utf8_lossy(&seen.stdout).lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let [at, from, to, payload] = fields[..] else {
                continue;
            };
            let (at, from, to): (f64, u16, u16) = (at.parse()?, from.parse()?, to.parse()?);
            if ports.contains(&from) {
                wire.from.entry(from).or_insert((at, at)).1 = at;
            }
            if ports.contains(&to) {
                let payload = octets(payload).ok_or("tshark writes no payload")?;
                wire.to.entry(to).or_default().push((at, payload));
            }
        }
        Ok(wire)
    }

    /// Whether somebody comes or goes about this time: the others may be mixed from then on, or relayed, a little later or earlier.
    fn changes(&self, piece: &Piece) -> bool {
        let mut times = self.from.values().flat_map(|(begin, end)| [*begin, *end]);
        let about = piece.begin - MARGIN..piece.end + MARGIN;
        times.any(|time| about.contains(&time))
    }

    fn spoke(&self, port: u16) -> Outcome<(f64, f64)> {
        let spoke = self.from.get(&port).copied();
        spoke.ok_or_else(|| "a SIPp said nothing".into())
    }

    /// What a member was sent, in pieces: from when to when, and the samples.
    fn heard(&self, port: u16, logs: &Path) -> Outcome<Vec<Piece>> {
        let sent = self.to.get(&port).ok_or("a SIPp was sent nothing")?;
        let encoded: Vec<u8> = sent
            .iter()
            .flat_map(|(_, payload)| payload)
            .copied()
            .collect();
        let samples = decode(&encoded, logs)?;
        let mut pieces = Vec::new();
        let mut place = 0;
        for packets in sent.chunks_exact(PIECE) {
            let count: usize = packets.iter().map(|(_, payload)| payload.len()).sum();
            let (Some((begin, _)), Some((end, _))) = (packets.first(), packets.last()) else {
                continue;
            };
            let heard = samples
                .get(place..place + count)
                .ok_or("sox decodes less")?;
            pieces.push(Piece {
                begin: *begin,
                end: *end,
                samples: heard.to_vec(),
            });
            place += count;
        }
        Ok(pieces)
    }
}

/// Some sound, and when it was sent.
struct Piece {
    begin: f64,
    end: f64,
    samples: Vec<i16>,
}

/// Mu-law as sox decodes it.
fn decode(encoded: &[u8], logs: &Path) -> Outcome<Vec<i16>> {
    let (from, to): (PathBuf, PathBuf) = (logs.join("heard.ul"), logs.join("heard.raw"));
    fs::write(&from, encoded)?;
    let mut sox = Command::new("sox");
    sox.args(["-r", "8000", "-c", "1", "-t", "ul"])
        .arg(from)
        .args(["-t", "raw", "-e", "signed", "-b", "16", "-L"])
        .arg(&to);
    succeed(&mut sox)?;
    let samples = fs::read(to)?;
    let (samples, _) = samples.as_chunks();
    Ok(samples.iter().map(|two| i16::from_le_bytes(*two)).collect())
}

fn octets(hex: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = hex.bytes().filter(|it| *it != b':').collect();
    let octet = |two: &[u8]| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok();
    digits.chunks(2).map(octet).collect()
}

/// Checks that a listener hears a member while it is there, and itself never; returns in how many pieces.
fn judge(
    listener: Member,
    heard: &[Piece],
    member: Member,
    (begin, end): (f64, f64),
) -> Outcome<usize> {
    for piece in heard {
        let there = piece.begin > begin && piece.end < end;
        let level = level(&piece.samples, member.hz);
        // Tones are at 0.3 of full scale, 9,800; what a busy machine delays or loses of them lowers that, and G.711 adds noise.
        let right = match there && listener.hz != member.hz {
            true => level > 5_000.0,
            false => level < 200.0,
        };
        if !right {
            let when = piece.begin - begin;
            let (own, hz) = (listener.hz, member.hz);
            return Err(
                format!("{own} Hz hears {hz} Hz at {level:.0}, {when:.1} s after it came").into(),
            );
        }
    }
    Ok(heard.len())
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
