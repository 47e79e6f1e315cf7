//! What a transaction user can be refused.

use rvoip_sip_transport::sip_core::ParseError;
use rvoip_sip_transport::{LocateError, TransportError};
use thiserror::Error;

/// Why a call into the [`TransactionLayer`](crate::TransactionLayer) did nothing.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TransactionError {
    /// The key names no transaction (any more): caller's misuse, or a transaction that ended in the meantime.
    #[error("the transaction has ended or never existed")]
    Unknown,
    /// The transaction does not allow this in its state, for example a second final response.
    #[error("the transaction is past the state in which this makes sense")]
    WrongState,
    /// CANCEL is for INVITE alone (RFC 3261 section 9.1).
    #[error("only an INVITE can be cancelled")]
    NotCancellable,
    /// An ACK and a CANCEL have ways of their own into this layer.
    #[error("ACK and CANCEL do not begin a client transaction of their own")]
    NotARequestOfItsOwn,
    /// The table is full; nothing was sent.
    #[error("too many transactions")]
    TableFull,
    /// The message lacks what a transaction needs.
    #[error("unusable message: {0}")]
    Message(#[from] ParseError),
    /// The next hop leads to no server.
    #[error(transparent)]
    Locate(#[from] LocateError),
    /// The network could not take the message.
    #[error(transparent)]
    Transport(#[from] TransportError),
}
