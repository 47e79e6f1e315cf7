//! Content-Disposition (RFC 3261 section 20.11).

use super::grammar::{compared_by_words, word_params_header};
use crate::token;

word_params_header! {
    /// What the body is for: `session`, `render`, `icon`, `alert`, `early-session`.
    ContentDisposition, One,
    /// The type as it stands, without parameters.
    disposition, token::is_token
}

compared_by_words!(ContentDisposition disposition);

impl ContentDisposition {
    /// Whether the type is this one, parameters left aside.
    pub fn is(&self, disposition: &str) -> bool {
        self.disposition.eq_ignore_ascii_case(disposition)
    }

    /// Whether a receiver that does not know the body's type may pass it over (parameter `handling`).
    pub fn is_optional(&self) -> bool {
        self.params
            .get("handling")
            .is_some_and(|handling| handling.eq_ignore_ascii_case("optional"))
    }
}
