//! Message bodies: octets with a media type, opaque to signalling (RFC 3261 section 7.4).

use bytes::Bytes;
use rvoip_transaction_core::sip_core::{
    ByteString, HeaderName, Request, RequestBuilder, Response, ResponseBuilder,
};

/// The media type of session descriptions.
pub(crate) const SDP: &str = "application/sdp";

/// A message body with its media type; opaque to signalling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// The media type, as in `application/sdp`.
    pub content_type: ByteString,
    /// The octets.
    pub content: Bytes,
}

impl Body {
    /// A body of type `application/sdp`.
    pub fn sdp(content: impl Into<Bytes>) -> Body {
        Body {
            content_type: ByteString::from_static(SDP),
            content: content.into(),
        }
    }

    /// The body of a request, if it has one.
    pub(crate) fn of_request(request: &Request) -> Option<Body> {
        Body::read(
            request.headers().raw(&HeaderName::ContentType),
            request.body(),
        )
    }

    /// The body of a response, if it has one.
    pub(crate) fn of_response(response: &Response) -> Option<Body> {
        Body::read(
            response.headers().raw(&HeaderName::ContentType),
            response.body(),
        )
    }

    fn read(content_type: Option<&str>, content: &Bytes) -> Option<Body> {
        (!content.is_empty()).then(|| Body {
            content_type: match content_type {
                None | Some(SDP) => ByteString::from_static(SDP),
                Some(other) => ByteString::from(other),
            },
            content: content.clone(),
        })
    }

    /// Puts a body into a request, if there is one.
    pub(crate) fn attach(body: Option<&Body>, request: RequestBuilder) -> RequestBuilder {
        match body {
            Some(body) => request.body(&body.content_type, body.content.clone()),
            None => request,
        }
    }

    /// Puts a body into a response, if there is one.
    pub(crate) fn attach_response(
        body: Option<&Body>,
        response: ResponseBuilder,
    ) -> ResponseBuilder {
        match body {
            Some(body) => response.body(&body.content_type, body.content.clone()),
            None => response,
        }
    }
}
