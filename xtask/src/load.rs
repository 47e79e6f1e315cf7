//! A generator of calls that costs less than SIPp: it can offer twice of what the server on the other core can take.
//!
//! One thread, one socket, always awake. Each call is INVITE, ACK, BYE; what is lost is repeated as RFC 3261 says (Timers A
//! and E). Its messages are its own, so that it is no proof of the protocol, only of the load.

mod call;
mod message;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use crate::Outcome;
use call::{Call, Stage, Step};
use message::Answer;

/// Calls begun before the answers are looked at again.
const BURST: u64 = 16;

/// Answers wait here while calls are begun.
const RECEIVE_BUFFER_OCTETS: usize = 4 * 1024 * 1024;

/// How long the generator waits for the last answers.
const PATIENCE: Duration = Duration::from_secs(34);

/// What to offer.
#[derive(clap::Args)]
pub struct Arguments {
    /// The server
    pub to: SocketAddr,
    /// Calls per second and for how many seconds, as 8000x10; may be given several times
    #[arg(long, value_parser = parse_phase, required = true)]
    phase: Vec<Phase>,
}

/// A part of the load.
#[derive(Clone, Copy)]
struct Phase {
    rate: u64,
    seconds: u64,
}

fn parse_phase(text: &str) -> Result<Phase, String> {
    let parts = text
        .split_once('x')
        .and_then(|(rate, seconds)| Some((rate.parse().ok()?, seconds.parse().ok()?)));
    let (rate, seconds) = parts.ok_or("such as 8000x10")?;
    Ok(Phase { rate, seconds })
}

/// How many calls have been planned when so much of the load has passed.
fn planned(phases: &[Phase], mut passed: Duration) -> u64 {
    let mut calls = 0;
    for phase in phases {
        let length = Duration::from_secs(phase.seconds);
        let part = passed.min(length);
        calls += part.as_micros() as u64 * phase.rate / 1_000_000;
        passed -= part;
    }
    calls
}

/// What has been counted, in one second or over the whole load.
#[derive(Clone, Copy, Default)]
struct Totals {
    offered: u64,
    answered: u64,
    refused: u64,
    completed: u64,
    failed: u64,
    repeated: u64,
    slowest_ms: u64,
}

impl Totals {
    fn print(&self, what: &str) {
        println!(
            "{what} offered={} answered={} refused={} completed={} failed={} repeated={} slowest_ms={}",
            self.offered,
            self.answered,
            self.refused,
            self.completed,
            self.failed,
            self.repeated,
            self.slowest_ms,
        );
    }

    fn add(&mut self, other: &Totals) {
        self.offered += other.offered;
        self.answered += other.answered;
        self.refused += other.refused;
        self.completed += other.completed;
        self.failed += other.failed;
        self.repeated += other.repeated;
        self.slowest_ms = self.slowest_ms.max(other.slowest_ms);
    }
}

/// All calls of the load.
struct Load {
    socket: UdpSocket,
    port: u16,
    server: SocketAddr,
    start: Instant,
    calls: Vec<Call>,
    open: u64,
    timers: BinaryHeap<Reverse<(Instant, usize)>>,
    second: Totals,
    text: String,
}

