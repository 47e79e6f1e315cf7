//! The one-pass index over a message's head.
//!
//! Lines may end with CRLF, as the grammar wants it, or with LF alone, as some peers send it. A folded line is unfolded by
//! writing spaces over its line breaks, in a copy of the message: nothing behind the index ever sees a line break.

use bytes::Bytes;
use bytestring::ByteString;
use memchr::memchr2;

use crate::header::{Line, lookup};
use crate::token::is_blank;
use crate::{HeaderMap, Limits, ParseError, token};

mod head;
mod unfold;

pub(crate) use head::parse_length;
pub use head::{content_length, find_head_end};

const USUAL_LINES: usize = 24;

/// The length of the name, its code and the place of the value in a header line.
#[inline]
fn split_line(line: &[u8]) -> Option<(usize, u8, usize)> {
    let colon = token::find(line, b':')?;
    let name_len = line[..colon].iter().rposition(|octet| !is_blank(*octet))? + 1;
    let name = &line[..name_len];
    match lookup(name) {
        Some(code) => Some((name_len, code, colon + 1)),
        None => name
            .iter()
            .all(|octet| token::is_token_octet(*octet))
            .then_some((name_len, Line::UNKNOWN, colon + 1)),
    }
}

/// A message cut into its parts.
pub(crate) struct Index {
    /// From the start line on.
    pub(crate) octets: Bytes,
    /// Behind the start line, without its line end.
    pub(crate) start_line_end: usize,
    pub(crate) headers: HeaderMap,
    pub(crate) flaw: Option<ParseError>,
}

/// What one pass over the head finds.
struct Scan {
    lines: Vec<Line>,
    start_line_end: usize,
    head_end: usize,
    /// Whether a carriage return stands elsewhere than before a line feed.
    stray: bool,
    folded: bool,
    flaw: Option<ParseError>,
}

/// Indexes the head of a message.
pub(crate) fn index(octets: Bytes, limits: &Limits) -> Result<Index, ParseError> {
    let limit = limits.max_message_octets.min(u32::MAX as usize);
    if octets.len() > limit {
        return Err(ParseError::MessageTooLarge { limit });
    }
    let skip = octets
        .iter()
        .take_while(|octet| matches!(octet, b'\r' | b'\n'))
        .count();
    let mut octets = if skip == 0 {
        octets
    } else {
        octets.slice(skip..)
    };
    if octets.is_empty() {
        return Err(ParseError::NotSip);
    }
    let mut scan = scan(&octets, limits)?;
    let stray = scan.stray;
    if stray {
        scan.flaw.get_or_insert(ParseError::StrayLineBreak);
    }
    if scan.folded || stray {
        octets = unfold::without_line_breaks(&octets, &scan);
    }
    let head = ByteString::try_from(octets.slice(..scan.head_end)).or_else(|_| {
        scan.flaw
            .get_or_insert_with(|| unfold::not_utf8(&octets, &scan.lines));
        octets = unfold::in_ascii(&octets, scan.head_end);
        ByteString::try_from(octets.slice(..scan.head_end)).map_err(|_| ParseError::NotUtf8)
    })?;
    let (start_line_end, mut headers) = (
        scan.start_line_end,
        HeaderMap {
            head,
            lines: scan.lines,
        },
    );
    if scan.folded || stray {
        headers.trim_values();
    }
    Ok(Index {
        octets,
        start_line_end,
        headers,
        flaw: scan.flaw,
    })
}

fn scan(octets: &[u8], limits: &Limits) -> Result<Scan, ParseError> {
    let head_limit = limits.max_head_octets;
    let mut rest = Rest {
        window: &octets[..octets.len().min(head_limit)],
        too_large: (octets.len() > head_limit)
            .then_some(ParseError::HeadTooLarge { limit: head_limit }),
        stray: false,
    };
    let (start_line_end, mut at) = rest.line_end(0)?;
    let mut scan = Scan {
        lines: Vec::with_capacity(USUAL_LINES),
        start_line_end,
        head_end: 0,
        stray: false,
        folded: false,
        flaw: None,
    };
    // Whether a folded line has a line to belong to.
    let mut open = false;
    loop {
        let (content_end, end) = rest.line_end(at)?;
        let line = &rest.window[at..content_end];
        match line.first() {
            None => {
                scan.head_end = end;
                if end == content_end {
                    scan.flaw.get_or_insert(ParseError::HeadWithoutEnd);
                }
                scan.stray = rest.stray;
                return Ok(scan);
            }
            Some(octet) if is_blank(*octet) => {
                scan.folded = true;
                match scan.lines.last_mut() {
                    Some(line) if open => line.value_end = content_end as u32,
                    _ => _ = scan.flaw.get_or_insert(ParseError::HeaderLine),
                }
            }
            Some(_) => match header_line(line, at) {
                Some(_) if scan.lines.len() == limits.max_header_lines => {
                    return Err(ParseError::TooManyHeaderLines {
                        limit: limits.max_header_lines,
                    });
                }
                Some(line) => {
                    scan.lines.push(line);
                    open = true;
                }
                None => {
                    scan.flaw.get_or_insert(ParseError::HeaderLine);
                    open = false;
                }
            },
        }
        at = end;
    }
}

/// What the lines are cut from.
struct Rest<'a> {
    window: &'a [u8],
    /// What is wrong when the head does not end in the window.
    too_large: Option<ParseError>,
    /// Whether a carriage return stands elsewhere than before a line feed.
    stray: bool,
}

impl Rest<'_> {
    /// Where what stands on the line that starts at `at` ends, and where the next line starts: at the same place when the
    /// last line has no end.
    #[inline]
    fn line_end(&mut self, at: usize) -> Result<(usize, usize), ParseError> {
        let mut from = at;
        while let Some(length) = memchr2(b'\r', b'\n', &self.window[from..]) {
            let found = from + length;
            match self.window[found..] {
                [b'\n', ..] => return Ok((found, found + 1)),
                [_, b'\n', ..] => return Ok((found, found + 2)),
                _ => self.stray = true,
            }
            from = found + 1;
        }
        match self.too_large.take() {
            Some(error) => Err(error),
            None => Ok((self.window.len(), self.window.len())),
        }
    }
}

/// The places of a line that starts at `start`.
#[inline]
fn header_line(line: &[u8], start: usize) -> Option<Line> {
    let (name_len, code, behind) = split_line(line)?;
    let value_start = token::blanks_end(line, behind);
    let mut value_end = line.len();
    while value_end > value_start && is_blank(line[value_end - 1]) {
        value_end -= 1;
    }
    Some(Line {
        start: start as u32,
        value_start: (start + value_start) as u32,
        value_end: (start + value_end) as u32,
        name_len: u16::try_from(name_len).ok()?,
        code,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HeaderName;

    #[test]
    fn a_name_is_a_token_with_blanks_behind_it_at_most() {
        let code = |line: &str| split_line(line.as_bytes()).map(|(_, code, _)| code);
        assert_eq!(
            split_line(b"v \t: x"),
            Some((1, HeaderName::Via.code().unwrap(), 4))
        );
        assert_eq!(split_line(b"X-A:"), Some((3, Line::UNKNOWN, 4)));
        for line in ["", "x", ":", ": x", " : x", "a b: x", "a\u{e4}: x", "@: x"] {
            assert_eq!(code(line), None, "{line}");
        }
    }
}
