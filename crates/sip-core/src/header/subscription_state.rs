//! Subscription-State (RFC 6665 section 8.2.3).

use super::grammar::{parse_number, word_params_header};
use crate::token;

word_params_header! {
    /// Where a subscription stands, in a NOTIFY.
    SubscriptionState, One,
    /// The state as it stands.
    text, token::is_token
}

/// The states a subscription may be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Substate {
    /// Accepted and authorized.
    Active,
    /// Received, not yet authorized.
    Pending,
    /// Over.
    Terminated,
    /// A state of an extension; to be treated as active.
    Extension,
}

impl SubscriptionState {
    /// The state.
    pub fn substate(&self) -> Substate {
        [
            ("active", Substate::Active),
            ("pending", Substate::Pending),
            ("terminated", Substate::Terminated),
        ]
        .into_iter()
        .find(|(name, _)| self.text.eq_ignore_ascii_case(name))
        .map_or(Substate::Extension, |(_, substate)| substate)
    }

    /// Why it is over: `deactivated`, `probation`, `rejected`, `timeout`, `giveup`, `noresource`, `invariant`.
    pub fn reason(&self) -> Option<&str> {
        self.params.get("reason")
    }

    /// How long it still lasts, in seconds.
    pub fn expires(&self) -> Option<u32> {
        self.params.get("expires").and_then(parse_number)
    }

    /// When to subscribe again, in seconds from now.
    pub fn retry_after(&self) -> Option<u32> {
        self.params.get("retry-after").and_then(parse_number)
    }
}
