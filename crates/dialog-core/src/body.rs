//! Message bodies: octets with a media type, opaque to signalling (RFC 3261 section 7.4).

use bytes::Bytes;
use rvoip_transaction_core::sip_core::{
    ByteString, Request, RequestBuilder, Response, ResponseBuilder,
};

use crate::out_of_dialog::Refusal;

mod handling;

pub(crate) use handling::ACCEPTED_MULTIPARTS;

/// The media type of session descriptions.
pub(crate) const SDP: &str = "application/sdp";

/// How the media type of every multipart begins.
const MULTIPART: &str = "multipart/";

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

    /// The body of a request, if it has one; of a multipart the session description.
    pub(crate) fn of_request(request: &Request) -> Option<Body> {
        handling::session(request.headers(), request.body())
    }

    /// The body of a request that is for us: its own when its media type is in `accept`, or a part of it.
    ///
    /// # Errors
    /// 415 when there is another that has to be understood, 400 when it cannot be taken apart.
    pub(crate) fn accepted(
        request: &Request,
        accept: &[ByteString],
    ) -> Result<Option<Body>, Refusal> {
        handling::understand(request.headers(), request.body(), accept)
    }

    fn is_multipart(&self) -> bool {
        let start = self.content_type.get(..MULTIPART.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(MULTIPART))
    }

    /// The media type without parameters.
    fn media_type(&self) -> &str {
        let media_type = self.content_type.split(';').next();
        media_type.unwrap_or_default().trim()
    }

    /// The body of a response, if it has one; of a multipart the session description.
    pub(crate) fn of_response(response: &Response) -> Option<Body> {
        handling::session(response.headers(), response.body())
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

    /// A copy that keeps no message alive.
    pub(crate) fn owned(&self) -> Body {
        Body {
            content_type: ByteString::from(&*self.content_type),
            content: Bytes::copy_from_slice(&self.content),
        }
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
