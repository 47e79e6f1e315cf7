//! URIs: `sip`, `sips`, `tel` and whatever else may stand where a URI stands (RFC 3261 section 19.1, RFC 3966).

use std::fmt;
use std::str::FromStr;

use bytestring::ByteString;

use crate::{Host, ParseError};

mod build;
mod compare;
mod escape;
mod parse;
mod tel;

pub(crate) use parse::UriRef;
use parse::{Kind, Layout};

/// The scheme of a URI. Schemes compare without regard to case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme<'a> {
    /// `sip`.
    Sip,
    /// `sips`.
    Sips,
    /// `tel`.
    Tel,
    /// Any other, as it stands.
    Other(&'a str),
}

/// A URI over shared text; cloning shares it.
///
/// `==` compares the text. Whether two URIs mean the same is told by [`Uri::equivalent`].
#[derive(Clone)]
pub struct Uri {
    text: ByteString,
    host: Option<Host>,
    port: Option<u16>,
    layout: Layout,
}

/// The headers of a SIP URI (`?a=b&c=d`), still escaped.
#[derive(Clone, Copy, Debug)]
pub struct UriHeaders<'a>(&'a str);

impl<'a> UriHeaders<'a> {
    /// Name and value of each.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0
            .split('&')
            .map(|header| header.split_once('=').unwrap_or((header, "")))
    }
}

impl Uri {
    /// The URI as it stands.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The scheme.
    pub fn scheme(&self) -> Scheme<'_> {
        match self.layout.kind {
            Kind::Sip => Scheme::Sip,
            Kind::Sips => Scheme::Sips,
            Kind::Tel => Scheme::Tel,
            Kind::Other => {
                Scheme::Other(self.text.split_once(':').map_or("", |(scheme, _)| scheme))
            }
        }
    }

    /// Whether the scheme is `sips`.
    pub fn is_sips(&self) -> bool {
        self.layout.kind == Kind::Sips
    }

    /// The user part, still escaped; of a `tel` URI the number.
    pub fn user(&self) -> Option<&str> {
        self.layout.user.map(|range| range.of(&self.text))
    }

    /// The user part with its escapes resolved; `None` without user part or when it is not UTF-8.
    pub fn user_unescaped(&self) -> Option<String> {
        String::from_utf8(escape::unescape(self.user()?)).ok()
    }

    /// The password, still escaped.
    pub fn password(&self) -> Option<&str> {
        self.layout.password.map(|range| range.of(&self.text))
    }

    /// The host of a `sip` or `sips` URI.
    pub fn host(&self) -> Option<&Host> {
        self.host.as_ref()
    }

    /// The port, if one is written.
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// Name and value of each URI parameter, still escaped.
    pub fn params(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let params = self.layout.params.of(&self.text);
        params
            .split(';')
            .filter(|param| !param.is_empty())
            .map(|param| match param.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (param, None),
            })
    }

    /// The value of the named URI parameter, still escaped; of a parameter without value the empty string. The name
    /// compares without regard to case and to escapes.
    pub fn param(&self, name: &str) -> Option<&str> {
        let mut params = self.params();
        params
            .find(|(other, _)| escape::same_text(other, name, true))
            .map(|(_, value)| value.unwrap_or(""))
    }

    /// The headers, if there are any.
    pub fn headers(&self) -> Option<UriHeaders<'_>> {
        self.layout
            .headers
            .map(|range| UriHeaders(range.of(&self.text)))
    }
}

impl PartialEq for Uri {
    fn eq(&self, other: &Uri) -> bool {
        self.text == other.text
    }
}

impl Eq for Uri {}

impl std::hash::Hash for Uri {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl FromStr for Uri {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Uri::parse(ByteString::from(text))
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uri({})", self.text)
    }
}

#[cfg(test)]
mod tests;
