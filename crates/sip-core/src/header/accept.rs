//! Accept (RFC 3261 section 20.1).

use super::content_type::is_media_type;
use super::grammar::{compared_by_words, weight, word_params_header};

word_params_header! {
    /// One media range that the sender takes: `application/sdp`, `text/*`, `*/*`.
    Accept, Each,
    /// The range as it stands, without parameters.
    range, is_media_type
}

compared_by_words!(Accept range);

impl Accept {
    /// Whether the range covers a media type.
    pub fn covers(&self, media_type: &str) -> bool {
        match self.range.strip_suffix("/*") {
            Some("*") => true,
            Some(kind) => media_type
                .split('/')
                .next()
                .is_some_and(|asked| asked.eq_ignore_ascii_case(kind)),
            None => self.range.eq_ignore_ascii_case(media_type),
        }
    }

    /// How much it is liked, in thousandths (parameter `q`).
    pub fn weight(&self) -> u16 {
        weight(&self.params)
    }
}
