//! Priority (RFC 3261 section 20.26).

use super::grammar::text_header;
use crate::token;

text_header! {
    /// How urgent the request is to a person: `non-urgent`, `normal`, `urgent`, `emergency`.
    Priority, token::is_token
}

impl Priority {
    /// Whether the priority is this one; priorities compare without regard to case.
    pub fn is(&self, priority: &str) -> bool {
        self.as_str().eq_ignore_ascii_case(priority)
    }
}
