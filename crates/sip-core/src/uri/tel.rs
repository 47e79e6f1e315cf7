//! Reading a `tel` URI (RFC 3966 section 3).

use super::parse::{Kind, Range, UriRef, params_end};
use crate::ParseError;

/// The number counts as user part.
pub(super) fn read_tel(text: &str, start: usize) -> Result<UriRef<'_>, ParseError> {
    let end = text[start..]
        .find(';')
        .map_or(text.len(), |end| start + end);
    let number = &text[start..end];
    let (digits, is_digit): (&str, fn(u8) -> bool) = match number.strip_prefix('+') {
        Some(digits) => (digits, |octet| octet.is_ascii_digit()),
        None => (number, |octet| {
            octet.is_ascii_hexdigit() || matches!(octet, b'*' | b'#')
        }),
    };
    let separators = |octet: u8| matches!(octet, b'-' | b'.' | b'(' | b')');
    if !digits.bytes().any(is_digit)
        || !digits
            .bytes()
            .all(|octet| is_digit(octet) || separators(octet))
    {
        return Err(ParseError::InvalidUri);
    }
    let (user, params) = (Range::new(start, end), Range::new(end, text.len()));
    if params_end(text.as_bytes(), end)? != text.len() {
        return Err(ParseError::InvalidUri);
    }
    Ok(UriRef::without_host(Kind::Tel, Some(user), params))
}
