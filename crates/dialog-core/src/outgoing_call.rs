//! A call to place, and how.

use rvoip_transaction_core::sip_core::{ByteString, HeaderName, NameAddr, Uri};
use rvoip_transaction_core::sip_transport::Target;

use crate::Body;

/// A call to place.
#[derive(Clone, Debug)]
pub struct OutgoingCall {
    /// Who calls: the From header; its user also goes into the Contact.
    pub local: NameAddr,
    /// Who is called: the To header and the Request-URI.
    pub remote: Uri,
    /// The Request-URI, when it is not the remote URI: where a redirection leads (section 8.1.3.4).
    pub request_uri: Option<Uri>,
    /// Where the INVITE goes when not where the route or the remote URI points.
    pub target: Option<Target>,
    /// A pre-loaded route set (RFC 3261 section 8.1.1.1), the outbound proxy first.
    pub route: Vec<Uri>,
    /// The offer; without one the called party offers and [`ack_answer`](crate::DialogManager::ack_answer) answers.
    pub body: Option<Body>,
    /// Further headers of the INVITE, in order.
    pub headers: Vec<(HeaderName, ByteString)>,
}

impl OutgoingCall {
    /// A call without offer, route or further headers.
    pub fn new(local: NameAddr, remote: Uri) -> OutgoingCall {
        OutgoingCall {
            local,
            remote,
            request_uri: None,
            target: None,
            route: Vec::new(),
            body: None,
            headers: Vec::new(),
        }
    }
}
