//! Every SIP message of a simulation, and the ladder they make.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::Ladder;
use crate::{Direction, TransportKind, WireRecord, WireTap};

/// Messages that are kept, when nobody says how many; later ones are not.
const MAX_MESSAGES: usize = 100_000;

/// Messages that can be under way at once: among so many of the last ones the one that arrives is looked for.
const UNDER_WAY: usize = 2_000;

/// Columns from one party of a ladder to the next.
const SPACING: usize = 28;

/// A SIP message as it was sent.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WireMessage {
    /// When it was sent, since the beginning of the simulation.
    pub at: Duration,
    /// Who sent it.
    pub source: SocketAddr,
    /// Where it went.
    pub destination: SocketAddr,
    /// How it went.
    pub kind: TransportKind,
    /// The message.
    pub octets: Bytes,
    /// Whether it has arrived, at least once.
    pub arrived: bool,
}

impl WireMessage {
    /// The message in a word or two: `INVITE`, `200 INVITE`.
    pub fn label(&self) -> String {
        let text = self.text();
        let first = text.lines().next().unwrap_or_default();
        let mut words = first.split(' ');
        let first = words.next().unwrap_or_default();
        if !first.starts_with("SIP/") {
            return first.to_owned();
        }
        let status = words.next().unwrap_or_default();
        let method = self.header("CSeq").unwrap_or_default();
        let method = method.split(' ').nth(1).unwrap_or_default();
        format!("{status} {method}")
    }

    /// The first value of a header, its name as it is written in full.
    pub fn header(&self, name: &str) -> Option<String> {
        let text = self.text();
        let head = text.split("\r\n\r\n").next().unwrap_or_default();
        head.lines().skip(1).find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found
                .trim()
                .eq_ignore_ascii_case(name)
                .then(|| value.trim().to_owned())
        })
    }

    /// The message as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.octets).into_owned()
    }
}

/// Every message of a simulation in the order of sending: the tap of its hosts. Clones share it.
#[derive(Debug, Clone)]
pub struct WireLog(Arc<Mutex<Log>>);

#[derive(Debug)]
struct Log {
    start: Instant,
    most: usize,
    messages: Vec<WireMessage>,
    /// Where nobody says what has arrived.
    endpoints: Vec<SocketAddr>,
}

impl WireLog {
    /// A log of what happens from `start` on.
    pub(super) fn new(start: Instant) -> Self {
        WireLog(Arc::new(Mutex::new(Log {
            start,
            most: MAX_MESSAGES,
            messages: Vec::new(),
            endpoints: Vec::new(),
        })))
    }

    /// What goes to this address counts as arrived.
    pub(super) fn add_endpoint(&self, address: SocketAddr) {
        self.lock().endpoints.push(address);
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was sent, in that order.
    pub fn messages(&self) -> Vec<WireMessage> {
        self.lock().messages.clone()
    }

    /// Keeps no more than so many messages, the first ones.
    pub fn keep(&self, most: usize) {
        let mut log = self.lock();
        log.most = most;
        log.messages.truncate(most);
    }
}

impl Ladder for WireLog {
    fn ladder(&self) -> String {
        ladder(&self.lock().messages)
    }
}

impl WireTap for WireLog {
    fn message(&self, record: &WireRecord<'_>) {
        let log = &mut *self.lock();
        let is_kept = log.messages.len() < log.most;
        let (source, destination, arrived) = match record.direction {
            Direction::Out => {
                let arrived = log.endpoints.contains(&record.remote);
                (record.local, record.remote, arrived)
            }
            Direction::In => {
                let sent = log.messages.iter_mut().rev().take(UNDER_WAY);
                let mut same = sent.filter(|sent| sent.octets == *record.octets).peekable();
                if same.peek().is_some() {
                    // Or the network has repeated it.
                    if let Some(sent) = same.find(|sent| !sent.arrived) {
                        sent.arrived = true;
                    }
                    return;
                }
                (record.remote, record.local, true)
            }
        };
        if is_kept {
            log.messages.push(WireMessage {
                at: record.time.saturating_duration_since(log.start),
                source,
                destination,
                kind: record.kind,
                octets: record.octets.clone(),
                arrived,
            });
        }
    }
}

/// Draws messages as a ladder: a column for each address, a line for each message, `x` where one was lost.
fn ladder(messages: &[WireMessage]) -> String {
    let mut parties: Vec<SocketAddr> = Vec::new();
    for message in messages {
        for address in [message.source, message.destination] {
            if !parties.contains(&address) {
                parties.push(address);
            }
        }
    }
    let mut drawn = String::from("         ");
    for party in &parties {
        let _ = write!(drawn, "{:<SPACING$}", party.to_string());
    }
    drawn.truncate(drawn.trim_end().len());
    drawn.push('\n');
    let place = |address: SocketAddr| parties.iter().position(|party| *party == address);
    for message in messages {
        let (Some(from), Some(to)) = (place(message.source), place(message.destination)) else {
            continue;
        };
        let mut line: Vec<char> = vec![' '; SPACING * parties.len().max(1)];
        for column in 0..parties.len() {
            line[column * SPACING] = '|';
        }
        let (left, right) = (from.min(to) * SPACING + 1, from.max(to) * SPACING);
        if left < right {
            line[left..right].fill('-');
            let head = if message.arrived { None } else { Some('x') };
            if to > from {
                line[right - 1] = head.unwrap_or('>');
            } else {
                line[left] = head.unwrap_or('<');
            }
            let label: Vec<char> = format!(" {} ", message.label()).chars().collect();
            let start = left + (right - left).saturating_sub(label.len()) / 2;
            for (offset, letter) in label.into_iter().enumerate() {
                if let Some(place) = line.get_mut(start + offset) {
                    *place = letter;
                }
            }
        }
        let line: String = line.into_iter().collect();
        let _ = writeln!(
            drawn,
            "{:8.3} {}",
            message.at.as_secs_f64(),
            line.trim_end()
        );
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ladder_shows_who_said_what_to_whom_and_what_was_lost() {
        let [alice, bob] = ["10.0.0.1:5060", "10.0.0.2:5060"].map(|text| text.parse().unwrap());
        let message = |at, source, destination, text: &'static str, arrived| WireMessage {
            at: Duration::from_millis(at),
            source,
            destination,
            kind: TransportKind::Udp,
            octets: Bytes::from_static(text.as_bytes()),
            arrived,
        };
        let drawn = ladder(&[
            message(
                0,
                alice,
                bob,
                "INVITE sip:bob@b SIP/2.0\r\nCSeq: 1 INVITE\r\n\r\n",
                false,
            ),
            message(
                500,
                bob,
                alice,
                "SIP/2.0 200 OK\r\ncseq: 1 INVITE\r\n\r\n",
                true,
            ),
        ]);
        let lines: Vec<&str> = drawn.lines().collect();
        assert_eq!(lines.len(), 3, "{drawn}");
        assert!(lines[0].contains("10.0.0.1:5060") && lines[0].contains("10.0.0.2:5060"));
        assert!(
            lines[1].contains(" INVITE ") && lines[1].ends_with("x|"),
            "{drawn}"
        );
        assert!(lines[2].contains("   0.500 |<") && lines[2].contains(" 200 INVITE "));
    }
}
