//! Requests (RFC 3261 section 7.1).

use std::ops::Range;

use bytes::Bytes;

use super::Parts;
use super::typed::typed_headers;
use crate::header::{branch_of, cseq, cut_branch};
use crate::name_addr::{tag_of, uri_of};
use crate::{
    Allow, CSeq, CallId, Contact, ContentType, Edit, Expires, From, Header, HeaderMap, MaxForwards,
    Method, ParseError, RecordRoute, RequestBuilder, Require, Route, Supported, To, Uri, Via,
    ViaRef,
};

/// A request; cloning shares its octets.
#[derive(Clone, Debug)]
pub struct Request {
    pub(crate) method: Method,
    /// Where it stands in the head.
    pub(crate) uri: Range<u32>,
    pub(crate) parts: Parts,
}

impl Request {
    /// Starts a new request.
    pub fn builder(method: Method, uri: &Uri) -> RequestBuilder {
        RequestBuilder::new(method, uri)
    }

    /// The method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The Request-URI.
    ///
    /// # Errors
    /// When what stands in its place is no URI.
    pub fn uri(&self) -> Result<Uri, ParseError> {
        Uri::parse(self.headers().head.slice_ref(self.raw_uri()))
    }

    /// What stands in the place of the Request-URI.
    pub fn raw_uri(&self) -> &str {
        &self.headers().head[self.uri.start as usize..self.uri.end as usize]
    }

    /// Max-Forwards.
    ///
    /// # Errors
    /// [`ParseError::InvalidHeader`].
    pub fn max_forwards(&self) -> Result<Option<MaxForwards>, ParseError> {
        self.headers().first()
    }

    fn with_parts(&self, parts: Parts) -> Request {
        Request {
            method: self.method.clone(),
            uri: self.uri.clone(),
            parts,
        }
    }

    /// All Route values from the top.
    pub fn routes(&self) -> impl Iterator<Item = Result<Route, ParseError>> {
        self.headers().all()
    }
}

typed_headers!(Request);
