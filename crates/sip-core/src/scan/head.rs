//! What a stream framer asks of a head: where it ends, and how long the body is.

use memchr::{memchr, memchr_iter};

use super::split_line;
use crate::token::is_blank;
use crate::{HeaderName, ParseError};

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
