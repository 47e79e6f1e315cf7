//! Descriptions as text, every line ended by CR LF. Appended piece by piece: format strings cost several times as much.

use std::fmt::{self, Write};
use std::net::IpAddr;

use super::{Address, Attribute, Line, MediaDescription, Origin, SessionDescription};

/// Room that a usual description needs.
const USUAL_OCTETS: usize = 256;

impl fmt::Display for SessionDescription<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

impl SessionDescription<'_> {
    /// The description as it is sent.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut out = String::with_capacity(USUAL_OCTETS);
        out.push_str("v=0\r\n");
        self.origin.write(&mut out);
        push(&mut out, &["s=", &self.name, "\r\n"]);
        self.lines.iter().for_each(|line| line.write(&mut out));
        self.media
            .iter()
            .for_each(|section| section.write(&mut out));
        out
    }
}

impl Origin<'_> {
    fn write(&self, out: &mut String) {
        let (user, session, version) = (&self.username, &self.session_id, &self.version);
        push(out, &["o=", user, " ", session, " ", version, " "]);
        self.address.write(out);
        out.push_str("\r\n");
    }
}

impl Address<'_> {
    fn write(&self, out: &mut String) {
        match self {
            Self::Ip(IpAddr::V4(address)) => {
                let [a, b, c, d] = address.octets();
                out.push_str("IN IP4 ");
                number(out, a);
                for octet in [b, c, d] {
                    out.push('.');
                    number(out, octet);
                }
            }
            Self::Ip(IpAddr::V6(address)) => {
                // Writing to a string never fails.
                let _ = write!(out, "IN IP6 {address}");
            }
            Self::Name { kind, host } => push(out, &["IN ", kind, " ", host]),
        }
    }
}

impl Line<'_> {
    fn write(&self, out: &mut String) {
        match self {
            Self::Connection(address) => {
                out.push_str("c=");
                address.write(out);
                out.push_str("\r\n");
            }
            Self::Attribute(attribute) => attribute.write(out),
            Self::Other(kind, value) => {
                out.push(*kind);
                push(out, &["=", value, "\r\n"]);
            }
        }
    }
}

impl Attribute<'_> {
    fn write(&self, out: &mut String) {
        match &self.value {
            Some(value) => push(out, &["a=", &self.name, ":", value, "\r\n"]),
            None => push(out, &["a=", &self.name, "\r\n"]),
        }
    }
}

impl MediaDescription<'_> {
    fn write(&self, out: &mut String) {
        push(out, &["m=", &self.kind, " "]);
        number(out, self.port);
        if self.port_count != 1 {
            out.push('/');
            number(out, self.port_count);
        }
        push(out, &[" ", &self.protocol]);
        self.formats
            .iter()
            .for_each(|format| push(out, &[" ", format]));
        out.push_str("\r\n");
        self.lines.iter().for_each(|line| line.write(out));
    }
}

fn push(out: &mut String, pieces: &[&str]) {
    pieces.iter().for_each(|piece| out.push_str(piece));
}

/// Writes a number in decimal.
pub(crate) fn number(out: &mut String, number: impl Into<u32>) {
    let mut digits = [0; 10];
    let mut rest = number.into();
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (rest % 10) as u8;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    let digits = digits[start..].iter();
    digits.for_each(|digit| out.push(char::from(*digit)));
}
