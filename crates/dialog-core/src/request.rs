//! Requests that make and change no call: OPTIONS, INFO, MESSAGE, PUBLISH and methods of the application (RFC 3261
//! section 8, RFC 6086, RFC 3428).

use std::fmt;

use rvoip_transaction_core::sip_core::{ByteString, HeaderName, Method, NameAddr, Uri};
use rvoip_transaction_core::sip_transport::Target;
use rvoip_transaction_core::{OwnContact, ServerKey};

use crate::Body;

/// A request to send outside of calls.
#[derive(Clone, Debug)]
pub struct OutgoingRequest {
    /// OPTIONS, MESSAGE, PUBLISH or a method that this stack does not know.
    pub method: Method,
    /// Who asks: the From header.
    pub local: NameAddr,
    /// Who is asked: the To header, and the Request-URI unless that is named.
    pub remote: Uri,
    /// The Request-URI, when it is not the remote URI.
    pub request_uri: Option<Uri>,
    /// Where the request goes when not where the route or the Request-URI points.
    pub target: Option<Target>,
    /// A pre-loaded route set (RFC 3261 section 8.1.1.1), the outbound proxy first.
    pub route: Vec<Uri>,
    /// Further headers, in order.
    pub headers: Vec<(HeaderName, ByteString)>,
    /// The body.
    pub body: Option<Body>,
    /// Puts a Contact of this side in. A MESSAGE must not have one (RFC 3428 section 4).
    pub contact: Option<OwnContact>,
}

impl OutgoingRequest {
    /// A request without body, route, Contact or further headers.
    pub fn new(method: Method, local: NameAddr, remote: Uri) -> OutgoingRequest {
        OutgoingRequest {
            method,
            local,
            remote,
            request_uri: None,
            target: None,
            route: Vec::new(),
            headers: Vec::new(),
            body: None,
            contact: None,
        }
    }
}

/// A request of ours that waits for its final response. No number is used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestKey(pub(crate) u64);

impl fmt::Display for RequestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// A request of a peer that waits for the application's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct IncomingRequestKey(pub(crate) ServerKey);

/// Whether the application may send and serve the method: all others make, change or end a dialog, and belong to this
/// layer.
pub fn is_open(method: &Method) -> bool {
    matches!(
        method,
        Method::Options | Method::Info | Method::Message | Method::Publish | Method::Extension(_)
    )
}

/// Whether the method has a meaning without a dialog (RFC 6086 section 4.2.1 gives INFO none).
pub fn is_free(method: &Method) -> bool {
    is_open(method) && *method != Method::Info
}
