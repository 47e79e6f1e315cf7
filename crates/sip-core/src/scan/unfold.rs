//! Heads that are not what the index expects: folded lines, stray line breaks, text that is not UTF-8.
//!
//! All of it is mended in a copy of the message, place by place, so that no offset changes.

use bytes::{Bytes, BytesMut};
use memchr::memchr;

use super::Scan;
use crate::header::Line;
use crate::token::is_blank;
use crate::{HeaderName, ParseError};

/// A copy of the message in which no line break stands but those that end lines. Where a value is folded it becomes
/// spaces; elsewhere question marks, as a space could make a header of what is none when the copy is read.
pub(super) fn without_line_breaks(octets: &[u8], scan: &Scan) -> Bytes {
    let head = &octets[..scan.head_end];
    let mut copy = BytesMut::from(octets);
    for (at, octet) in copy[..scan.head_end].iter_mut().enumerate() {
        let next = head.get(at + 1).copied();
        let feed = match (*octet, next) {
            (b'\n', _) => at,
            (b'\r', Some(b'\n')) => at + 1,
            (b'\r', _) => {
                *octet = b'?';
                continue;
            }
            _ => continue,
        };
        let is_fold = head.get(feed + 1).copied().is_some_and(is_blank);
        if is_fold && feed > scan.start_line_end + 1 {
            let line = scan
                .lines
                .partition_point(|line| line.value_end as usize <= at);
            let is_in_value = |line: &Line| line.value_start as usize <= at;
            *octet = if scan.lines.get(line).is_some_and(is_in_value) {
                b' '
            } else {
                b'?'
            };
        }
    }
    copy.freeze()
}

/// A copy of the message in which question marks stand for what is not ASCII in the head.
pub(super) fn in_ascii(octets: &[u8], head_end: usize) -> Bytes {
    let mut copy = BytesMut::from(octets);
    for octet in copy[..head_end]
        .iter_mut()
        .filter(|octet| !octet.is_ascii())
    {
        *octet = b'?';
    }
    copy.freeze()
}

/// What is wrong with a head that is not UTF-8: with all of it, or with texts for people alone.
pub(super) fn not_utf8(octets: &[u8], lines: &[Line]) -> ParseError {
    let is_text = |line: &Line| {
        let (start, end) = (line.value_start as usize, line.value_end as usize);
        let text = &octets[start..text_end(octets, line)];
        octets[line.start as usize..start].is_ascii() && octets[start + text.len()..end].is_ascii()
    };
    let start_line_end = lines.first().map_or(0, |line| line.start as usize);
    // The reason phrase of a response is text, a Request-URI is not.
    let is_response = octets.starts_with(b"SIP/");
    if (is_response || octets[..start_line_end].is_ascii()) && lines.iter().all(is_text) {
        ParseError::TextNotUtf8
    } else {
        ParseError::NotUtf8
    }
}

/// Where the text for people ends that a value begins with: at its start when it has none.
fn text_end(octets: &[u8], line: &Line) -> usize {
    let (start, end) = (line.value_start as usize, line.value_end as usize);
    match HeaderName::from_code(line.code) {
        Some(HeaderName::From | HeaderName::To | HeaderName::Contact) => {
            memchr(b'<', &octets[start..end]).map_or(start, |bracket| start + bracket)
        }
        Some(
            HeaderName::Organization
            | HeaderName::Reason
            | HeaderName::Server
            | HeaderName::Subject
            | HeaderName::UserAgent
            | HeaderName::Warning,
        )
        | None => end,
        Some(_) => start,
    }
}
