//! Quoted strings (RFC 3261 section 25.1, `quoted-string`).

use std::borrow::Cow;

/// The offset behind the closing quote in octets that starts behind the opening one.
pub(crate) fn quoted_end(octets: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        match octets.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// The text in quotes, backslashes where they are needed.
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
        }
        quoted.push(character);
    }
    quoted.push('"');
    quoted
}

/// The text of a quoted string without quotes and backslashes; other text as it is.
pub fn unquote(text: &str) -> Cow<'_, str> {
    let Some(inner) = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
    else {
        return Cow::Borrowed(text);
    };
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let mut plain = String::with_capacity(inner.len());
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        plain.extend(if character == '\\' {
            characters.next()
        } else {
            Some(character)
        });
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoting_returns() {
        for text in ["", "a", "a \"b\" \\ c", "äöü"] {
            assert_eq!(unquote(&quote(text)), text);
        }
    }
}
