//! Accept-Language (RFC 3261 section 20.3).

use super::grammar::{compared_by_words, weight, word_params_header};

word_params_header! {
    /// One range of languages that the sender reads: `da`, `en-gb`, `*`.
    AcceptLanguage, Each,
    /// The range as it stands, without parameters.
    range, is_range
}

compared_by_words!(AcceptLanguage range);

impl AcceptLanguage {
    /// Whether the range covers a language tag: it is the same, or its beginning up to a hyphen (RFC 4647 section 3.3.1).
    pub fn covers(&self, tag: &str) -> bool {
        let length = self.range.len();
        let starts = tag
            .get(..length)
            .is_some_and(|start| start.eq_ignore_ascii_case(&self.range));
        &*self.range == "*" || starts && matches!(tag.as_bytes().get(length), None | Some(b'-'))
    }

    /// How much it is liked, in thousandths (parameter `q`); 0 means not at all.
    pub fn weight(&self) -> u16 {
        weight(&self.params)
    }
}

/// `*`, or subtags of at most eight letters and digits with hyphens between.
fn is_range(text: &str) -> bool {
    let is_subtag = |subtag: &str| {
        (1..=8).contains(&subtag.len()) && subtag.bytes().all(|octet| octet.is_ascii_alphanumeric())
    };
    text == "*" || text.split('-').all(is_subtag)
}
