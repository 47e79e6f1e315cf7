//! A display name and an address (RFC 3261 section 25.1, `name-addr` and `addr-spec` with parameters).

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use bytestring::ByteString;
use memchr::{memchr, memchr2};

use crate::quoted::quoted_end;
use crate::uri::UriRef;
use crate::{Params, ParseError, Uri, param, quote, token, unquote};

mod tag;

pub(crate) use tag::{tag_of, takes_tag};

/// `"Alice" <sip:alice@example.com>;tag=1`: what From, To, Contact and Route carry.
///
/// Parameters behind an address without angle brackets belong to the header, not to the URI (RFC 3261 section 20.10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameAddr {
    /// As it stands: tokens, or a quoted string in its quotes; empty if there is none.
    display_name: ByteString,
    uri: Uri,
    params: Params,
}

impl NameAddr {
    /// An address without display name and parameters.
    pub fn new(uri: Uri) -> NameAddr {
        NameAddr {
            display_name: ByteString::new(),
            uri,
            params: Params::new(),
        }
    }

    /// Reads one name and address out of shared text.
    ///
    /// # Errors
    /// [`ParseError::InvalidNameAddr`], [`ParseError::InvalidUri`] or [`ParseError::InvalidParams`].
    pub fn parse(text: ByteString) -> Result<NameAddr, ParseError> {
        let spans = NameAddrRef::read(&text)?;
        let params = Params::parse_slice(&text, spans.params)?;
        let uri = Uri::parse(text.slice_ref(spans.uri))?;
        let display_name = match spans.wants_quotes {
            true => quote(spans.display_name).into(),
            false => text.slice_ref(spans.display_name),
        };
        Ok(NameAddr {
            display_name,
            uri,
            params,
        })
    }

    /// Whether [`NameAddr::parse`] takes the text.
    pub(crate) fn check(text: &str) -> Result<(), ParseError> {
        let spans = NameAddrRef::read(text)?;
        param::checked(spans.params)?;
        UriRef::read(spans.uri).map(drop)
    }

    /// Whether a text that [`NameAddr::parse`] takes is one of the grammar.
    pub(crate) fn is_strict(text: &str) -> bool {
        NameAddrRef::read(text).is_ok_and(|spans| {
            !spans.wants_quotes && !spans.is_padded && param::are_strict(spans.params)
        })
    }

    /// The display name without quotes.
    pub fn display_name(&self) -> Option<Cow<'_, str>> {
        if self.display_name.is_empty() {
            None
        } else {
            Some(unquote(&self.display_name))
        }
    }

    /// The address.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The parameters behind the address.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// This address with a display name, put in quotes.
    #[must_use]
    pub fn with_display_name(self, name: &str) -> NameAddr {
        NameAddr {
            display_name: quote(name).into(),
            ..self
        }
    }

    /// This address with one parameter set.
    #[must_use]
    pub fn with_param(self, name: &str, value: Option<&str>) -> NameAddr {
        NameAddr {
            params: self.params.with(name, value),
            ..self
        }
    }

    /// This address without the named parameter.
    #[must_use]
    pub fn without_param(self, name: &str) -> NameAddr {
        NameAddr {
            params: self.params.without(name),
            ..self
        }
    }

    pub(crate) fn write(&self, out: &mut String) {
        if !self.display_name.is_empty() {
            out.push_str(&self.display_name);
            out.push(' ');
        }
        out.push('<');
        out.push_str(self.uri.as_str());
        out.push('>');
        self.params.write(out);
    }
}

/// A name and address as it stands in a text; neither URI nor parameters have been looked at.
struct NameAddrRef<'a> {
    display_name: &'a str,
    uri: &'a str,
    /// With the first semicolon.
    params: &'a str,
    /// Whether the display name has characters that only a quoted one may have.
    wants_quotes: bool,
    /// Whether blanks stand inside the angle brackets.
    is_padded: bool,
}

