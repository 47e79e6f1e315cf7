//! Authentication-Info (RFC 3261 section 20.6, RFC 7615, RFC 7616 section 3.5).

use std::borrow::Cow;

use bytestring::ByteString;

use super::{AuthParams, Header, HeaderName, Values, auth_param, display_by_write};
use crate::ParseError;

/// What a server tells a client whose credentials it has taken: the next nonce, and a proof that it knows the secret too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuthenticationInfo(pub AuthParams);

impl AuthenticationInfo {
    /// The nonce for the next request.
    pub fn next_nonce(&self) -> Option<Cow<'_, str>> {
        self.0.get("nextnonce")
    }

    /// The proof of the server, hexadecimal digits.
    pub fn response_auth(&self) -> Option<Cow<'_, str>> {
        self.0.get("rspauth")
    }

    /// The name of the quality of protection the proof was made with.
    pub fn qop(&self) -> Option<Cow<'_, str>> {
        self.0.get("qop")
    }

    /// The nonce of the client, given back.
    pub fn cnonce(&self) -> Option<Cow<'_, str>> {
        self.0.get("cnonce")
    }

    /// The count of the client's nonce, given back; `None` when there are no eight hexadecimal digits.
    pub fn nonce_count(&self) -> Option<u32> {
        self.0.nonce_count()
    }

    /// The same with a parameter more or changed, in quotes or not as RFC 7616 wants it here.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> AuthenticationInfo {
        AuthenticationInfo(self.0.with(name, value))
    }
}

impl Header for AuthenticationInfo {
    const NAME: HeaderName = HeaderName::AuthenticationInfo;
    const VALUES: Values = Values::Together;

    fn parse(value: ByteString) -> Result<AuthenticationInfo, ParseError> {
        Self::check(&value)
            .map(|()| AuthenticationInfo(AuthParams::slice(&value, auth_param::trimmed(&value))))
    }

    fn check(value: &str) -> Result<(), ParseError> {
        auth_param::checked_params(value).ok_or(ParseError::InvalidHeader(Self::NAME))
    }

    fn write(&self, out: &mut String) {
        out.push_str(self.0.as_str());
    }
}

display_by_write!(AuthenticationInfo);
