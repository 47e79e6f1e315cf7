//! What the layer tells the transaction user.

use std::io;
use std::net::SocketAddr;

use rvoip_sip_transport::sip_core::{ByteString, Request, Response};
use rvoip_sip_transport::{Flow, LocateError, LocateId, Target};

use crate::key::{ClientKey, ServerKey};

/// A fact about a transaction, or a message that belongs to none.
#[derive(Debug)]
pub enum TransactionEvent {
    /// A new request, never an ACK or a CANCEL; to be answered with
    /// [`respond`](crate::TransactionLayer::respond).
    Request {
        /// The transaction that waits for the answer.
        key: ServerKey,
        /// The request, its top Via stamped with received and rport.
        request: Request,
        /// Where it came from.
        flow: Flow,
    },
    /// An ACK for a 2xx, first or repeated, or one that belongs to nothing.
    Ack {
        /// The ACK.
        request: Request,
        /// Where it came from.
        flow: Flow,
    },
    /// The caller cancelled an INVITE that has no final answer yet. The CANCEL itself is answered; the INVITE wants 487.
    Cancelled {
        /// The INVITE.
        key: ServerKey,
    },
    /// A response to a request of ours; a 2xx to an INVITE comes as often as it is received.
    Response {
        /// The request's transaction.
        key: ClientKey,
        /// The response.
        response: Response,
    },
    /// A response to no transaction: forged, late, or the 2xx of an INVITE long over, which still wants its ACK.
    StrayResponse {
        /// The response.
        response: Response,
        /// Where it came from.
        flow: Flow,
    },
    /// Terminal: no final response came in time (Timer B or F, or 64 T1 after a CANCEL).
    ClientTimedOut {
        /// The transaction that ended.
        key: ClientKey,
    },
    /// Terminal: the network refused the request or the ACK of its refusal.
    ClientTransportFailed {
        /// The transaction that ended.
        key: ClientKey,
        /// What the network said.
        error: io::ErrorKind,
    },
    /// Terminal: the transaction is over and nothing more will come of it.
    ClientTerminated {
        /// The transaction that ended.
        key: ClientKey,
    },
    /// Terminal: the transaction failed before it had done its work.
    ServerFailed {
        /// The transaction that ended.
        key: ServerKey,
        /// What was missing.
        cause: ServerFailure,
    },
    /// Terminal: the transaction is over; the answer is out and its repetitions have been absorbed.
    ServerTerminated {
        /// The transaction that ended.
        key: ServerKey,
    },
    /// A request that gets its Contact here, or that was on its way to a name, goes out, for the first time or to another
    /// server than before.
    Sent {
        /// The request's transaction.
        key: ClientKey,
        /// Where it goes.
        target: Target,
        /// The value of its Contact, when it gets that here.
        contact: Option<ByteString>,
    },
    /// A 2xx of an INVITE that is over for the user: its server was given up and answers after all. Comes as often as it is
    /// received; it wants an ACK, and its dialog a BYE.
    LateSuccess {
        /// The 2xx.
        response: Response,
    },
    /// A host that was looked for has been found, or nobody knows it: the end of a
    /// [`look_up`](crate::TransactionLayer::look_up).
    HostFound {
        /// The search.
        search: LocateId,
        /// Where it is, best first.
        targets: Vec<Target>,
    },
    /// A connection has ended, or a datagram flow does not answer its keep-alives; its transactions have been told.
    FlowFailed {
        /// The flow.
        flow: Flow,
        /// Why.
        error: io::ErrorKind,
    },
    /// A peer sees this side under an address that was not known before (RFC 5626 section 4.4.2).
    MappedAddress {
        /// The flow.
        flow: Flow,
        /// The address that the peer sees.
        mapped: SocketAddr,
        /// What it was before.
        previous: Option<SocketAddr>,
    },
    /// Terminal: no server was found for the request.
    ClientUnlocated {
        /// The transaction that ended.
        key: ClientKey,
        /// Why.
        error: LocateError,
    },
    /// Terminal: the INVITE was cancelled before it had been sent anywhere.
    ClientCancelled {
        /// The transaction that ended.
        key: ClientKey,
    },
}

impl TransactionEvent {
    /// Whether this is the last event of its transaction.
    pub fn is_terminal(&self) -> bool {
        matches!(
            self,
            TransactionEvent::ClientTimedOut { .. }
                | TransactionEvent::ClientTransportFailed { .. }
                | TransactionEvent::ClientTerminated { .. }
                | TransactionEvent::ClientUnlocated { .. }
                | TransactionEvent::ClientCancelled { .. }
                | TransactionEvent::ServerFailed { .. }
                | TransactionEvent::ServerTerminated { .. }
        )
    }
}

/// Why a server transaction failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerFailure {
    /// No ACK came for a final response other than 2xx (Timer H).
    AckMissing,
    /// The transaction user gave no final answer within 64 T1, when the client no longer listens (RFC 4320 section 4.2).
    Unanswered,
    /// The network refused the response.
    Transport(io::ErrorKind),
}
