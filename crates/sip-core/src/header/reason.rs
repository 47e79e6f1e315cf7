//! Reason (RFC 3326).

use std::borrow::Cow;

use super::grammar::{compared_by_words, parse_number, word_params_header};
use crate::{StatusCode, token, unquote};

word_params_header! {
    /// Why a request was sent: `SIP;cause=200;text="Call completed elsewhere"`.
    Reason, Each,
    /// `SIP`, `Q.850` or another registry.
    protocol, token::is_token
}

compared_by_words!(Reason protocol);

impl Reason {
    /// A SIP status as reason, with its phrase.
    pub fn sip(status: StatusCode) -> Reason {
        Reason::new("SIP")
            .with_param("cause", Some(&status.to_string()))
            .with_param("text", Some(status.reason()))
    }

    /// The number within the registry.
    pub fn cause(&self) -> Option<u32> {
        self.params.get("cause").and_then(parse_number)
    }

    /// The text for people.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        self.params.get("text").map(unquote)
    }
}
