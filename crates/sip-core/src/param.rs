//! Parameters of header values (RFC 3261 section 25.1, `generic-param`).

use std::fmt;
use std::ops::Range;

use bytestring::ByteString;

use crate::quoted::{quote, quoted_end};
use crate::{ParseError, token};

/// `a=b;c`: the parameters behind a header value, in the order they stand, without the first semicolon.
///
/// Names compare without regard to case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params {
    text: ByteString,
}

impl Params {
    /// No parameters.
    pub const fn new() -> Params {
        Params {
            text: ByteString::new(),
        }
    }

    /// Checks and keeps the parameters that follow a value; `text` is empty or starts with a semicolon.
    ///
    /// # Errors
    /// [`ParseError::InvalidParams`] when a parameter is empty, has no token as name or no token, host or quoted string
    /// as value.
    pub fn parse(text: ByteString) -> Result<Params, ParseError> {
        Params::parse_slice(&text, &text)
    }

    /// Checks and keeps a part of shared text.
    pub(crate) fn parse_slice(shared: &ByteString, text: &str) -> Result<Params, ParseError> {
        Ok(Params {
            text: shared.slice_ref(checked(text)?),
        })
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The parameters as they stand, without the first semicolon.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Name and value of each parameter, a quoted value still in its quotes.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        spans(&self.text).map(|span| (&self.text[span.name.clone()], span.value(&self.text)))
    }

    /// The value of the named parameter as it stands; of a parameter without value the empty string.
    pub fn get(&self, name: &str) -> Option<&str> {
        find(&self.text, name)
    }

    /// Whether the named parameter is there, with or without value.
    pub fn contains(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// These parameters with one of them set: in its place if it was there, else at the end. A value that is no token
    /// is put in quotes.
    #[must_use]
    pub fn with(&self, name: &str, value: Option<&str>) -> Params {
        self.with_each([(name, value)])
    }

    /// These parameters with some of them set, as [`with`](Self::with) does one by one.
    pub(crate) fn with_each<const N: usize>(&self, set: [(&str, Option<&str>); N]) -> Params {
        let mut text = String::with_capacity(self.text.len() + 64);
        let mut left = set.map(Some);
        for (other, old) in self.iter() {
            let place = set
                .iter()
                .position(|(name, _)| other.eq_ignore_ascii_case(name));
            let param = place.map_or(Some((other, old)), |place| left[place].take());
            if let Some((name, value)) = param {
                Written(name, value).push(&mut text);
            }
        }
        for (name, value) in left.into_iter().flatten() {
            Written(name, value).push(&mut text);
        }
        Params { text: text.into() }
    }

    /// These parameters without the named one.
    #[must_use]
    pub fn without(&self, name: &str) -> Params {
        let mut text = String::with_capacity(self.text.len());
        for (other, value) in self
            .iter()
            .filter(|(other, _)| !other.eq_ignore_ascii_case(name))
        {
            Written(other, value).push(&mut text);
        }
        Params { text: text.into() }
    }

    pub(crate) fn write(&self, out: &mut String) {
        if !self.text.is_empty() {
            out.push(';');
            out.push_str(&self.text);
        }
    }
}

impl fmt::Display for Params {
    /// With the semicolon in front of each.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.text.is_empty() {
            Ok(())
        } else {
            write!(f, ";{}", self.text)
        }
    }
}

/// Name and value of a parameter on their way into a list.
struct Written<'a>(&'a str, Option<&'a str>);

impl Written<'_> {
    fn push(&self, list: &mut String) {
        if !list.is_empty() {
            list.push(';');
        }
        list.push_str(self.0);
        match self.1 {
            None => {}
            Some(value) if is_value(value) => {
                list.push('=');
                list.push_str(value);
            }
            Some(value) => {
                list.push('=');
                list.push_str(&quote(value));
            }
        }
    }
}

/// Where one parameter stands.
struct Span {
    name: Range<usize>,
    value: Option<Range<usize>>,
    /// Behind the parameter and the blanks after it: at the next semicolon.
    end: usize,
}

impl Span {
    /// The parameter that starts at `from`, behind its semicolon; `None` when there is none.
    #[inline(always)]
    fn read(octets: &[u8], from: usize) -> Option<Span> {
        let start = token::blanks_end(octets, from);
        let name = start..token::token_end(octets, start);
        if name.is_empty() {
            return None;
        }
        let mut end = token::blanks_end(octets, name.end);
        let mut value = None;
        if octets.get(end) == Some(&b'=') {
            let start = token::blanks_end(octets, end + 1);
            let range = start..value_end(octets, start)?;
            if range.is_empty() {
                return None;
            }
            end = token::blanks_end(octets, range.end);
            value = Some(range);
        }
        Some(Span { name, value, end })
    }

    fn value(self, text: &str) -> Option<&str> {
        self.value.map(|value| &text[value])
    }
}

