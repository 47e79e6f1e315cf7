//! Accept-Contact, Reject-Contact and Request-Disposition (RFC 3841 section 9).

use super::grammar::{list_header, word_params_header};
use crate::token;

macro_rules! contact_preference {
    ($(#[$doc:meta])* $type:ident) => {
        word_params_header! {
            $(#[$doc])*
            $type, Each,
            /// `*`: the rule is made of parameters alone.
            rule, |rule| rule == "*"
        }
    };
}

contact_preference! {
    /// The features a contact should have.
    AcceptContact
}
contact_preference! {
    /// The features a contact must not have.
    RejectContact
}
list_header! {
    /// How a server should go about the request: `proxy`, `redirect`, `no-fork`, `parallel`, `queue`.
    RequestDisposition, ',', token::is_token, str::eq_ignore_ascii_case
}

impl AcceptContact {
    /// Whether a contact without these features must not be called (parameter `require`).
    pub fn is_required(&self) -> bool {
        self.params.contains("require")
    }

    /// Whether a contact must have all of these features (parameter `explicit`).
    pub fn is_explicit(&self) -> bool {
        self.params.contains("explicit")
    }
}
