//! The tag of a From or To, found without reading the rest of it.

use crate::quoted::quoted_end;
use crate::{param, token};

/// The tag in the value of a From or To, whatever its URI is.
pub(crate) fn tag_of(text: &str) -> Option<&str> {
    tag_in(params_behind(text)?)
}

/// Whether a From or To has no tag and can carry one, whatever its URI is.
pub(crate) fn takes_tag(text: &str) -> bool {
    params_behind(text).is_some_and(|params| tag_in(params).is_none())
}

fn tag_in(params: &str) -> Option<&str> {
    // Most often it is the only parameter and stands there as it should.
    if let Some(tag) = params.strip_prefix(";tag=")
        && token::value_end(tag.as_bytes(), 0) == tag.len()
        && !tag.is_empty()
    {
        return Some(tag);
    }
    let params = token::trimmed(params).strip_prefix(';')?;
    param::find(params, "tag").filter(|tag| !tag.is_empty())
}

/// What stands behind the address, whatever that is; `None` when a quote or a bracket has no end.
fn params_behind(text: &str) -> Option<&str> {
    let octets = text.as_bytes();
    let name_end = match octets.first() {
        Some(b'"') => 1 + quoted_end(&octets[1..])?,
        _ => 0,
    };
    match token::find(&octets[name_end..], b'<') {
        Some(open) => {
            let address = name_end + open;
            let close = token::find(&octets[address..], b'>')?;
            text.get(address + close + 1..)
        }
        None if name_end > 0 => None,
        None => text.get(token::find(text, b';').unwrap_or(text.len())..),
    }
}
