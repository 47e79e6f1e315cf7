//! New responses (RFC 3261 section 8.2.6).

use bytes::Bytes;

use super::{Draft, drafting};
use crate::header::Seen;
use crate::name_addr::takes_tag;
use crate::write::{Lines, push_number};
use crate::{Header, HeaderName, Request, Response, StatusCode};

/// Writes the response to a request. Lines stand in the order of the calls, those copied from the request above them,
/// Content-Length always last.
///
/// Line breaks in a value are written as spaces: no value can smuggle in a header.
#[derive(Clone, Debug)]
pub struct ResponseBuilder {
    request: Request,
    status: StatusCode,
    reason: Option<String>,
    to_tag: Option<String>,
    draft: Draft,
}

impl ResponseBuilder {
    pub(crate) fn new(request: &Request, status: StatusCode) -> ResponseBuilder {
        ResponseBuilder {
            request: request.clone(),
            status,
            reason: None,
            to_tag: None,
            draft: Draft::default(),
        }
    }

    /// The status code.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Sets another reason phrase than the usual one.
    #[must_use]
    pub fn reason_phrase(mut self, reason: &str) -> ResponseBuilder {
        self.reason = Some(reason.to_owned());
        self
    }

    /// Adds a tag to To, unless the request has one there already.
    #[must_use]
    pub fn to_tag(mut self, tag: &str) -> ResponseBuilder {
        self.to_tag = Some(tag.to_owned());
        self
    }

    /// Copies all Record-Route of the request, in their order (RFC 3261 section 12.1.1).
    #[must_use]
    pub fn copy_record_route(mut self, request: &Request) -> ResponseBuilder {
        for value in request.headers().raw_all(&HeaderName::RecordRoute) {
            self.draft.raw(&HeaderName::RecordRoute, value);
        }
        self
    }

    /// Writes the response.
    pub fn build(&self) -> Response {
        let reason = self.reason.as_deref().unwrap_or(self.status.reason());
        let (octets, count) = self.draft.size();
        let request = self.request.headers();
        // More than is copied of the request, which goes into one buffer all the same.
        let octets = octets
            + reason.len()
            + request.head.len()
            + self.to_tag.as_ref().map_or(0, String::len);
        let mut lines = Lines::with_start_line(octets, count + request.len(), |out| {
            out.push_str("SIP/2.0 ");
            push_number(out, u64::from(self.status.code()));
            out.push(' ');
            out.push_str(reason);
        });
        self.copy_into(&mut lines);
        let parts = self.draft.finish(lines);
        let reason_start = "SIP/2.0 200 ".len() as u32;
        Response {
            status: self.status,
            reason: reason_start..reason_start + reason.len() as u32,
            parts,
        }
    }

    /// What the response repeats of the request, in the request's order; of a header that must not stand twice the
    /// first.
    fn copy_into(&self, lines: &mut Lines) {
        let request = self.request.headers();
        let mut seen = Seen::default();
        for line in &request.lines {
            let value = line.value(&request.head);
            match HeaderName::from_code(line.code) {
                Some(HeaderName::Via) => {}
                Some(HeaderName::From | HeaderName::To | HeaderName::CallId | HeaderName::CSeq)
                    if seen.insert(line.code) => {}
                Some(HeaderName::Timestamp)
                    if self.status == StatusCode::TRYING && seen.insert(line.code) => {}
                _ => continue,
            }
            let is_to = HeaderName::To.code() == Some(line.code);
            match self.to_tag.as_deref() {
                Some(tag) if is_to && takes_tag(value) => {
                    lines.line(&HeaderName::To, |out| {
                        for piece in [value, ";tag=", tag] {
                            out.push_str(piece);
                        }
                    });
                }
                _ => lines.copy(&request.head, line),
            }
        }
    }
}

drafting!(ResponseBuilder);
