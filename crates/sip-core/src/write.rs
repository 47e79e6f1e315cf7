//! Header lines on their way into a message: written into one buffer and indexed while they are written.

use bytes::Bytes;
use bytestring::ByteString;
use memchr::memchr2;

use crate::header::Line;
use crate::message::Parts;
use crate::{Header, HeaderMap, HeaderName, ParseError, token};

/// Room for the lines that are added to a usual message.
const USUAL_OCTETS: usize = 384;
const USUAL_LINES: usize = 12;

/// Written lines and their index.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lines {
    text: String,
    lines: Vec<Line>,
}

impl Lines {
    /// An empty buffer with room.
    pub(crate) fn with_capacity(octets: usize, lines: usize) -> Lines {
        Lines {
            text: String::with_capacity(octets),
            lines: Vec::with_capacity(lines),
        }
    }

    /// A buffer with room that begins with a start line.
    pub(crate) fn with_start_line(
        octets: usize,
        lines: usize,
        write: impl FnOnce(&mut String),
    ) -> Lines {
        let mut started = Lines::with_capacity(octets, lines);
        write(&mut started.text);
        blank_line_breaks(&mut started.text, 0);
        started.text.push_str("\r\n");
        started
    }

    pub(crate) fn len(&self) -> usize {
        self.text.len()
    }

    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// The text that the places of the lines point into.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Writes one line and says where. A name that is no token is left out with its value; line breaks become spaces.
    pub(crate) fn line(
        &mut self,
        name: &HeaderName,
        write: impl FnOnce(&mut String),
    ) -> Option<Line> {
        if matches!(name, HeaderName::Other(text) if !token::is_token(text)) {
            return None;
        }
        if self.text.capacity() == 0 {
            *self = Lines::with_capacity(USUAL_OCTETS, USUAL_LINES);
        }
        let start = self.text.len();
        self.text.push_str(name.as_str());
        self.text.push_str(": ");
        let from = self.text.len();
        write(&mut self.text);
        blank_line_breaks(&mut self.text, from);
        self.text
            .truncate(self.text.trim_end_matches([' ', '\t']).len().max(from));
        let value = &self.text[from..];
        let value_start = from + value.len() - value.trim_start_matches([' ', '\t']).len();
        let line = Line {
            start: start as u32,
            value_start: value_start as u32,
            value_end: self.text.len() as u32,
            name_len: u16::try_from(name.as_str().len()).unwrap_or(u16::MAX),
            code: name.code().unwrap_or(Line::UNKNOWN),
        };
        self.lines.push(line);
        self.text.push_str("\r\n");
        Some(line)
    }

    pub(crate) fn header<H: Header>(&mut self, header: &H) {
        self.line(&H::NAME, |out| header.write(out));
    }

    /// Writes a line as it stands in another text.
    pub(crate) fn copy(&mut self, text: &str, line: &Line) {
        let start = self.text.len();
        self.text
            .push_str(&text[line.start as usize..line.value_end as usize]);
        self.text.push_str("\r\n");
        self.lines.push(line.moved_to(start as u32));
    }

    /// Writes all lines of another buffer.
    pub(crate) fn append(&mut self, other: &Lines) {
        let shift = self.text.len() as u32;
        self.text.push_str(&other.text);
        self.lines.extend(
            other
                .lines
                .iter()
                .map(|line| line.moved_to(line.start + shift)),
        );
    }

    /// Ends the head and adds the body.
    pub(crate) fn finish(mut self, body: &Bytes, flaw: Option<ParseError>) -> Parts {
        self.text.push_str("\r\n");
        let head_end = self.text.len();
        let mut octets = self.text.into_bytes();
        octets.extend_from_slice(body);
        let octets = Bytes::from(octets);
        // The head was a string: it is UTF-8.
        let head = ByteString::try_from(octets.slice(..head_end)).unwrap_or_default();
        let body = octets.slice(head_end..);
        Parts {
            octets,
            headers: HeaderMap {
                head,
                lines: self.lines,
            },
            body,
            flaw,
        }
    }
}

/// Puts spaces in the place of line breaks, so that no value smuggles in a header.
fn blank_line_breaks(text: &mut String, from: usize) {
    if memchr2(b'\r', b'\n', &text.as_bytes()[from..]).is_some() {
        let plain = text[from..].replace(['\r', '\n'], " ");
        text.replace_range(from.., &plain);
    }
}

/// Writes a number in decimal.
pub(crate) fn push_number(out: &mut String, number: u64) {
    if number >= 10 {
        push_number(out, number / 10);
    }
    out.push(char::from(b'0' + (number % 10) as u8));
}
