//! Header lines on their way into a message: written into one buffer and indexed while they are written.

use std::ops::Range;

use bytes::Bytes;
use bytestring::ByteString;

use crate::header::Line;
use crate::message::Parts;
use crate::{Header, HeaderMap, HeaderName, ParseError, token};

mod digits;

pub(crate) use digits::push_number;

const LINE_END: &str = "\r\n";

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

    /// The text that the places of the lines point into.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Writes a start line; it comes before all header lines.
    #[inline]
    pub(crate) fn start_line(&mut self, write: impl FnOnce(&mut String)) {
        write(&mut self.text);
        self.text.push_str(LINE_END);
    }

    /// Writes one line. A name that is no token is left out with its value. Line breaks in the value become spaces when the
    /// message is finished.
    #[inline]
    pub(crate) fn line(&mut self, name: &HeaderName, write: impl FnOnce(&mut String)) {
        if matches!(name, HeaderName::Other(text) if !token::is_token(text)) {
            return;
        }
        let start = self.text.len();
        let title = name.as_str();
        self.text.push_str(title);
        self.text.push_str(": ");
        write(&mut self.text);
        let code = name.code().unwrap_or(Line::UNKNOWN);
        self.end_line(start, title.len(), code);
    }

    #[inline]
    pub(crate) fn header<H: Header>(&mut self, header: &H) {
        self.line(&H::NAME, |out| header.write(out));
    }

    /// Ends the line that starts at `start`, and notes where it stands. Blanks around the value are none of it.
    fn end_line(&mut self, start: usize, name_len: usize, code: u8) {
        let from = start + name_len + ": ".len();
        while self.text.len() > from
            && self
                .text
                .as_bytes()
                .last()
                .is_some_and(|last| token::is_blank(*last))
        {
            self.text.pop();
        }
        self.lines.push(Line {
            start: start as u32,
            value_start: token::blanks_end(self.text.as_bytes(), from) as u32,
            value_end: self.text.len() as u32,
            name_len: u16::try_from(name_len).unwrap_or(u16::MAX),
            code,
        });
        self.text.push_str(LINE_END);
    }

    /// Puts the line that was written last above all other header lines. Its text stays where it is until they are put
    /// [in order](Lines::in_order).
    pub(crate) fn raise_last(&mut self) {
        self.lines.rotate_right(1);
    }

    /// The same lines, their text in their order, with room for more.
    pub(crate) fn in_order(mut self, more_octets: usize) -> Lines {
        if self.lines.is_sorted_by_key(|line| line.start) {
            return self;
        }
        let mut text = String::with_capacity(self.text.len() + more_octets);
        let first = self.lines.iter().map(|line| line.start as usize).min();
        text.push_str(&self.text[..first.unwrap_or(self.text.len())]);
        carry_over(&mut self.lines, &self.text, &mut text);
        Lines { text, ..self }
    }

    /// Puts pieces of text into the place of a part of what is written.
    pub(crate) fn replace(&mut self, part: Range<usize>, pieces: &[&str]) {
        let (start, end) = (part.start as u32, part.end as u32);
        let length: usize = pieces.iter().map(|piece| piece.len()).sum();
        let moved = |place: u32| place - end + start + length as u32;
        for line in &mut self.lines {
            if line.start >= end {
                *line = line.moved_to(moved(line.start));
            } else if line.value_end >= end {
                line.value_end = moved(line.value_end);
            }
        }
        if start < end {
            self.text.replace_range(part.clone(), "");
        }
        for piece in pieces.iter().rev() {
            self.text.insert_str(part.start, piece);
        }
    }

    /// Writes lines as they stand in another text.
    pub(crate) fn copy(&mut self, text: &str, lines: impl Iterator<Item = Line>) {
        let old = self.lines.len();
        self.lines.extend(lines);
        carry_over(&mut self.lines[old..], text, &mut self.text);
    }

    /// Ends the head and adds the body.
    pub(crate) fn finish(mut self, body: &Bytes, flaw: Option<ParseError>) -> Parts {
        let is_mended = self.mend_line_breaks();
        let head_end = self.text.len() + LINE_END.len();
        let octets = head_end + body.len();
        if self.text.capacity() < octets {
            // Into new memory at once: growing in place is more than a copy for most allocators.
            let mut text = String::with_capacity(octets);
            text.push_str(&self.text);
            self.text = text;
        }
        self.text.push_str(LINE_END);
        let (head, octets) = if body.is_empty() {
            let head = ByteString::from(self.text);
            (head.clone(), head.into_bytes())
        } else {
            let mut octets = self.text.into_bytes();
            octets.extend_from_slice(body);
            let octets = Bytes::from(octets);
            // The head was a string: it is UTF-8.
            let head = ByteString::try_from(octets.slice(..head_end)).unwrap_or_default();
            (head, octets)
        };
        let mut headers = HeaderMap {
            head,
            lines: self.lines,
        };
        if is_mended {
            headers.trim_values();
        }
        Parts {
            body: octets.slice(head_end..),
            octets,
            headers,
            flaw,
        }
    }

    /// Puts spaces in the place of line breaks inside of lines, so that no value smuggles in a header. Says whether there
    /// were any: if so, there are more than the lines have ends.
    fn mend_line_breaks(&mut self) -> bool {
        let first = self
            .lines
            .first()
            .map_or(self.text.len(), |line| line.start as usize);
        let ends = self.lines.len() + usize::from(first > 0);
        if line_breaks(self.text.as_bytes()) == ends * LINE_END.len() {
            return false;
        }
        let mut octets = std::mem::take(&mut self.text).into_bytes();
        let start_line = 0..first.saturating_sub(LINE_END.len());
        let lines = self.lines.iter();
        let lines = lines.map(|line| line.start as usize..line.value_end as usize);
        for line in std::iter::once(start_line).chain(lines) {
            for octet in &mut octets[line] {
                if matches!(octet, b'\r' | b'\n') {
                    *octet = b' ';
                }
            }
        }
        // One ASCII character for another: it is as good UTF-8 as before.
        self.text = String::from_utf8(octets).unwrap_or_default();
        true
    }
}

