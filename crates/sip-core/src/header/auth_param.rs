//! What challenges, credentials and Authentication-Info are made of: `auth-param` and `token68` (RFC 7235 section 2.1,
//! RFC 3261 section 25.1).

use std::borrow::Cow;

use bytestring::ByteString;

use crate::{ParseError, quote, token, unquote};

mod list;

use list::{DIGEST, is_token68, spans};
pub(super) use list::{checked, checked_params, next_scheme, trimmed};

/// `a=b, c="d"`: parameters with commas between, in the order they stand; or a single `token68`.
///
/// Names compare without regard to case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthParams {
    text: ByteString,
}

impl AuthParams {
    /// No parameters.
    pub const fn new() -> AuthParams {
        AuthParams {
            text: ByteString::new(),
        }
    }

    /// Checks and keeps parameters or a `token68`. Empty elements of the list are let through; blanks may stand around
    /// the equals sign.
    ///
    /// # Errors
    /// [`ParseError::InvalidParams`] when an element is no parameter, or when one that Digest knows stands twice.
    pub fn parse(text: ByteString) -> Result<AuthParams, ParseError> {
        let list = trimmed(&text);
        checked(list).ok_or(ParseError::InvalidParams)?;
        Ok(AuthParams::slice(&text, list))
    }

    /// Keeps a part of shared text that is [`trimmed`] and that [`checked`] takes.
    pub(super) fn slice(shared: &ByteString, text: &str) -> AuthParams {
        AuthParams {
            text: shared.slice_ref(text),
        }
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// All as it stands.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The `token68`, when there is one in the place of parameters.
    pub fn token68(&self) -> Option<&str> {
        is_token68(&self.text).then_some(&*self.text)
    }

    /// Name and value of each parameter, a quoted value still in its quotes.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let text = &*self.text;
        spans(text).map(|span| (&text[span.name], &text[span.value]))
    }

    /// The value of the named parameter as it stands, in its quotes if there are any.
    pub fn raw(&self, name: &str) -> Option<&str> {
        let is_it = |(other, _): &(&str, &str)| other.eq_ignore_ascii_case(name);
        self.iter().find(is_it).map(|(_, value)| value)
    }

    /// The value of the named parameter without quotes.
    pub fn get(&self, name: &str) -> Option<Cow<'_, str>> {
        self.raw(name).map(unquote)
    }

    /// Whether the named parameter says `true`.
    pub(super) fn says_true(&self, name: &str) -> bool {
        self.get(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// The count of a nonce: eight hexadecimal digits.
    pub(super) fn nonce_count(&self) -> Option<u32> {
        let digits = self.get("nc")?;
        let plain = digits.len() == 8 && digits.bytes().all(|octet| octet.is_ascii_hexdigit());
        plain.then(|| u32::from_str_radix(&digits, 16).ok())?
    }

    /// These parameters with one more at the end, or with another value in its place. The parameters of Digest are quoted
    /// as RFC 7616 wants it, others always.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> AuthParams {
        let known = DIGEST
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        let plain = known.is_some_and(|(_, quoted)| !quoted) && token::is_token(value);
        self.with_raw(
            name,
            if plain {
                value.into()
            } else {
                quote(value).into()
            },
        )
    }

    /// As [`AuthParams::with`], always in quotes.
    pub(super) fn with_quoted(&self, name: &str, value: &str) -> AuthParams {
        self.with_raw(name, quote(value).into())
    }

    fn with_raw(&self, name: &str, value: Cow<'_, str>) -> AuthParams {
        let mut text = String::with_capacity(self.text.len() + name.len() + value.len() + 3);
        let mut push = |name: &str, value: &str| {
            if !text.is_empty() {
                text.push_str(", ");
            }
            text.push_str(name);
            text.push('=');
            text.push_str(value);
        };
        let mut found = false;
        for (other, old) in self.iter() {
            let is_it = other.eq_ignore_ascii_case(name);
            push(other, if is_it { &value } else { old });
            found |= is_it;
        }
        if !found {
            push(name, &value);
        }
        AuthParams { text: text.into() }
    }
}

impl std::fmt::Display for AuthParams {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(text: &str) -> Result<AuthParams, ParseError> {
        AuthParams::parse(text.into())
    }

    #[test]
    fn read_without_regard_to_case_quotes_and_blanks() {
        let params = params(r#"Realm = "a, \"b\"",,nonce=x/y= , stale="TRUE","#).unwrap();
        assert_eq!(params.get("REALM").as_deref(), Some("a, \"b\""));
        assert_eq!(params.raw("nonce"), Some("x/y="));
        assert!(params.says_true("stale") && !params.says_true("nonce"));
        assert_eq!((params.iter().count(), params.token68()), (3, None));
    }

    #[test]
    fn a_token68_or_nothing_is_taken() {
        for text in ["YWxhZGRpbg==", "mF_9.B5f-4.1JqM", "a"] {
            assert_eq!(params(text).unwrap().token68(), Some(text));
            assert_eq!(params(text).unwrap().iter().count(), 0);
        }
        assert!(params("").unwrap().is_empty());
    }

    #[test]
    fn what_is_no_parameter_or_stands_twice_is_refused() {
        for text in [
            "a=b c",
            "a=b;c=d",
            "a=\"b",
            "a=\"b\"c",
            "a b",
            "=b",
            "a=,b=c",
            "a=b, c",
            "nonce=a, Nonce=a",
            "a==b",
            "\"a\"",
        ] {
            assert_eq!(params(text), Err(ParseError::InvalidParams), "{text}");
        }
        assert!(params("x=1, x=2").is_ok());
    }

    #[test]
    fn written_with_quotes_where_they_belong() {
        let params = AuthParams::new()
            .with("realm", "a \"b\"")
            .with("nc", "00000001")
            .with("x", "y");
        assert_eq!(params.as_str(), r#"realm="a \"b\"", nc=00000001, x="y""#);
        assert_eq!(
            params.with("NC", "2 3").as_str(),
            r#"realm="a \"b\"", nc="2 3", x="y""#
        );
    }
}
