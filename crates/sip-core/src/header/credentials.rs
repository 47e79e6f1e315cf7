//! Authorization and Proxy-Authorization (RFC 3261 sections 20.7 and 20.28, RFC 7616 section 3.4).

use std::borrow::Cow;

use bytestring::ByteString;

use super::auth_param;
use super::authentication::{auth_header, scheme_and_params};
use super::{AuthParams, Header, HeaderName, Values};
use crate::{ParseError, token};

mod ext_value;

scheme_and_params! {
    /// The answer to a challenge: a scheme and its parameters, `Digest username="bob", realm="example.com", ...`, or its
    /// `token68` (`Bearer ...`, RFC 8898).
    Credentials
}

impl Credentials {
    /// Who asks. Out of `username*` it comes decoded (RFC 7616 section 3.4); with `userhash` it is the hash.
    pub fn username(&self) -> Option<Cow<'_, str>> {
        match self.params.get("username*") {
            Some(coded) => ext_value::decode(&coded).map(Cow::Owned),
            None => self.params.get("username"),
        }
    }

    /// The URI the response was computed over.
    pub fn uri(&self) -> Option<Cow<'_, str>> {
        self.params.get("uri")
    }

    /// The response, hexadecimal digits.
    pub fn response(&self) -> Option<Cow<'_, str>> {
        self.params.get("response")
    }

    /// The nonce of the client.
    pub fn cnonce(&self) -> Option<Cow<'_, str>> {
        self.params.get("cnonce")
    }

    /// How often the client has used the nonce; `None` when there are no eight hexadecimal digits.
    pub fn nonce_count(&self) -> Option<u32> {
        self.params.nonce_count()
    }

    /// The name of the quality of protection chosen.
    pub fn qop(&self) -> Option<Cow<'_, str>> {
        self.params.get("qop")
    }

    /// These credentials with a parameter more or changed, in quotes or not as RFC 7616 wants it in credentials.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> Credentials {
        let params = self.params.with(name, value);
        Credentials { params, ..self }
    }

    /// These credentials with a user name: as `username`, or as `username*` when it is not ASCII.
    #[must_use]
    pub fn with_username(self, name: &str) -> Credentials {
        match name.bytes().all(|octet| matches!(octet, b' '..=b'~')) {
            true => self.with("username", name),
            false => self.with("username*", &ext_value::encode(name)),
        }
    }

    /// These credentials with the count of the nonce.
    #[must_use]
    pub fn with_nonce_count(self, count: u32) -> Credentials {
        self.with("nc", &format!("{count:08x}"))
    }
}

auth_header! {
    /// Credentials for a server.
    Authorization(Credentials), One
}
auth_header! {
    /// Credentials for a proxy.
    ProxyAuthorization(Credentials), One
}
