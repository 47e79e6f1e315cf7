//! What tshark saw of our messages, held against the intervals of RFC 3261.

use std::fmt::Write as _;

/// How far an interval may be off: a part of it, and seconds for a machine that is busy with other things.
const TOLERANCE: f64 = 0.1;
const SLACK: f64 = 0.05;

/// A message of ours, as tshark describes it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sighting {
    /// Seconds since 1970.
    pub at: f64,
    /// To which port it went.
    pub to: u16,
    /// Its method or status.
    pub label: String,
    /// All of it, as hexadecimal digits.
    pub octets: String,
}

/// The fields `read` takes, as arguments of tshark.
pub(super) const FIELDS: [&str; 7] = [
    "frame.time_epoch",
    "udp.dstport",
    "tcp.dstport",
    "sip.Method",
    "sip.Status-Code",
    "udp.payload",
    "tcp.payload",
];

/// Reads lines of these fields, parted by tabs; what is no SIP message is passed over.
pub(super) fn read(lines: &str) -> Vec<Sighting> {
    let sighting = |line: &str| {
        let fields: Vec<&str> = line.split('\t').collect();
        let one_of = |a: usize, b: usize| {
            let found = [fields.get(a)?, fields.get(b)?];
            found.into_iter().copied().find(|it| !it.is_empty())
        };
        Some(Sighting {
            at: fields.first()?.parse().ok()?,
            to: one_of(1, 2)?.parse().ok()?,
            label: one_of(3, 4)?.to_owned(),
            octets: one_of(5, 6)?.to_owned(),
        })
    };
    lines.lines().filter_map(sighting).collect()
}

/// When the messages of one kind are due.
#[derive(Debug)]
pub(super) struct Due {
    pub label: &'static str,
    /// Seconds after the first of them.
    pub offsets: Vec<f64>,
    /// From which of them on the text is another one; before it and after it they are equal.
    pub renewed: Option<usize>,
}

/// Everything a peer is to get.
#[derive(Debug)]
pub(super) struct Claim {
    pub name: String,
    /// The port of the peer.
    pub port: u16,
    pub due: Vec<Due>,
    /// What ends the conversation, and how long after.
    pub end: Option<End>,
}

/// The end of a transaction as it is seen from outside.
#[derive(Debug)]
pub(super) struct End {
    pub mark: Mark,
    /// The first message of this kind begins the time.
    pub since: &'static str,
    /// In seconds.
    pub after: f64,
}

/// By what the end shows.
#[derive(Debug)]
pub(super) enum Mark {
    /// Our program ended at this time, in seconds since 1970.
    Program(f64),
    /// We sent this message.
    Message(&'static str),
}

impl Claim {
    /// Holds the claim against what was seen.
    ///
    /// # Errors
    /// What is missing, too much, or out of time; the times seen either way.
    pub(super) fn judge(&self, seen: &[Sighting]) -> Result<String, String> {
        let mine: Vec<&Sighting> = seen.iter().filter(|it| it.to == self.port).collect();
        let (mut row, mut faults) = (format!("{}:", self.name), Vec::new());
        for due in &self.due {
            let of_kind = mine.iter().filter(|it| it.label == due.label);
            due.judge(&of_kind.copied().collect::<Vec<_>>(), &mut row, &mut faults);
        }
        for other in &mine {
            if self.due.iter().all(|due| due.label != other.label) {
                faults.push(format!("{} is too much", other.label));
            }
        }
        if let Some(end) = &self.end {
            end.judge(&mine, &mut row, &mut faults);
        }
        match faults.is_empty() {
            true => Ok(row),
            false => Err(format!("{row} ({})", faults.join(", "))),
        }
    }
}

impl Due {
    fn judge(&self, seen: &[&Sighting], row: &mut String, faults: &mut Vec<String>) {
        let first = seen.first().map_or(0.0, |it| it.at);
        let offsets: Vec<f64> = seen.iter().map(|it| it.at - first).collect();
        let _ = write!(row, " {}", self.label);
        for offset in &offsets {
            let _ = write!(row, " {offset:.2}");
        }
        row.push(';');
        if let Some(fault) = compare(&offsets, &self.offsets) {
            faults.push(format!("{}: {fault}", self.label));
        }
        for (at, pair) in seen.windows(2).enumerate() {
            let is_equal = pair[0].octets == pair[1].octets;
            if is_equal == (self.renewed == Some(at + 1)) {
                let how = if is_equal { "the same" } else { "another" };
                faults.push(format!("{} {} has {how} text", self.label, at + 2));
            }
        }
    }
}

impl End {
    fn judge(&self, seen: &[&Sighting], row: &mut String, faults: &mut Vec<String>) {
        let time = |label: &str| seen.iter().find(|it| it.label == label).map(|it| it.at);
        let (name, at) = match &self.mark {
            Mark::Program(at) => ("the end", Some(*at)),
            Mark::Message(label) => (*label, time(label)),
        };
        match at.zip(time(self.since)).map(|(at, since)| at - since) {
            Some(seconds) if is_near(seconds, self.after) => {
                let _ = write!(row, " {name} after {seconds:.2};");
            }
            seconds => faults.push(format!("{name} after {seconds:?}, not {}", self.after)),
        }
    }
}

fn is_near(seen: f64, due: f64) -> bool {
    (seen - due).abs() <= due * TOLERANCE + SLACK
}

/// What is wrong with these times, in seconds after the first; each interval is looked at by itself.
fn compare(seen: &[f64], due: &[f64]) -> Option<String> {
    if seen.len() != due.len() {
        return Some(format!("{} seen, not {}", seen.len(), due.len()));
    }
    let intervals = |times: &[f64]| -> Vec<f64> {
        let pairs = times.iter().zip(times.iter().skip(1));
        pairs.map(|(earlier, later)| later - earlier).collect()
    };
    let (seen, due) = (intervals(seen), intervals(due));
    let mut both = seen.iter().zip(&due);
    both.find(|(seen, due)| !is_near(**seen, **due))
        .map(|(seen, due)| format!("an interval of {seen:.3}, not {due}"))
}

#[cfg(test)]
mod tests {
    use super::{Claim, Due, End, Mark, Sighting, compare, read};

