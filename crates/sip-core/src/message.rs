//! Messages: what came in one piece of octets, indexed and shared.

use bytes::Bytes;

use crate::{HeaderMap, Limits, ParseError, Strictness};

mod check;
mod request;
mod response;
mod start_line;
mod typed;

pub use request::Request;
pub use response::Response;

/// A request or a response.
#[derive(Clone, Debug)]
pub enum Message {
    /// A request.
    Request(Request),
    /// A response.
    Response(Response),
}

/// What requests and responses have in common.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    /// The whole message.
    pub(crate) octets: Bytes,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The first thing that is wrong with the head or the length, for `check`.
    pub(crate) flaw: Option<ParseError>,
}

impl Message {
    /// Indexes a message. Octets behind the end that Content-Length gives are dropped; without Content-Length the body
    /// goes on to the end.
    ///
    /// This is tolerant: it takes any message that can be told apart well enough to be answered. [`Message::check`]
    /// says whether it may be acted upon.
    ///
    /// # Errors
    /// When there is nothing to answer to: no start line that can be told apart, or a cap exceeded.
    pub fn parse(octets: Bytes, limits: &Limits) -> Result<Message, ParseError> {
        start_line::parse(octets, limits)
    }

    /// The header lines.
    pub fn headers(&self) -> &HeaderMap {
        match self {
            Message::Request(request) => request.headers(),
            Message::Response(response) => response.headers(),
        }
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        match self {
            Message::Request(request) => request.body(),
            Message::Response(response) => response.body(),
        }
    }

    /// The first thing that is wrong with the head or the length.
    pub(crate) fn flaw(&self) -> Option<&ParseError> {
        match self {
            Message::Request(request) => request.parts.flaw.as_ref(),
            Message::Response(response) => response.parts.flaw.as_ref(),
        }
    }

    /// The message as it goes over the wire; shared, not copied.
    pub fn to_bytes(&self) -> Bytes {
        match self {
            Message::Request(request) => request.to_bytes(),
            Message::Response(response) => response.to_bytes(),
        }
    }

    /// What [`Request::check`] or [`Response::check`] says.
    ///
    /// # Errors
    /// The first defect.
    pub fn check(&self, strictness: Strictness) -> Result<(), crate::Defect> {
        match self {
            Message::Request(request) => request.check(strictness),
            Message::Response(response) => response.check(strictness),
        }
    }
}
