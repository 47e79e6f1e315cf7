//! What a strict reader refuses beside: what can be understood but is not in the grammar (RFC 3261 section 25.1).

use memchr::memchr_iter;

use crate::header::{Date, MAGIC_COOKIE, Seen, branch_of, split_first};
use crate::{Header, HeaderMap, HeaderName, NameAddr, ParseError, param, token};

/// Looks once more at the headers of a message that has passed all other checks.
pub(super) fn check(headers: &HeaderMap) -> Result<(), ParseError> {
    let head = headers.head.as_bytes();
    if memchr_iter(b'\n', head).any(|feed| feed == 0 || head[feed - 1] != b'\r') {
        return Err(ParseError::BareLineFeed);
    }
    let mut seen = Seen::default();
    for line in &headers.lines {
        let Some(name) = HeaderName::from_code(line.code) else {
            continue;
        };
        if !seen.insert(line.code) && stands_once(&name) {
            return Err(ParseError::DuplicateHeader(name));
        }
        if !is_strict(&name, line.value(&headers.head)) {
            return Err(ParseError::InvalidHeader(name));
        }
    }
    Ok(())
}

/// Headers that have one value and are not looked at by every reader.
fn stands_once(name: &HeaderName) -> bool {
    matches!(
        name,
        HeaderName::ContentLength
            | HeaderName::ContentDisposition
            | HeaderName::Date
            | HeaderName::Event
            | HeaderName::Expires
            | HeaderName::MimeVersion
            | HeaderName::MinExpires
            | HeaderName::Organization
            | HeaderName::Priority
            | HeaderName::ReplyTo
            | HeaderName::RetryAfter
            | HeaderName::Server
            | HeaderName::Subject
            | HeaderName::Timestamp
            | HeaderName::UserAgent
    )
}

fn is_strict(name: &HeaderName, value: &str) -> bool {
    match name {
        HeaderName::Via => each(value, is_strict_via),
        HeaderName::From | HeaderName::To => NameAddr::is_strict(value),
        HeaderName::Contact => value == "*" || each(value, NameAddr::is_strict),
        HeaderName::Route | HeaderName::RecordRoute => each(value, NameAddr::is_strict),
        HeaderName::CallId => is_strict_call_id(value),
        HeaderName::ContentType => {
            let params = token::find(value, b';').map_or("", |start| &value[start..]);
            param::are_strict(params)
        }
        HeaderName::Date => Date::check(value).is_ok(),
        _ => true,
    }
}

/// Whether every value on a line is.
fn each(line: &str, is_strict: fn(&str) -> bool) -> bool {
    let mut rest = Some(line);
    while let Some(list) = rest {
        let (value, behind) = split_first(list);
        if !is_strict(value) {
            return false;
        }
        rest = behind;
    }
    true
}

/// A branch that is the cookie alone is not unique (RFC 4475 section 3.2.1).
fn is_strict_via(value: &str) -> bool {
    let params = token::find(value, b';').map_or("", |start| &value[start..]);
    let is_cookie_alone = |branch: &str| branch.eq_ignore_ascii_case(MAGIC_COOKIE);
    param::are_strict(params) && !branch_of(value).is_some_and(is_cookie_alone)
}

/// `word` or `word@word`.
fn is_strict_call_id(value: &str) -> bool {
    let is_word = |text: &str| {
        let in_word =
            |octet: u8| token::is_token_octet(octet) || b"()<>:\\\"/[]?{}".contains(&octet);
        !text.is_empty() && text.bytes().all(in_word)
    };
    match value.split_once('@') {
        Some((word, host)) => is_word(word) && is_word(host),
        None => is_word(value),
    }
}
