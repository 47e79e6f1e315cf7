//! What the transport layer tells the layer above.

use std::io;
use std::net::SocketAddr;

use rvoip_sip_core::{Defect, Request, Response};

use crate::{Flow, LocateError, LocateId, Target};

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
    /// A peer sees this side under an address that was not known before: told in answer to a
    /// keep-alive in datagrams, or, where learned addresses are used, by a response. Whoever has
    /// registered over the flow takes a change for its failure (RFC 5626 section 4.4.2).
    MappedAddress {
        /// The flow.
        flow: Flow,
        /// The address that the peer sees.
        mapped: SocketAddr,
        /// What it was before.
        previous: Option<SocketAddr>,
    },
    /// A search for servers has ended; comes exactly once for every pending one.
    Located {
        /// The search.
        id: LocateId,
        /// The targets, best first and never none; or why there are none.
        targets: Result<Vec<Target>, LocateError>,
    },
}
