//! New responses (RFC 3261 section 8.2.6).

use bytes::Bytes;

use super::{Draft, begin, drafting, finish};
use crate::header::{Line, Seen};
use crate::name_addr::takes_tag;
use crate::write::push_number;
use crate::{Header, HeaderMap, HeaderName, Request, Response, StatusCode};

/// What stands before the reason phrase.
const REASON_START: usize = "SIP/2.0 200 ".len();

/// Writes the response to a request. Lines stand in the order of the calls, those copied from the request above them,
/// Content-Length always last.
///
/// Line breaks in a value are written as spaces: no value can smuggle in a header.
#[derive(Clone, Debug)]
pub struct ResponseBuilder(Box<Draft<Start>>);

#[derive(Clone, Debug)]
struct Start {
    status: StatusCode,
    /// Octets of the reason phrase.
    reason: usize,
}

impl ResponseBuilder {
    pub(crate) fn new(request: &Request, status: StatusCode) -> ResponseBuilder {
        let reason = status.reason();
        let mut lines = begin(|out| {
            out.push_str("SIP/2.0 ");
            push_number(out, u64::from(status.code()));
            out.push(' ');
            out.push_str(reason);
        });
        let headers = request.headers();
        lines.copy(&headers.head, repeated(headers, status));
        let reason = reason.len();
        ResponseBuilder(Draft::new(Start { status, reason }, lines))
    }

    /// The status code.
    pub fn status(&self) -> StatusCode {
        self.0.start.status
    }

    /// Sets another reason phrase than the usual one.
    #[must_use]
    pub fn reason_phrase(mut self, reason: &str) -> ResponseBuilder {
        let old = REASON_START..REASON_START + self.0.start.reason;
        self.0.lines.replace(old, &[reason]);
        self.0.start.reason = reason.len();
        self
    }

    /// Adds a tag to To, unless there is one already.
    #[must_use]
    pub fn to_tag(mut self, tag: &str) -> ResponseBuilder {
        let lines = &mut self.0.lines;
        let to = lines
            .lines()
            .iter()
            .find(|line| line.is_named(lines.text(), &HeaderName::To));
        if let Some(to) = to.filter(|to| takes_tag(to.value(lines.text()))) {
            let end = to.value_end as usize;
            lines.replace(end..end, &[";tag=", tag]);
        }
        self
    }

    /// Copies all Record-Route of the request, in their order (RFC 3261 section 12.1.1).
    #[must_use]
    pub fn copy_record_route(mut self, request: &Request) -> ResponseBuilder {
        let headers = request.headers();
        let routes = headers.lines_named(&HeaderName::RecordRoute).copied();
        self.0.lines.copy(&headers.head, routes);
        self
    }

    /// Writes the response.
    pub fn build(self) -> Response {
        let Draft { start, lines, body } = *self.0;
        Response {
            status: start.status,
            reason: REASON_START as u32..(REASON_START + start.reason) as u32,
            parts: finish(lines, &body),
        }
    }
}

/// What a response repeats of the request, in the request's order; of a header that must not stand twice the first.
fn repeated(request: &HeaderMap, status: StatusCode) -> impl Iterator<Item = Line> {
    let mut seen = Seen::default();
    let is_repeated = move |line: &&Line| match HeaderName::from_code(line.code) {
        Some(HeaderName::Via) => true,
        Some(HeaderName::From | HeaderName::To | HeaderName::CallId | HeaderName::CSeq) => {
            seen.insert(line.code)
        }
        Some(HeaderName::Timestamp) => status == StatusCode::TRYING && seen.insert(line.code),
        _ => false,
    };
    request.lines.iter().filter(is_repeated).copied()
}

drafting!(ResponseBuilder);
