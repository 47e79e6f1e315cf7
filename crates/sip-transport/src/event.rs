//! What the transport layer tells the layer above.

use std::io;
use std::net::IpAddr;

use rvoip_sip_core::{Defect, Request, Response};

use crate::{Flow, ResolveId};

/// A fact for the layer above.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum TransportEvent {
    /// A well-formed request arrived; its top Via carries what the packet told
    /// (RFC 3261 section 18.2.1, RFC 3581 section 4).
    Request {
        /// The request.
        request: Request,
        /// The flow it arrived on.
        flow: Flow,
    },
    /// A well-formed response to a request of ours arrived.
    Response {
        /// The response.
        response: Response,
        /// The flow it arrived on.
        flow: Flow,
    },
    /// A request arrived that breaks a rule; it should be answered with the status of the defect.
    Invalid {
        /// The request, as far as it can be read.
        request: Request,
        /// The broken rule and the status it calls for.
        defect: Defect,
        /// The flow it arrived on.
        flow: Flow,
    },
    /// A connection ended, could not be opened, or a datagram could not be delivered. For a
    /// connection it is the last word.
    FlowFailed {
        /// The flow.
        flow: Flow,
        /// Why; [`io::ErrorKind::UnexpectedEof`] when the peer closed in order.
        error: io::ErrorKind,
    },
    /// A name was resolved. Comes exactly once for every question.
    Resolved {
        /// The question.
        query: ResolveId,
        /// The answer; empty when there is none or none came in time.
        addresses: Vec<IpAddr>,
    },
}
