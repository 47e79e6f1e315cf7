//! WWW-Authenticate and Proxy-Authenticate (RFC 3261 sections 20.44 and 20.27, RFC 7616 section 3.3).

use std::borrow::Cow;

use bytestring::ByteString;

use super::auth_param::{self, next_scheme};
use super::authentication::{auth_header, scheme_and_params};
use super::{AuthParams, Header, HeaderName, Values};
use crate::{ParseError, token};

scheme_and_params! {
    /// What a server or proxy asks for: a scheme and its parameters, `Digest realm="example.com", nonce="..."`.
    Challenge
}

impl Challenge {
    /// A Digest challenge without further parameters.
    pub fn digest(realm: &str, nonce: &str) -> Challenge {
        Challenge::new(
            "Digest",
            AuthParams::new().with("realm", realm).with("nonce", nonce),
        )
    }

    /// The names of the qualities of protection offered; empty when the server knows none (RFC 2069).
    pub fn qop(&self) -> impl Iterator<Item = &str> {
        let names = self.params.raw("qop").unwrap_or("").trim_matches('"');
        names
            .split(',')
            .map(token::trimmed)
            .filter(|name| !name.is_empty())
    }

    /// The URIs this challenge protects besides.
    pub fn domain(&self) -> impl Iterator<Item = &str> {
        let uris = self.params.raw("domain").unwrap_or("").trim_matches('"');
        uris.split_ascii_whitespace()
    }

    /// Whether the credentials were right but for the age of their nonce.
    pub fn is_stale(&self) -> bool {
        self.params.says_true("stale")
    }

    /// The character encoding the server wants; the only one there is, is `UTF-8`.
    pub fn charset(&self) -> Option<Cow<'_, str>> {
        self.params.get("charset")
    }

    /// This challenge with a parameter more or changed, in quotes or not as RFC 7616 wants it in a challenge.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> Challenge {
        let params = match name.eq_ignore_ascii_case("qop") {
            true => self.params.with_quoted(name, value),
            false => self.params.with(name, value),
        };
        Challenge { params, ..self }
    }
}

/// The first of several challenges on a line. A comma that a scheme follows parts two of them; RFC 3261 has one on each
/// line, RFC 7235 section 4.1 several.
fn split_first(line: &str) -> (&str, Option<&str>) {
    match next_scheme(line, 0) {
        Some((comma, next)) => (token::trimmed(&line[..comma]), Some(&line[next..])),
        None => (line, None),
    }
}

auth_header! {
    /// A challenge of a server, in a 401.
    WwwAuthenticate(Challenge), Each, split_first
}
auth_header! {
    /// A challenge of a proxy, in a 407.
    ProxyAuthenticate(Challenge), Each, split_first
}
