//! Event and Allow-Events (RFC 6665 section 8.2).

use super::grammar::{list_header, word_params_header};
use crate::token;

word_params_header! {
    /// What a subscription is to: an event package, with its templates behind dots.
    Event, One,
    /// The event type as it stands: `presence`, `presence.winfo`.
    package, token::is_token
}

impl Event {
    /// Which of several subscriptions in one dialog it is.
    pub fn id(&self) -> Option<&str> {
        self.params.get("id")
    }

    /// Whether both are of one subscription: package and `id` are the same to the letter, other parameters do not count
    /// (RFC 6665 section 8.2.1).
    pub fn equivalent(&self, other: &Event) -> bool {
        self.package == other.package && self.id() == other.id()
    }
}

list_header! {
    /// The event packages the sender understands.
    AllowEvents, ',', token::is_token, str::eq
}
