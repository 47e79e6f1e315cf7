//! Requests that are told by a look at their octets, where reading them would cost more than answering.
//!
//! The look is sure or gives up: names in their usual spelling, no folded lines, a Via of plain addresses. Whoever writes
//! otherwise is read the ordinary way and gets the same answer, at a higher price.

use std::fmt::Write;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use bytes::Bytes;
use memchr::memchr;

use crate::branch;
use crate::matching::StatelessTag;

/// Lines that a response repeats.
const LINES: usize = 8;
/// Answers are filled up to a multiple of this: those of one length leave together.
const BLOCK_OCTETS: usize = 64;
/// Room for an answer.
const USUAL_OCTETS: usize = 1024;

/// What the look is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An INVITE outside of any dialog.
    Invite,
    /// An ACK.
    Ack,
}

/// A request that has been looked at.
pub(crate) struct Unread<'a> {
    pub(crate) kind: Kind,
    pub(crate) branch: &'a str,
    /// Protocol, transport and sent-by of the top Via.
    pub(crate) hop: &'a str,
    to: &'a str,
    /// The lines of Via, From, To, Call-ID and CSeq in their order, without line ends.
    lines: [&'a str; LINES],
    count: usize,
    /// The number of the To line.
    to_line: usize,
    /// Where the value of `rport` belongs in the first line, when the client asks for it.
    rport: Option<usize>,
}