impl<'a> NameAddrRef<'a> {
    fn read(text: &'a str) -> Result<NameAddrRef<'a>, ParseError> {
        let octets = text.as_bytes();
        let quoted = match octets.first() {
            Some(b'"') => 1 + quoted_end(&octets[1..]).ok_or(ParseError::InvalidNameAddr)?,
            _ => 0,
        };
        let name_end = token::display_end(octets, quoted);
        if octets.get(name_end) == Some(&b'<') {
            Self::read_bracketed(text, name_end)
        } else if quoted > 0 {
            Err(ParseError::InvalidNameAddr)
        } else if let Some(open) = unquoted_end(octets, name_end) {
            let wants_quotes = true;
            let spans = Self::read_bracketed(text, open)?;
            Ok(NameAddrRef {
                wants_quotes,
                ..spans
            })
        } else {
            Self::read_bare(text)
        }
    }

    /// `name <uri>;params`, of which the bracket opens at `open`.
    fn read_bracketed(text: &'a str, open: usize) -> Result<NameAddrRef<'a>, ParseError> {
        let close =
            token::find(&text.as_bytes()[open..], b'>').ok_or(ParseError::InvalidNameAddr)? + open;
        let uri = token::trimmed(&text[open + 1..close]);
        Ok(NameAddrRef {
            display_name: token::trimmed(&text[..open]),
            uri,
            params: &text[close + 1..],
            wants_quotes: false,
            is_padded: uri.len() != close - open - 1,
        })
    }

    /// `uri;params`; a URI with a comma or a question mark must stand in brackets.
    fn read_bare(text: &'a str) -> Result<NameAddrRef<'a>, ParseError> {
        let (uri, params) = text.split_at(token::find(text, b';').unwrap_or(text.len()));
        if memchr2(b',', b'?', uri.as_bytes()).is_some() {
            return Err(ParseError::InvalidNameAddr);
        }
        Ok(NameAddrRef {
            display_name: "",
            uri: token::trimmed(uri),
            params,
            wants_quotes: false,
            is_padded: false,
        })
    }
}

/// Where the bracket opens behind a display name that should stand in quotes, such as `Bell, A. (home) <`. Without quote,
/// colon and semicolon nothing else can be meant.
fn unquoted_end(octets: &[u8], from: usize) -> Option<usize> {
    let open = from + memchr(b'<', &octets[from..])?;
    let is_name = |octet: &u8| !octet.is_ascii_control() && !b"\":;\\>".contains(octet);
    octets[from..open].iter().all(is_name).then_some(open)
}

/// The URI in the value of a From, To or Contact, whatever it is.
pub(crate) fn uri_of(text: &str) -> Option<&str> {
    NameAddrRef::read(text).ok().map(|party| party.uri)
}

impl std::convert::From<Uri> for NameAddr {
    fn from(uri: Uri) -> NameAddr {
        NameAddr::new(uri)
    }
}

impl FromStr for NameAddr {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        NameAddr::parse(ByteString::from(text))
    }
}

impl fmt::Display for NameAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::new();
        self.write(&mut out);
        f.write_str(&out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> NameAddr {
        text.parse().unwrap()
    }

    #[test]
    fn all_forms() {
        let quoted = parse("\"A. <\\\"G.\\\"> Bell\"  <sip:agb@bell.example;x=1>; tag=a48s");
        assert_eq!(quoted.display_name().as_deref(), Some("A. <\"G.\"> Bell"));
        assert_eq!(quoted.uri().param("x"), Some("1"));
        assert_eq!(quoted.params().get("tag"), Some("a48s"));

        let tokens = parse("Anonymous  Caller<sip:c8oqz84zk7z@privacy.example>");
        assert_eq!(tokens.display_name().as_deref(), Some("Anonymous  Caller"));
        assert_eq!(tokens.params(), &Params::new());

        let bare = parse("sip:+12125551212@phone2net.example;tag=887s");
        assert_eq!(
            (bare.uri().param("tag"), bare.params().get("tag")),
            (None, Some("887s"))
        );
        assert_eq!(
            bare.to_string(),
            "<sip:+12125551212@phone2net.example>;tag=887s"
        );

        let instance = parse("sip:a@b.example;+sip.instance=\"<urn:uuid:1>\"");
        assert_eq!(
            instance.params().get("+sip.instance"),
            Some("\"<urn:uuid:1>\"")
        );
        assert_eq!(
            parse("<tel:+1-201-555-0123>").uri().user(),
            Some("+1-201-555-0123")
        );
    }

    #[test]
    fn broken_ones_are_refused() {
        for text in [
            "",
            "<>",
            "\"Mr. J. User <sip:j.user@example.com>",
            "sip:x@y.example;a=<sip:a@b.example>",
            "sip:x@y.example <sip:a@b.example>",
            "Joe \\ <sip:a@b.example>",
            "<sip:a @b.example>",
            "<sip:a@b.example",
            "sip:a@b.example?Route=%3Csip:c.example%3E",
            "sip:a,b@c.example",
            "\"Joe\" <sip:joe@example.org>;;;;",
            "\"Joe\" sip:joe@example.org",
            "Joe sip:joe@example.org",
            "<sip:a@b.example> x",
        ] {
            assert!(text.parse::<NameAddr>().is_err(), "{text}");
        }
    }

    #[test]
    fn names_without_their_quotes_and_blanks_in_brackets_are_let_through() {
        for (text, written) in [
            (
                "Bell, A. (home) <sip:a@b.example>;tag=1",
                "\"Bell, A. (home)\" <sip:a@b.example>;tag=1",
            ),
            (
                "a@b.example <sip:a@b.example>",
                "\"a@b.example\" <sip:a@b.example>",
            ),
            ("< sip:a@b.example >;x", "<sip:a@b.example>;x"),
        ] {
            assert_eq!(parse(text).to_string(), written);
            assert!(!NameAddr::is_strict(text), "{text}");
            assert!(NameAddr::is_strict(written), "{written}");
        }
    }

    #[test]
    fn display_names_are_quoted() {
        let named = parse("sip:a@b.example").with_display_name("a \"b\" \\");
        assert_eq!(
            parse(&named.to_string()).display_name().as_deref(),
            Some("a \"b\" \\")
        );
    }
}
