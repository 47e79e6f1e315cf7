//! Accept-Encoding (RFC 3261 section 20.2).

use super::grammar::{compared_by_words, weight, word_params_header};
use crate::token;

word_params_header! {
    /// One content coding that the sender takes: `gzip`, `*`.
    AcceptEncoding, Each,
    /// The coding as it stands, without parameters.
    coding, token::is_token
}

compared_by_words!(AcceptEncoding coding);

impl AcceptEncoding {
    /// Whether the coding is covered.
    pub fn covers(&self, coding: &str) -> bool {
        &*self.coding == "*" || self.coding.eq_ignore_ascii_case(coding)
    }

    /// How much it is liked, in thousandths (parameter `q`); 0 means not at all.
    pub fn weight(&self) -> u16 {
        weight(&self.params)
    }
}
