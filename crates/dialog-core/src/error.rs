//! What a command to the dialog manager can fail with.

use rvoip_transaction_core::TransactionError;
use rvoip_transaction_core::sip_core::{ByteString, Method, StatusCode};

use crate::publication::PublicationKey;
use crate::registration::RegistrationKey;
use crate::{CallKey, SubscriptionKey};

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
    /// The method belongs to a dialog or to this layer, and is not for the application to send so.
    #[error("{0} is not sent by the application")]
    Method(Method),
    /// The key names no request that waits for an answer.
    #[error("no such request waits")]
    NoSuchRequest,
    /// As many requests wait for an answer as are allowed.
    #[error("the limit of {0} requests is reached")]
    TooManyRequests(usize),
    /// The key names no subscription, or one that has ended.
    #[error("no subscription {0}")]
    NoSuchSubscription(SubscriptionKey),
    /// The subscription is in a state in which the command has no meaning.
    #[error("subscription {key} is {state}: it cannot {command}")]
    InvalidSubscription {
        /// The subscription.
        key: SubscriptionKey,
        /// The name of its state.
        state: &'static str,
        /// What was asked for.
        command: &'static str,
    },
    /// As many subscriptions exist as are allowed, in all or in one dialog.
    #[error("the limit of {0} subscriptions is reached")]
    TooManySubscriptions(usize),
    /// The peer has not answered the notifications before.
    #[error("subscription {0}: too many notifications wait")]
    TooManyNotifications(SubscriptionKey),
    /// The key names no registration, or one that has ended.
    #[error("no registration {0}")]
    NoSuchRegistration(RegistrationKey),
    /// The key names no publication, or one that has ended.
    #[error("no publication {0}")]
    NoSuchPublication(PublicationKey),
    /// As many registrations and publications exist as are allowed.
    #[error("the limit of {0} registrations and publications is reached")]
    TooManyRegistrations(usize),
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