/// The parameters in a text that is empty or starts with a semicolon, without that semicolon and blanks around them.
pub(crate) fn checked(text: &str) -> Result<&str, ParseError> {
    if text.is_empty() {
        return Ok(text);
    }
    let octets = text.as_bytes();
    let first = token::blanks_end(octets, 0);
    let mut at = first;
    while let Some(octet) = octets.get(at) {
        if *octet != b';' {
            return Err(ParseError::InvalidParams);
        }
        match Span::read(octets, at + 1) {
            Some(span) => at = span.end,
            // A semicolon with nothing behind it is sent by too many to be an error.
            None if token::blanks_end(octets, at + 1) == octets.len() => {
                return Ok(text.get(first + 1..at).map_or("", token::trimmed));
            }
            None => return Err(ParseError::InvalidParams),
        }
    }
    Ok(text.get(first + 1..).map_or("", token::trimmed))
}

/// Whether parameters that are fit for use are those of the grammar: none is empty, and each value is a token, a host or
/// a quoted string.
pub(crate) fn are_strict(text: &str) -> bool {
    let text = token::trimmed(text);
    let listed = text.strip_prefix(';').unwrap_or(text);
    !text.ends_with(';')
        && spans(listed).all(|span| {
            let value = span.value(listed).unwrap_or("");
            value.starts_with('"') || token::is_host_or_token(value)
        })
}

/// The parameters in a text without a semicolon in front, up to the first that is none.
fn spans(text: &str) -> impl Iterator<Item = Span> {
    let octets = text.as_bytes();
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let span = Span::read(octets, next?)?;
        next = (octets.get(span.end) == Some(&b';')).then_some(span.end + 1);
        Some(span)
    })
}

/// Name and value of each parameter in a text that is empty or starts with a semicolon.
pub(crate) fn listed(text: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let text = token::trimmed(text);
    let text = text.strip_prefix(';').unwrap_or(text);
    spans(text).map(|span| (&text[span.name.clone()], span.value(text)))
}

/// The value of the named parameter in a text without a semicolon in front.
pub(crate) fn find<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let is_it = |span: &Span| {
        let other = &text[span.name.clone()];
        // The usual spelling is much the quicker to compare.
        other == name || other.eq_ignore_ascii_case(name)
    };
    let span = spans(text).find(is_it)?;
    Some(span.value(text).unwrap_or(""))
}

/// Where the quoted string or the plain text ends that starts at `from`.
#[inline]
fn value_end(octets: &[u8], from: usize) -> Option<usize> {
    match octets.get(from) {
        Some(b'"') => quoted_end(&octets[from + 1..]).map(|length| from + 1 + length),
        _ => Some(token::value_end(octets, from)),
    }
}

/// Whether a text can stand behind the equals sign as it is.
fn is_value(text: &str) -> bool {
    !text.is_empty() && value_end(text.as_bytes(), 0) == Some(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unquote;

    fn params(text: &'static str) -> Result<Params, ParseError> {
        Params::parse(ByteString::from_static(text))
    }

    #[test]
    fn found_without_regard_to_case() {
        let params = params("; Tag = a1;lr ;text=\"a;b\\\"c\"").unwrap();
        assert_eq!(params.get("tag"), Some("a1"));
        assert_eq!(params.get("LR"), Some(""));
        assert_eq!(params.get("text").map(unquote).as_deref(), Some("a;b\"c"));
        assert_eq!(params.iter().count(), 3);
        assert!(!params.contains("b"));
    }

    #[test]
    fn empty_and_broken_ones_are_refused() {
        assert!(params("").unwrap().is_empty());
        for text in [
            ";;",
            ";;a",
            ";a;;",
            ";a;;b",
            ";a=",
            ";=b",
            ";a=\"b",
            ";a=\"b\"c",
            "a",
            ";a b",
            ";a=b c",
            ";a=b,c",
        ] {
            assert_eq!(params(text), Err(ParseError::InvalidParams), "{text}");
        }
    }

    #[test]
    fn the_last_may_have_a_semicolon_behind_it() {
        let params = params(";a=1;b ; ").unwrap();
        assert_eq!(params.with("c", None).to_string(), ";a=1;b;c");
        for (text, strict) in [
            (";a=1;b", true),
            ("", true),
            (";a=[::1]:5060;b=\"=\"", true),
            (";a=1;", false),
            (" ; ", false),
            (";tag=YWJj==", false),
        ] {
            assert_eq!(are_strict(checked_whole(text)), strict, "{text}");
        }
    }

    /// The text, when it can be used.
    fn checked_whole(text: &str) -> &str {
        checked(text).unwrap();
        text
    }

    #[test]
    fn changed_in_place() {
        let params = params(";a=1;b;c=\"x y\"").unwrap();
        assert_eq!(
            params.with("B", Some("2")).to_string(),
            ";a=1;B=2;c=\"x y\""
        );
        assert_eq!(params.with("d", None).to_string(), ";a=1;b;c=\"x y\";d");
        assert_eq!(
            params
                .with("c", Some("p\"q"))
                .get("c")
                .map(unquote)
                .as_deref(),
            Some("p\"q")
        );
        assert_eq!(params.without("A").to_string(), ";b;c=\"x y\"");
        assert_eq!(
            params.without("a").without("b").without("c").to_string(),
            ""
        );
    }
}
