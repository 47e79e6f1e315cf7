//! Requests that are told by a look at their octets, where reading them would cost more than answering.
//!
//! The look is sure or gives up: names in their usual spelling, no folded lines, a Via of plain addresses. Whoever writes
//! otherwise is read the ordinary way and gets the same answer, at a higher price.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use bytes::{BufMut, Bytes, BytesMut};

use crate::branch;
use crate::matching::StatelessTag;

/// Lines that a response repeats.
const LINES: usize = 8;
/// Answers are filled up to a multiple of this: those of one length leave together.
const BLOCK_OCTETS: usize = 64;

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
        let mut seen = [false; 5];
        let mut is_whole = false;
        let text = std::str::from_utf8(octets).ok()?;
        for (number, line) in text.split('\n').enumerate() {
            let line = line.strip_suffix('\r')?;
            if line.is_empty() {
                is_whole = number > 0;
                break;
            }
            if number == 0 {
                let words = line.split(' ').count();
                (words == 3 && line.ends_with(" SIP/2.0")).then_some(())?;
                continue;
            }
            let Some(name) = name(line)? else {
                continue;
            };
            let value = &line[NAMES[name].len()..];
            let is_plain = !value.is_empty() && value.trim() == value;
            let is_plain = is_plain && !value.bytes().any(|octet| octet.is_ascii_control());
            let is_further_via = name == VIA && seen[VIA];
            if !is_plain || unread.count == LINES || seen[name] && !is_further_via {
                return None;
            }
            match name {
                VIA if !is_further_via => {
                    // It is the first line that is completed.
                    (unread.count == 0).then_some(())?;
                    unread.look_at_via(value, source)?;
                }
                TO => (unread.to, unread.to_line) = (value, unread.count),
                CSEQ => {
                    let digits = value.strip_suffix(end_of_cseq)?;
                    let is_number = digits.parse::<u32>().is_ok_and(|number| number < 1 << 31);
                    (is_number && !digits.starts_with('+')).then_some(())?;
                }
                _ => {}
            }
            seen[name] = true;
            unread.lines[unread.count] = line;
            unread.count += 1;
        }
        let is_new = kind == Kind::Ack || unread.to.starts_with('<') && unread.to.ends_with('>');
        let is_sure = is_whole && seen == [true; 5] && is_new;
        is_sure.then_some(unread)
    }

    /// Takes what matters of the topmost Via, when a response surely goes to where the request came from.
    fn look_at_via(&mut self, via: &'a str, source: SocketAddr) -> Option<()> {
        let SocketAddr::V4(source) = source else {
            return None;
        };
        let (hop, params) = via.split_once(';')?;
        let sent_by = hop.strip_prefix("SIP/2.0/UDP ")?;
        let (host, port) = sent_by.split_once(':').unwrap_or((sent_by, "5060"));
        let host: Ipv4Addr = host.parse().ok()?;
        let is_port = !port.starts_with('0') && port.bytes().all(|octet| octet.is_ascii_digit());
        let port = port.parse().ok().filter(|_| is_port)?;
        let mut at = "Via: ".len() + hop.len();
        for param in params.split(';') {
            at += 1 + param.len();
            let (name, value) = match param.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (param, None),
            };
            let is_token = |text: &str| !text.is_empty() && text.bytes().all(is_plain_octet);
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
        use std::fmt::Write;
        let mut out = BytesMut::with_capacity(1024);
        out.put_slice(b"SIP/2.0 503 Service Unavailable\r\n");
        for (number, line) in self.lines[..self.count].iter().enumerate() {
            match self.rport.filter(|_| number == 0) {
                Some(at) => {
                    let (before, after) = line.split_at(at);
                    // Memory grows as needed.
                    let (ip, port) = (source.ip(), source.port());
                    let _ = write!(out, "{before}={port}{after};received={ip}");
                }
                None => out.put_slice(line.as_bytes()),
            }
            if number == self.to_line {
                out.put_slice(b";tag=");
                out.put_slice(tag.as_str().as_bytes());
            }
            out.put_slice(b"\r\n");
        }
        let _ = write!(out, "Retry-After: {seconds}\r\nContent-Length: 0");
        let end = (out.len() + 4).next_multiple_of(BLOCK_OCTETS);
        out.put_bytes(b' ', end - out.len() - 4);
        out.put_slice(b"\r\n\r\n");
        out.freeze()
    }
}

const VIA: usize = 0;
const TO: usize = 2;
const CSEQ: usize = 4;
const NAMES: [&str; 5] = ["Via: ", "From: ", "To: ", "Call-ID: ", "CSeq: "];

/// Which of the names a line has; `Some(None)` for a header that nothing depends on, `None` for what is not sure.
fn name(line: &str) -> Option<Option<usize>> {
    let line = line.as_bytes();
    let end = line.iter().position(|octet| *octet == b':')?;
    let found = NAMES.iter().position(|known| {
        known.len() == end + 2 && known.as_bytes()[..end].eq_ignore_ascii_case(&line[..end])
    });
    match found {
        Some(found) => line
            .starts_with(NAMES[found].as_bytes())
            .then_some(Some(found)),
        None => {
            let is_plain = end > 1 && line[..end].iter().copied().all(is_plain_octet);
            is_plain.then_some(None)
        }
    }
}

fn is_plain_octet(octet: u8) -> bool {
    octet.is_ascii_alphanumeric()
        || matches!(octet, b'-' | b'.' | b'_' | b'~' | b'*' | b'+' | b'!' | b'%')
}
