//! The one-pass index over a message's head, and the two questions a stream framer asks of it.
//!
//! Lines may end with CRLF, as the grammar wants it, or with LF alone, as some peers send it. A folded line is unfolded by
//! writing spaces over its line breaks, in a copy of the message: nothing behind the index ever sees a line break.

use bytes::Bytes;
use bytestring::ByteString;
use memchr::{memchr, memchr_iter};

use crate::token::is_blank;
use crate::{HeaderMap, HeaderName, Limits, ParseError};

mod head;
mod line_feed;
mod unfold;

use head::{Scan, split_line};

/// Where the head ends: the offset of the first octet behind the blank line, or `None` when it is not there yet.
///
/// Empty lines before the start line must have been skipped.
pub fn find_head_end(octets: &[u8]) -> Option<usize> {
    memchr_iter(b'\n', octets).find_map(|at| match octets[at + 1..] {
        [b'\n', ..] => Some(at + 2),
        [b'\r', b'\n', ..] => Some(at + 3),
        _ => None,
    })
}

/// What the Content-Length lines of a head say, in octets.
///
/// # Errors
/// [`ParseError::InvalidHeader`] when a value is not a number, [`ParseError::DuplicateHeader`] when two differ: the end
/// of the message is unknown then.
pub fn content_length(head: &[u8]) -> Result<Option<usize>, ParseError> {
    let mut length = None;
    let mut at = 0;
    while at < head.len() {
        let end = line_end(head, at);
        if let Some((_, code, value)) = split_line(&head[at..end])
            && HeaderName::ContentLength.code() == Some(code)
        {
            // A folded value goes on in the lines that start with white space.
            let mut value_end = end;
            while head.get(value_end).is_some_and(|octet| is_blank(*octet)) {
                value_end = line_end(head, value_end);
            }
            let next = parse_length(&head[at + value..value_end])?;
            if length.replace(next).is_some_and(|earlier| earlier != next) {
                return Err(ParseError::DuplicateHeader(HeaderName::ContentLength));
            }
        }
        at = end;
    }
    Ok(length)
}

/// The value of a Content-Length in octets.
pub(crate) fn parse_length(value: &[u8]) -> Result<usize, ParseError> {
    let digits = value.trim_ascii();
    let number = std::str::from_utf8(digits)
        .ok()
        .filter(|text| text.bytes().all(|octet| octet.is_ascii_digit()));
    let length = number
        .and_then(|text| text.parse::<u32>().ok())
        .and_then(|length| usize::try_from(length).ok());
    length.ok_or(ParseError::InvalidHeader(HeaderName::ContentLength))
}

/// The offset behind the line that starts at `at`.
fn line_end(octets: &[u8], at: usize) -> usize {
    memchr(b'\n', &octets[at..]).map_or(octets.len(), |feed| at + feed + 1)
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
    let mut scan = Scan::over(&octets, limits)?;
    let stray = memchr_iter(b'\r', &octets[..scan.head_end]).count() != scan.returns;
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