/// Copies the text of lines, and notes where it stands now; those that follow one another are copied together.
fn carry_over(lines: &mut [Line], from: &str, to: &mut String) {
    let follows = |line: &Line, next: &Line| {
        let between = line.value_end as usize..next.start as usize;
        from.as_bytes().get(between) == Some(LINE_END.as_bytes())
    };
    for run in lines.chunk_by_mut(follows) {
        let (start, place) = (run[0].start, to.len() as u32);
        let end = run[run.len() - 1].value_end;
        to.push_str(&from[start as usize..end as usize]);
        to.push_str(LINE_END);
        for line in run {
            *line = line.moved_to(line.start - start + place);
        }
    }
}

/// How many carriage returns and line feeds there are.
fn line_breaks(text: &[u8]) -> usize {
    const BLOCK_OCTETS: usize = 32;
    let is_one = |octet: u8| u8::from(matches!(octet, b'\r' | b'\n'));
    let (blocks, rest) = text.as_chunks::<BLOCK_OCTETS>();
    // Counted side by side, each place of a block in an octet of its own: so many blocks at a time as one can count.
    let in_blocks = blocks.chunks(usize::from(u8::MAX)).map(|blocks| {
        let mut counts = [0; BLOCK_OCTETS];
        for block in blocks {
            for (count, octet) in counts.iter_mut().zip(block) {
                *count += is_one(*octet);
            }
        }
        counts.into_iter().map(usize::from).sum::<usize>()
    });
    let in_rest = rest.iter().map(|octet| usize::from(is_one(*octet)));
    in_blocks.sum::<usize>() + in_rest.sum::<usize>()
}