/// Offers the load and prints a line of totals for each second and one for all.
pub fn run(arguments: &Arguments) -> Outcome {
    let socket = UdpSocket::bind(("127.0.0.1", 0))?;
    socket.set_nonblocking(true)?;
    // The system grants what it allows.
    let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER_OCTETS);
    let seconds = arguments.phase.iter().map(|phase| phase.seconds).sum();
    let length = Duration::from_secs(seconds);
    let planned = planned(&arguments.phase, length);
    let mut load = Load {
        port: socket.local_addr()?.port(),
        socket,
        server: arguments.to,
        start: Instant::now(),
        calls: Vec::with_capacity(planned as usize),
        open: 0,
        timers: BinaryHeap::new(),
        second: Totals::default(),
        text: String::new(),
    };
    let end = load.start + length;
    let (mut all, mut tick) = (Totals::default(), load.start + Duration::from_secs(1));
    loop {
        let now = Instant::now();
        let due = self::planned(&arguments.phase, now - load.start);
        for _ in 0..BURST {
            if load.calls.len() as u64 >= due {
                break;
            }
            load.begin(now);
        }
        load.receive(now)?;
        load.repeat(now);
        if now >= tick {
            let second = (tick - load.start).as_secs();
            load.second.print(&format!("second {second}"));
            all.add(&std::mem::take(&mut load.second));
            tick += Duration::from_secs(1);
        }
        let is_over = load.calls.len() as u64 >= planned && load.open == 0;
        if is_over || now >= end + PATIENCE {
            break;
        }
    }
    load.second.failed += load.open;
    all.add(&load.second);
    all.print("total");
    Ok(())
}

impl Load {
    fn begin(&mut self, now: Instant) {
        let number = self.calls.len();
        self.calls.push(Call::new(now));
        self.open += 1;
        self.second.offered += 1;
        self.send(number, "INVITE");
        self.set_timer(now, number);
    }

    fn set_timer(&mut self, now: Instant, number: usize) {
        let at = now + self.calls[number].pause();
        self.timers.push(Reverse((at, number)));
    }

    /// A full send buffer is a loss like any other.
    fn send(&mut self, number: usize, method: &str) {
        let call = &self.calls[number];
        message::write(&mut self.text, self.port, number, method, call);
        let _ = self.socket.send_to(self.text.as_bytes(), self.server);
    }

    fn receive(&mut self, now: Instant) -> Outcome {
        let mut buffer = [0; 4096];
        for _ in 0..4 * BURST {
            let octets = match self.socket.recv_from(&mut buffer) {
                Ok((octets, _)) => octets,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => continue,
                Err(error) => return Err(error.into()),
            };
            if let Some(answer) = message::read(&buffer[..octets]) {
                self.take(now, &answer);
            }
        }
        Ok(())
    }

    fn take(&mut self, now: Instant, answer: &Answer<'_>) {
        let number = answer.number;
        let Some(call) = self.calls.get_mut(number) else {
            return;
        };
        match call.take(now, answer) {
            Step::Nothing => {}
            Step::Answered => {
                let waited = (now - call.begun).as_millis() as u64;
                self.second.slowest_ms = self.second.slowest_ms.max(waited);
                self.second.answered += 1;
                self.send(number, "ACK");
                self.send(number, "BYE");
                self.set_timer(now, number);
            }
            Step::Acknowledge => self.send(number, "ACK"),
            Step::Refused => {
                self.second.refused += 1;
                self.open -= 1;
                self.send(number, "ACK");
            }
            Step::Completed => {
                self.second.completed += 1;
                self.open -= 1;
            }
        }
    }

    fn repeat(&mut self, now: Instant) {
        while let Some(&Reverse((at, number))) = self.timers.peek()
            && at <= now
        {
            self.timers.pop();
            let call = &mut self.calls[number];
            let method = match call.stage {
                Stage::Calling => "INVITE",
                Stage::Leaving => "BYE",
                Stage::Ringing | Stage::Over | Stage::Refused => continue,
            };
            if call.is_due(now) {
                if call.is_given_up(now) {
                    call.stage = Stage::Over;
                    self.second.failed += 1;
                    self.open -= 1;
                    continue;
                }
                self.second.repeated += 1;
                self.send(number, method);
                self.set_timer(now, number);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_follow_each_other() {
        let phases = [parse_phase("1000x2").unwrap(), parse_phase("10x3").unwrap()];
        let planned = |milliseconds| planned(&phases, Duration::from_millis(milliseconds));
        assert_eq!(
            [planned(0), planned(1_500), planned(2_000)],
            [0, 1_500, 2_000]
        );
        assert_eq!([planned(3_000), planned(9_000)], [2_010, 2_030]);
        assert!(parse_phase("1000").is_err());
    }
}