impl<'a> Unread<'a> {
    /// Looks at a datagram; `None` for what is not sure.
    pub(crate) fn look(octets: &'a [u8], source: SocketAddr) -> Option<Unread<'a>> {
        let (kind, end_of_cseq) = match octets {
            [b'I', b'N', b'V', b'I', b'T', b'E', b' ', ..] => (Kind::Invite, " INVITE"),
            [b'A', b'C', b'K', b' ', ..] => (Kind::Ack, " ACK"),
            _ => return None,
        };
        let (start_line, mut rest) = cut_line(std::str::from_utf8(octets).ok()?)?;
        let blanks = start_line.bytes().filter(|octet| *octet == b' ').count();
        (blanks == 2 && start_line.ends_with(" SIP/2.0")).then_some(())?;
        let mut unread = Unread {
            kind,
            branch: "",
            hop: "",
            to: "",
            lines: [""; LINES],
            count: 0,
            to_line: 0,
            rport: None,
        };
        let mut seen = [false; NAMES.len()];
        loop {
            let (line, behind) = cut_line(rest)?;
            if line.is_empty() {
                break;
            }
            if let Some(name) = name(line.as_bytes())? {
                let value = &line[NAMES[name].len()..];
                let is_further_via = name == VIA && seen[VIA];
                let is_expected = !seen[name] || is_further_via;
                (is_expected && is_plain(value) && unread.count < LINES).then_some(())?;
                match name {
                    // It is the first line that is completed.
                    VIA if !is_further_via && unread.count > 0 => return None,
                    VIA if !is_further_via => unread.look_at_via(value, source)?,
                    TO => (unread.to, unread.to_line) = (value, unread.count),
                    CSEQ => {
                        is_number(value.strip_suffix(end_of_cseq)?, 1 << 31).then_some(())?;
                    }
                    _ => {}
                }
                seen[name] = true;
                unread.lines[unread.count] = line;
                unread.count += 1;
            }
            rest = behind;
        }
        let is_new = kind == Kind::Ack || unread.to.starts_with('<') && unread.to.ends_with('>');
        (seen == [true; NAMES.len()] && is_new).then_some(unread)
    }

    /// Takes what matters of the topmost Via, when a response surely goes to where the request came from.
    fn look_at_via(&mut self, via: &'a str, source: SocketAddr) -> Option<()> {
        let SocketAddr::V4(source) = source else {
            return None;
        };
        let (hop, mut params) = cut(via, b';');
        let (host, port) = cut(hop.strip_prefix("SIP/2.0/UDP ")?, b':');
        let host: Ipv4Addr = host.parse().ok()?;
        let port = port.unwrap_or("5060");
        (!port.starts_with('0') && is_number(port, 1 << 16)).then_some(())?;
        let port = port.parse().ok()?;
        let mut at = "Via: ".len() + hop.len();
        while let Some(list) = params {
            let (param, behind) = cut(list, b';');
            params = behind;
            at += 1 + param.len();
            let (name, value) = cut(param, b'=');
            (is_token(name) && value.is_none_or(is_token)).then_some(())?;
            match (name, value) {
                ("branch", Some(value)) if self.branch.is_empty() => self.branch = value,
                ("rport", None) if self.rport.is_none() => self.rport = Some(at),
                _ => {
                    let leads = ["branch", "rport", "received", "maddr"];
                    let is_lead = leads.iter().any(|lead| lead.eq_ignore_ascii_case(name));
                    (!is_lead).then_some(())?;
                }
            }
        }
        self.hop = hop;
        let leads_back = self.rport.is_some() || SocketAddrV4::new(host, port) == source;
        (leads_back && branch::is_unique(self.branch)).then_some(())
    }

    /// Whether the To tag is this one.
    pub(crate) fn is_to(&self, tag: StatelessTag) -> bool {
        let name = self.to.strip_suffix(tag.as_str());
        name.is_some_and(|name| name.ends_with(">;tag="))
    }

    /// Writes a 503 with this To tag, for somebody who should come back after so many seconds.
    pub(crate) fn refusal(&self, source: SocketAddr, tag: StatelessTag, seconds: u32) -> Bytes {
        let mut out = String::with_capacity(USUAL_OCTETS);
        out.push_str("SIP/2.0 503 Service Unavailable\r\n");
        for (number, line) in self.lines[..self.count].iter().enumerate() {
            match self.rport.filter(|_| number == 0) {
                Some(at) => {
                    let (before, after) = line.split_at(at);
                    let (ip, port) = (source.ip(), source.port());
                    // A string takes everything.
                    let _ = write!(out, "{before}={port}{after};received={ip}");
                }
                None => out.push_str(line),
            }
            if number == self.to_line {
                out.push_str(";tag=");
                out.push_str(tag.as_str());
            }
            out.push_str("\r\n");
        }
        let _ = write!(out, "Retry-After: {seconds}\r\nContent-Length: 0");
        let end = (out.len() + 4).next_multiple_of(BLOCK_OCTETS);
        out.extend(std::iter::repeat_n(' ', end - out.len() - 4));
        out.push_str("\r\n\r\n");
        out.into()
    }
}

const VIA: usize = 0;
const FROM: usize = 1;
const TO: usize = 2;
const CALL_ID: usize = 3;
const CSEQ: usize = 4;
const NAMES: [&str; 5] = ["Via: ", "From: ", "To: ", "Call-ID: ", "CSeq: "];

/// A line without its end, and what stands behind it; `None` for a line that does not end with CRLF.
fn cut_line(text: &str) -> Option<(&str, &str)> {
    let (line, behind) = cut(text, b'\n');
    Some((line.strip_suffix('\r')?, behind?))
}

/// What stands before and behind the first such character.
fn cut(text: &str, at: u8) -> (&str, Option<&str>) {
    match memchr(at, text.as_bytes()) {
        Some(place) => (&text[..place], Some(&text[place + 1..])),
        None => (text, None),
    }
}

/// Which of the names a line has; `Some(None)` for a header that nothing depends on, `None` for what is not sure.
fn name(line: &[u8]) -> Option<Option<usize>> {
    let expected = match line {
        [b'V', ..] => Some(VIA),
        [b'F', ..] => Some(FROM),
        [b'T', ..] => Some(TO),
        [b'C', b'a', ..] => Some(CALL_ID),
        [b'C', b'S', ..] => Some(CSEQ),
        _ => None,
    };
    let is_there = |name: &usize| line.starts_with(NAMES[*name].as_bytes());
    if let Some(name) = expected.filter(is_there) {
        return Some(Some(name));
    }
    let end = line.iter().position(|octet| !is_token_octet(*octet))?;
    let is_it = |known: &&str| {
        known.len() == end + 2 && known.as_bytes()[..end].eq_ignore_ascii_case(&line[..end])
    };
    // A name of one letter may be the short form of another.
    let is_other = line[end] == b':' && end > 1 && !NAMES.iter().any(is_it);
    is_other.then_some(None)
}

/// Whether a value is there and has no blanks around it and no control characters in it.
fn is_plain(value: &str) -> bool {
    let at_end = |octet: &u8| octet.is_ascii_graphic();
    let octets = value.as_bytes();
    // To the end whatever comes: that is done many octets at a time.
    let has_controls = octets
        .iter()
        .fold(false, |any, octet| any | octet.is_ascii_control());
    octets.first().is_some_and(at_end) && octets.last().is_some_and(at_end) && !has_controls
}

/// Whether a text is digits that stand for a number below a limit.
fn is_number(text: &str, limit: u32) -> bool {
    text.bytes().all(|octet| octet.is_ascii_digit())
        && text.parse::<u32>().is_ok_and(|number| number < limit)
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(is_token_octet)
}

/// What a name and most values are made of.
fn is_token_octet(octet: u8) -> bool {
    octet.is_ascii_alphanumeric()
        || matches!(octet, b'-' | b'.' | b'_' | b'~' | b'*' | b'+' | b'!' | b'%')
}
