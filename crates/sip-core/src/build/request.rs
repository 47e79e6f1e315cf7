//! New requests (RFC 3261 section 8.1.1).

use std::ops::Range;

use bytes::Bytes;

use super::{Draft, LENGTH_OCTETS, begin, drafting, finish};
use crate::{Header, HeaderName, MaxForwards, Method, Request, Uri, Via};

/// Writes a new request. Lines stand in the order of the calls, Via always above them, Content-Length always last.
///
/// Line breaks in a value are written as spaces: no value can smuggle in a header.
#[derive(Clone, Debug)]
pub struct RequestBuilder(Box<Draft<Start>>);

#[derive(Clone, Debug)]
struct Start {
    method: Method,
    /// Where it stands in the start line.
    uri: Range<u32>,
}

impl RequestBuilder {
    pub(crate) fn new(method: Method, uri: &Uri) -> RequestBuilder {
        let (name, uri) = (method.as_str(), uri.text_without_headers());
        let lines = begin(|out| {
            for piece in [name, " ", uri, " SIP/2.0"] {
                out.push_str(piece);
            }
        });
        let start = name.len() as u32 + 1;
        let uri = start..start + uri.len() as u32;
        RequestBuilder(Draft::new(Start { method, uri }, lines))
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.0.start.method
    }

    /// The Request-URI: what was given, without its headers.
    pub fn uri(&self) -> &str {
        let Range { start, end } = self.0.start.uri;
        &self.0.lines.text()[start as usize..end as usize]
    }

    /// The length of the request as gathered so far, body included.
    pub fn octets(&self) -> usize {
        self.0.lines.text().len() + LENGTH_OCTETS + self.0.body.len()
    }

    /// Adds a Via above all other lines, those of earlier calls included. May be called last.
    #[must_use]
    pub fn via(mut self, via: &Via) -> RequestBuilder {
        self.0.lines.header(via);
        self.0.lines.raise_last();
        self
    }

    /// Adds Max-Forwards.
    #[must_use]
    #[inline]
    pub fn max_forwards(self, hops: u8) -> RequestBuilder {
        self.header(&MaxForwards(hops))
    }

    /// Writes the request.
    pub fn build(self) -> Request {
        let Draft { start, lines, body } = *self.0;
        let lines = lines.in_order(LENGTH_OCTETS + body.len());
        Request {
            method: start.method,
            uri: start.uri,
            parts: finish(lines, &body),
        }
    }
}

drafting!(RequestBuilder);
