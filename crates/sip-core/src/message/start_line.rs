//! Request-Line and Status-Line (RFC 3261 sections 7.1 and 7.2).

use std::ops::Range;

use bytes::Bytes;
use bytestring::ByteString;
use memchr::{memchr2, memrchr};

use super::{Message, Parts, Request, Response};
use crate::scan::{self, Index};
use crate::{HeaderMap, HeaderName, Limits, Method, ParseError, StatusCode, token};

const VERSION: &str = "SIP/2.0";
/// What a version of any number starts with.
const PROTOCOL: &str = "SIP/";

pub(super) fn parse(octets: Bytes, limits: &Limits) -> Result<Message, ParseError> {
    let Index {
        octets,
        start_line_end,
        headers,
        flaw,
    } = scan::index(octets, limits)?;
    let (start_line, line_flaw) = start_line(&headers.head, start_line_end)?;
    let (end, length_flaw) = end(octets.len(), &headers);
    let octets = if end == octets.len() {
        octets
    } else {
        octets.slice(..end)
    };
    let body = octets.slice(headers.head.len()..);
    // The start line comes first: another version may have other rules for all the rest.
    let flaw = worse(worse(line_flaw, flaw), length_flaw);
    let parts = Parts {
        octets,
        headers,
        body,
        flaw,
    };
    Ok(match start_line {
        StartLine::Request { method, uri } => Message::Request(Request { method, uri, parts }),
        StartLine::Response { status, reason } => Message::Response(Response {
            status,
            reason,
            parts,
        }),
    })
}

/// The first flaw, unless it is tolerable and the second may not be.
fn worse(first: Option<ParseError>, second: Option<ParseError>) -> Option<ParseError> {
    match (first, second) {
        (Some(first), Some(second)) if first.is_tolerable() => Some(second),
        (first, second) => first.or(second),
    }
}

/// What the first line says; ranges are places in the head.
enum StartLine {
    Request {
        method: Method,
        uri: Range<u32>,
    },
    Response {
        status: StatusCode,
        reason: Range<u32>,
    },
}

/// The start line, and what is wrong with it if it can be told apart all the same.
fn start_line(
    head: &ByteString,
    end: usize,
) -> Result<(StartLine, Option<ParseError>), ParseError> {
    let line = &head[..end];
    let first = token::find(line, b' ').ok_or(ParseError::NotSip)?;
    if starts_with_protocol(line) {
        let second = token::find(&line[first + 1..], b' ').map_or(end, |length| first + 1 + length);
        let status = line[first + 1..second].parse()?;
        let reason = end.min(second + 1) as u32..end as u32;
        return Ok((
            StartLine::Response { status, reason },
            version_flaw(&line[..first]),
        ));
    }
    let last = memrchr(b' ', line.trim_end().as_bytes())
        .filter(|last| *last > first)
        .ok_or(ParseError::NotSip)?;
    let version = &line[last + 1..];
    if !starts_with_protocol(version) {
        return Err(ParseError::NotSip);
    }
    let method = match Method::known(&line[..first]) {
        Some(known) => known,
        None => Method::parse(head.slice_ref(&line[..first]))?,
    };
    let uri = token::trimmed(&line[first + 1..last]);
    let blanks = line[first + 1..]
        .bytes()
        .take_while(|octet| token::is_blank(*octet))
        .count();
    let start = (first + 1 + blanks) as u32;
    let flaw = version_flaw(version.trim_end()).or_else(|| {
        if memchr2(b' ', b'\t', uri.as_bytes()).is_some() {
            return Some(ParseError::RequestLine);
        }
        let padded = uri.len() != last - first - 1 || version.ends_with([' ', '\t']);
        padded.then_some(ParseError::RequestLineBlanks)
    });
    Ok((
        StartLine::Request {
            method,
            uri: start..start + uri.len() as u32,
        },
        flaw,
    ))
}

fn starts_with_protocol(text: &str) -> bool {
    // The usual spelling is much the quicker to compare.
    text.starts_with(PROTOCOL)
        || text
            .get(..PROTOCOL.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(PROTOCOL))
}

fn version_flaw(version: &str) -> Option<ParseError> {
    let is_ours = version == VERSION || version.eq_ignore_ascii_case(VERSION);
    (!is_ours).then_some(ParseError::UnsupportedVersion)
}

/// Where the message ends: where Content-Length says, or with the octets when it says nothing usable.
fn end(available: usize, headers: &HeaderMap) -> (usize, Option<ParseError>) {
    let mut declared = None;
    for value in headers.raw_all(&HeaderName::ContentLength) {
        match (scan::parse_length(value.as_bytes()), declared) {
            (Err(error), _) => return (available, Some(error)),
            (Ok(length), Some(earlier)) if length != earlier => {
                return (
                    available,
                    Some(ParseError::DuplicateHeader(HeaderName::ContentLength)),
                );
            }
            (Ok(length), _) => declared = Some(length),
        }
    }
    let actual = available - headers.head.len();
    match declared {
        Some(declared) if declared > actual => (
            available,
            Some(ParseError::TruncatedBody { declared, actual }),
        ),
        Some(declared) => (headers.head.len() + declared, None),
        None => (available, None),
    }
}
