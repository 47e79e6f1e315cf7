//! How long calls take to set up inside the process: from the turn in which the INVITE is read to our 200 on its way out.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rvoip_session_core::api::{WireRecord, WireTap};
use rvoip_sip_transport::Direction;

/// INVITEs that may wait for their 200 at once; beyond them none is timed.
const MOST_WAITING: usize = 100_000;

/// Times every call that is answered with 200.
#[derive(Debug, Default)]
pub struct SetupTimes(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    waiting: HashMap<Box<[u8]>, Instant>,
    took: Vec<Duration>,
}

impl SetupTimes {
    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WireTap for SetupTimes {
    fn message(&self, record: &WireRecord<'_>) {
        let octets = record.octets;
        let Some(call_id) = value(octets, b"Call-ID:") else {
            return;
        };
        match record.direction {
            Direction::In if octets.starts_with(b"INVITE ") => {
                let mut noted = self.noted();
                if noted.waiting.len() < MOST_WAITING {
                    noted.waiting.entry(call_id.into()).or_insert(record.time);
                }
            }
            Direction::Out if octets.starts_with(b"SIP/2.0 200 ") && answers_invite(octets) => {
                let mut noted = self.noted();
                let began = noted.waiting.remove(call_id);
                // The time of the record is that of the turn; the answer was made in it.
                noted.took.extend(began.map(|began| began.elapsed()));
            }
            _ => {}
        }
    }
}

fn answers_invite(octets: &[u8]) -> bool {
    value(octets, b"CSeq:").is_some_and(|cseq| cseq.ends_with(b" INVITE"))
}

/// What stands on the first line that begins so.
fn value<'a>(message: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let mut lines = message.split(|octet| *octet == b'\n');
    let line = lines
        .find(|line| line.len() >= name.len() && line[..name.len()].eq_ignore_ascii_case(name))?;
    Some(line[name.len()..].trim_ascii())
}

impl fmt::Display for SetupTimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut took = self.noted().took.clone();
        took.sort_unstable();
        let micros = |part: usize| {
            let at = (took.len() * part / 100).min(took.len().saturating_sub(1));
            took.get(at).map_or(0, Duration::as_micros)
        };
        let (half, most, all) = (micros(50), micros(99), micros(100));
        write!(
            f,
            "setup count={} p50={half}us p99={most}us max={all}us",
            took.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::value;

    #[test]
    fn a_value_is_found_by_its_name_in_any_case() {
        let message = b"INVITE sip:a SIP/2.0\r\nVia: x\r\ncall-id:  1@h \r\n\r\n";
        assert_eq!(value(message, b"Call-ID:"), Some(&b"1@h"[..]));
        assert_eq!(value(message, b"Contact:"), None);
    }
}
