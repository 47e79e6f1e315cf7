//! Responses (RFC 3261 section 7.2).

use std::ops::Range;

use bytes::Bytes;

use super::Parts;
use super::typed::typed_headers;
use crate::header::{branch_of, cseq, cut_branch};
use crate::name_addr::{tag_of, uri_of};
use crate::{
    Allow, CSeq, CallId, Contact, ContentType, Edit, Expires, From, Header, HeaderMap, ParseError,
    RecordRoute, Request, Require, ResponseBuilder, StatusCode, Supported, To, Via, ViaRef,
};

/// A response; cloning shares its octets.
#[derive(Clone, Debug)]
pub struct Response {
    pub(crate) status: StatusCode,
    /// Where it stands in the head.
    pub(crate) reason: Range<u32>,
    pub(crate) parts: Parts,
}

impl Response {
    /// Starts the response to a request: all Via, From, To, Call-ID and CSeq are copied as they stand (RFC 3261 section
    /// 8.2.6.2). The request need not have passed [`Request::check`].
    pub fn builder_for(request: &Request, status: StatusCode) -> ResponseBuilder {
        ResponseBuilder::new(request, status)
    }

    fn with_parts(&self, parts: Parts) -> Response {
        Response {
            status: self.status,
            reason: self.reason.clone(),
            parts,
        }
    }

    /// The status code.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The reason phrase as it stands, may be empty.
    pub fn reason_phrase(&self) -> &str {
        &self.headers().head[self.reason.start as usize..self.reason.end as usize]
    }
}

typed_headers!(Response);
