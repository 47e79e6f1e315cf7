//! Request-Line and Status-Line (RFC 3261 sections 7.1 and 7.2).

use bytes::Bytes;

use super::{Message, Parts, Request, Response};
use crate::scan::{self, Index};
use crate::{HeaderMap, HeaderName, Limits, Method, ParseError};

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
    let (body, length_flaw) = body(&octets, &headers);
    let head = headers.head.clone();
    let octets = octets.slice(..head.len() + body.len());
    let mut parts = Parts {
        octets,
        headers,
        body,
        flaw: flaw.or(length_flaw),
    };
    let line = &head[..start_line_end];
    if starts_with_protocol(line) {
        let (version, rest) = line.split_once(' ').ok_or(ParseError::NotSip)?;
        let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        let status = code.parse()?;
        let reason_start = start_line_end - reason.len();
        check_version(version, &mut parts.flaw);
        return Ok(Message::Response(Response {
            status,
            reason: reason_start as u32..start_line_end as u32,
            parts,
        }));
    }
    let (method, rest) = line.split_once(' ').ok_or(ParseError::NotSip)?;
    let (uri, version) = rest.trim_end().rsplit_once(' ').ok_or(ParseError::NotSip)?;
    if !starts_with_protocol(version) {
        return Err(ParseError::NotSip);
    }
    let uri_start = method.len() + 1 + (uri.len() - uri.trim_start().len());
    let uri_end = uri_start + uri.trim().len();
    let method = Method::known(method).map_or_else(|| Method::parse(head.slice_ref(method)), Ok)?;
    check_version(version, &mut parts.flaw);
    if uri.len() + 1 + version.len() != rest.len() || uri.contains([' ', '\t']) {
        parts.flaw.get_or_insert(ParseError::RequestLine);
    }
    Ok(Message::Request(Request {
        method,
        uri: uri_start as u32..uri_end as u32,
        parts,
    }))
}

fn starts_with_protocol(text: &str) -> bool {
    text.get(..PROTOCOL.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(PROTOCOL))
}

fn check_version(version: &str, flaw: &mut Option<ParseError>) {
    if !version.eq_ignore_ascii_case(VERSION) {
        // Says more than any other flaw: another version may have other rules.
        *flaw = Some(ParseError::UnsupportedVersion);
    }
}

/// The body as long as Content-Length says, or all there is when it says nothing usable.
fn body(octets: &Bytes, headers: &HeaderMap) -> (Bytes, Option<ParseError>) {
    let available = octets.slice(headers.head.len()..);
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
    match declared {
        Some(declared) if declared > available.len() => {
            let flaw = ParseError::TruncatedBody {
                declared,
                actual: available.len(),
            };
            (available, Some(flaw))
        }
        Some(declared) => (available.slice(..declared), None),
        None => (available, None),
    }
}
