//! What a command to the dialog manager can fail with.

use rvoip_transaction_core::TransactionError;
use rvoip_transaction_core::sip_core::{ByteString, StatusCode};

use crate::CallKey;

/// Why a command was refused. Nothing that a peer does ends here: that is an
/// [`EndCause`](crate::EndCause) in an event.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DialogError {
    /// The key names no call, or one that has ended.
    #[error("no call {0}")]
    NoSuchCall(CallKey),
    /// The call is in a state in which the command has no meaning.
    #[error("call {key} is {state}: it cannot {command}")]
    InvalidState {
        /// The call.
        key: CallKey,
        /// The name of its state.
        state: &'static str,
        /// What was asked for.
        command: &'static str,
    },
    /// The offer/answer rules of RFC 3264 forbid the body now, or demand one.
    #[error("call {key}: {violation}")]
    OfferAnswer {
        /// The call.
        key: CallKey,
        /// The rule.
        violation: crate::offer_answer::Violation,
    },
    /// The status is of the wrong class for the command.
    #[error("status {0} does not fit the command")]
    WrongStatus(StatusCode),
    /// This manager was configured as a server and places no calls.
    #[error("a server places no calls")]
    NotAClient,
    /// As many calls exist as are allowed.
    #[error("the limit of {0} calls is reached")]
    TooManyCalls(usize),
    /// The manager drains: calls in progress go on, new ones are refused.
    #[error("draining: no new calls")]
    Draining,
    /// The URI cannot be called: an unknown scheme, no host, `sips` without a secure transport.
    #[error("cannot send to {0}")]
    Unreachable(ByteString),
    /// The layer below refused the message.
    #[error(transparent)]
    Transaction(#[from] TransactionError),
}