    fn seen(label: &str, at: f64) -> Sighting {
        Sighting {
            at,
            to: 5070,
            label: label.to_owned(),
            octets: label.to_owned(),
        }
    }

    fn claim(end: Option<End>) -> Claim {
        Claim {
            name: "G".to_owned(),
            port: 5070,
            due: vec![Due {
                label: "486",
                offsets: vec![0.0, 0.5, 1.5],
                renewed: None,
            }],
            end,
        }
    }

    #[test]
    fn reads_requests_and_responses_of_either_transport() {
        let lines = "10.5\t5070\t\tINVITE\t\t4142\t\n\
                     11.0\t\t5071\t\t486\t\t43\n\
                     11.5\t5070\t\t\t\t44\t\n";
        let read = read(lines);
        assert_eq!(read.len(), 2);
        assert_eq!((read[0].at, read[0].to), (10.5, 5070));
        assert_eq!((&*read[0].label, &*read[0].octets), ("INVITE", "4142"));
        assert_eq!((read[1].to, &*read[1].label), (5071, "486"));
    }

    #[test]
    fn an_interval_may_be_off_by_a_tenth() {
        assert_eq!(compare(&[0.0, 0.52, 5.0], &[0.0, 0.5, 4.7]), None);
        assert!(compare(&[0.0, 0.61], &[0.0, 0.5]).is_some());
        assert!(compare(&[0.0, 4.0, 12.0], &[0.0, 4.0, 8.0]).is_some());
        assert!(compare(&[0.0], &[0.0, 0.5]).is_some());
        assert!(compare(&[0.0, 0.5], &[0.0]).is_some());
    }

    #[test]
    fn a_claim_holds_or_says_why_not() {
        let mut wire = vec![seen("486", 7.0), seen("486", 7.5), seen("486", 8.5)];
        assert_eq!(claim(None).judge(&wire).unwrap(), "G: 486 0.00 0.50 1.50;");
        wire.push(seen("BYE", 39.0));
        assert!(claim(None).judge(&wire).is_err());
        wire.pop();
        wire[1].octets.push('2');
        let fault = claim(None).judge(&wire).unwrap_err();
        assert!(fault.contains("486 2 has another text"), "{fault}");
    }

    #[test]
    fn the_end_is_part_of_the_claim() {
        let wire = [seen("486", 7.0), seen("486", 7.5), seen("486", 8.5)];
        let end = |mark| {
            Some(End {
                mark,
                since: "486",
                after: 32.0,
            })
        };
        assert!(claim(end(Mark::Program(39.1))).judge(&wire).is_ok());
        assert!(claim(end(Mark::Program(43.0))).judge(&wire).is_err());
        assert!(claim(end(Mark::Message("BYE"))).judge(&wire).is_err());
    }
}
