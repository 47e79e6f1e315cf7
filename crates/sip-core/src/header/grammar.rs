//! The grammars that several headers share, and the headers made after them.

use crate::quoted::quoted_end;
use crate::{Params, token};

mod list;
mod name_addr;
mod number;
mod text;
mod word_params;

pub(super) use list::list_header;
pub(super) use name_addr::name_addr_header;
pub(super) use number::{number_header, seconds_header};
pub(super) use text::{display_by_write, text_header};
pub(super) use word_params::{check_word_params, compared_by_words, word_params_header};

/// A run of decimal digits as a number; `None` when it is none or does not fit 32 bits.
pub(crate) fn parse_number(text: &str) -> Option<u32> {
    text.bytes()
        .all(|octet| octet.is_ascii_digit())
        .then(|| text.parse().ok())?
}

/// Cuts `word;params` in two: the word, which may be a quoted string, and all that follows, with its semicolon.
pub(super) fn cut_params(value: &str) -> Option<(&str, &str)> {
    let quoted = match value.strip_prefix('"') {
        Some(inner) => 1 + quoted_end(inner.as_bytes())?,
        None => 0,
    };
    let end = token::find(&value[quoted..], b';').map_or(value.len(), |at| quoted + at);
    let (word, params) = value.split_at(end);
    Some((token::trimmed(word), params))
}

/// What names a call: visible characters.
pub(super) fn is_call_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_graphic())
}

/// The elements of a list that are not empty.
pub(super) fn elements(list: &str, separator: char) -> impl Iterator<Item = &str> {
    list.split(separator)
        .map(token::trimmed)
        .filter(|element| !element.is_empty())
}

/// The weight that parameter `q` gives, in thousandths: 1000 when there is none or it is none (RFC 3261 section 25.1,
/// `qvalue`).
pub(super) fn weight(params: &Params) -> u16 {
    let thousandths = |text: &str| {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let well_formed =
            fraction.len() <= 3 && fraction.bytes().all(|octet| octet.is_ascii_digit());
        let padded = parse_number(&format!("{fraction:0<3}")).filter(|_| well_formed)?;
        match (whole, padded) {
            ("0", thousandths) => u16::try_from(thousandths).ok(),
            ("1", 0) => Some(1000),
            _ => None,
        }
    };
    params.get("q").and_then(thousandths).unwrap_or(1000)
}
