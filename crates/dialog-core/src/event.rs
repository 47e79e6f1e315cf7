//! What dialog-core tells the session above it, and what that session hands down.

use std::io;
use std::sync::Arc;

use rvoip_transaction_core::sip_core::{
    ByteString, HeaderName, NameAddr, Request, StatusCode, Uri,
};
use rvoip_transaction_core::sip_transport::{Flow, LocateError, Target};

use crate::{Body, CallKey};

/// A call to place.
#[derive(Clone, Debug)]
pub struct OutgoingCall {
    /// Who calls: the From header; its user also goes into the Contact.
    pub local: NameAddr,
    /// Who is called: the To header and the Request-URI.
    pub remote: Uri,
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
            target: None,
            route: Vec::new(),
            body: None,
            headers: Vec::new(),
        }
    }
}

/// Facts about calls. [`Ended`](Self::Ended) comes exactly once per call and is its last event.
#[derive(Debug)]
#[non_exhaustive]
pub enum SessionCoordinationEvent {
    /// Somebody calls; answer with `provisional`, `accept` or `reject`.
    IncomingCall {
        /// The new call.
        key: CallKey,
        /// The INVITE.
        request: Arc<Request>,
        /// Where it came from.
        flow: Flow,
        /// The offer, if the INVITE carries one; without one `accept` takes our offer.
        body: Option<Body>,
    },
    /// A provisional response to our INVITE.
    Progress {
        /// The call.
        key: CallKey,
        /// 101..=199.
        status: StatusCode,
        /// The body, when the response carries one: a preview of the answer.
        body: Option<Body>,
    },
    /// Our INVITE was answered with a 2xx. The ACK has been sent, unless the body is an offer that waits for
    /// [`ack_answer`](crate::DialogManager::ack_answer): see `offer`.
    Answered {
        /// The call.
        key: CallKey,
        /// The answer, or the offer when ours carried none.
        body: Option<Body>,
        /// The body is an offer and wants an answer.
        offer: bool,
    },
    /// The ACK of the call that we accepted has arrived.
    Confirmed {
        /// The call.
        key: CallKey,
        /// The answer, when our 2xx carried the offer.
        body: Option<Body>,
    },
    /// The peer changes the session (re-INVITE); answer with `answer_offer` or `refuse_offer`.
    Offer {
        /// The call.
        key: CallKey,
        /// The new offer; `None` asks us to offer in `answer_offer`.
        body: Option<Body>,
    },
    /// The answer to an offer of ours inside the call: to a re-INVITE, or in the ACK of one.
    Answer {
        /// The call.
        key: CallKey,
        /// The answer.
        body: Option<Body>,
    },
    /// The peer refused our re-INVITE; the session stays as it was.
    OfferRefused {
        /// The call.
        key: CallKey,
        /// Why; 408 when there was no answer, 491 when both sides offered at once.
        status: StatusCode,
    },
    /// The re-INVITE of an [`Offer`](Self::Offer) waits no longer: the peer took it back, or nobody answered it in time.
    OfferWithdrawn {
        /// The call.
        key: CallKey,
    },
    /// The call is over and its key is void.
    Ended {
        /// The call.
        key: CallKey,
        /// Why.
        cause: EndCause,
    },
}

/// Why a call ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EndCause {
    /// We hung up.
    LocalBye,
    /// The peer hung up.
    RemoteBye,
    /// The caller gave up before the answer.
    Cancelled,
    /// The peer refused our call.
    Rejected {
        /// The final status, 300..=699.
        status: StatusCode,
        /// The reason phrase of the response.
        reason: ByteString,
    },
    /// We refused the peer's call.
    Refused {
        /// The final status, 300..=699.
        status: StatusCode,
    },
    /// It rang for too long.
    NoAnswer,
    /// The peer did not answer our INVITE at all.
    TimedOut,
    /// No server of the peer's domain was found: its name does not exist, or the name servers are silent.
    Unlocated {
        /// What was missing.
        error: LocateError,
    },
    /// Nothing could be sent to the peer.
    TransportFailed {
        /// What the socket said.
        error: io::ErrorKind,
    },
    /// The ACK of our 2xx never came.
    AckTimeout,
    /// The dialog is gone at the peer: 481 or 408 inside the call.
    DialogLost {
        /// The status that said so.
        status: StatusCode,
    },
}

/// Why the user ends a call; chooses the status of a call not yet answered and the Reason header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TerminateCause {
    /// The user hangs up; an incoming call is declined with 603.
    Normal,
    /// Nobody answered in time: 480, ends as [`EndCause::NoAnswer`].
    NoAnswer,
    /// The program stops: 503.
    Shutdown,
    /// No agreement on media: 488.
    MediaFailed,
}
