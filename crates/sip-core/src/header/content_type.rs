//! Content-Type (RFC 3261 section 20.15).

use super::grammar::{compared_by_words, word_params_header};
use crate::token;

word_params_header! {
    /// What the body is: `application/sdp`.
    ContentType, One,
    /// Type and subtype as they stand, without parameters.
    media_type, is_media_type
}

compared_by_words!(ContentType media_type);

impl ContentType {
    /// Whether the type and subtype are these, parameters left aside.
    pub fn is(&self, media_type: &str) -> bool {
        self.media_type.eq_ignore_ascii_case(media_type)
    }
}

/// `type/subtype`, each half a token.
pub(super) fn is_media_type(text: &str) -> bool {
    token::find(text, b'/')
        .is_some_and(|slash| token::is_token(&text[..slash]) && token::is_token(&text[slash + 1..]))
}
