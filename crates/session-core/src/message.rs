//! Requests of the application beside calls and inside them: MESSAGE, INFO, OPTIONS, PUBLISH and methods of its own.

use std::sync::Arc;

use rvoip_dialog_core::sip_core::{
    ByteString, HeaderName, Method, NameAddr, Request, Response, StatusCode, Uri,
};
use rvoip_dialog_core::{Body, IncomingRequestKey, OutgoingRequest};

use crate::{Result, SessionError, SessionId};

mod send;

/// A request to send, outside calls.
#[derive(Debug, Clone)]
pub struct SipRequest {
    /// MESSAGE, OPTIONS, PUBLISH or a method that this stack does not know.
    pub method: Method,
    /// The URI of the sender, perhaps with a name.
    pub from: String,
    /// The URI of the one that is asked.
    pub to: String,
    /// The URI that the request goes to, when it is not that of `to`.
    pub request_uri: Option<String>,
    /// Proxies that it passes on its way, the nearest first.
    pub route: Vec<String>,
    /// Further headers, in order.
    pub headers: Vec<(HeaderName, String)>,
    /// The media type of the body and the body.
    pub body: Option<(String, Vec<u8>)>,
}

impl SipRequest {
    /// A request without body or further headers.
    pub fn new(method: Method, from: impl Into<String>, to: impl Into<String>) -> Self {
        SipRequest {
            method,
            from: from.into(),
            to: to.into(),
            request_uri: None,
            route: Vec::new(),
            headers: Vec::new(),
            body: None,
        }
    }

    /// With one more header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With a body.
    #[must_use]
    pub fn with_body(mut self, media_type: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some((media_type.into(), body.into()));
        self
    }

    fn into_outgoing(self) -> Result<OutgoingRequest> {
        let local = NameAddr::parse(ByteString::from(&*self.from))
            .map_err(|_| SessionError::InvalidUri(self.from.clone()))?;
        let mut request = OutgoingRequest::new(self.method, local, uri(&self.to)?);
        request.request_uri = self.request_uri.as_deref().map(uri).transpose()?;
        request.route = self
            .route
            .iter()
            .map(|hop| uri(hop))
            .collect::<Result<_>>()?;
        request.headers = lines(self.headers);
        request.body = self.body.map(body);
        Ok(request)
    }
}

fn uri(text: &str) -> Result<Uri> {
    Uri::parse(ByteString::from(text)).map_err(|_| SessionError::InvalidUri(text.to_owned()))
}

fn lines(headers: Vec<(HeaderName, String)>) -> Vec<(HeaderName, ByteString)> {
    let line = |(name, value): (HeaderName, String)| (name, value.into());
    headers.into_iter().map(line).collect()
}

fn body((media_type, content): (String, Vec<u8>)) -> Body {
    Body {
        content_type: media_type.into(),
        content: content.into(),
    }
}

/// The final response to a request, whatever it says.
#[derive(Debug, Clone)]
pub struct SipResponse(Arc<Response>);

impl SipResponse {
    /// The status, 200..=699.
    pub fn status(&self) -> StatusCode {
        self.0.status()
    }

    /// The reason phrase.
    pub fn reason(&self) -> &str {
        self.0.reason_phrase()
    }

    /// Whether the peer did what was asked.
    pub fn is_success(&self) -> bool {
        self.status().is_success()
    }

    /// The first value of a header.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.0.headers().raw(name)
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        self.0.body()
    }
}

/// A request of a peer that the application answers.
#[derive(Debug, Clone)]
pub struct IncomingRequest {
    pub(crate) key: IncomingRequestKey,
    pub(crate) request: Arc<Request>,
    pub(crate) session_id: Option<SessionId>,
    pub(crate) user: Option<String>,
}

impl IncomingRequest {
    /// The method.
    pub fn method(&self) -> &Method {
        self.request.method()
    }

    /// The URI of the sender, as it says.
    pub fn from(&self) -> &str {
        self.request.from_uri().unwrap_or_default()
    }

    /// The URI that was asked.
    pub fn to(&self) -> &str {
        self.request.to_uri().unwrap_or_default()
    }

    /// The call that it is inside of.
    pub fn session_id(&self) -> Option<SessionId> {
        self.session_id
    }

    /// The user that has proven to be the sender, where this side guards a realm.
    pub fn user(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The first value of a header.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.request.headers().raw(name)
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        self.request.body()
    }
}

/// The application's answer to a request of a peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestAnswer {
    /// The final status.
    pub status: StatusCode,
    /// Further headers, in order.
    pub headers: Vec<(HeaderName, String)>,
    /// The media type of the body and the body.
    pub body: Option<(String, Vec<u8>)>,
}

impl RequestAnswer {
    /// An answer without body or further headers.
    pub fn new(status: StatusCode) -> Self {
        RequestAnswer {
            status,
            headers: Vec::new(),
            body: None,
        }
    }

    /// 200.
    pub fn ok() -> Self {
        RequestAnswer::new(StatusCode::OK)
    }

    /// Headers and body in the words of the layer below.
    pub(crate) fn into_parts(self) -> (StatusCode, Vec<(HeaderName, ByteString)>, Option<Body>) {
        (self.status, lines(self.headers), self.body.map(body))
    }
}
