//! Call-ID (RFC 3261 section 20.8).

use bytestring::ByteString;

use super::{Header, HeaderName, display_by_write};
use crate::ParseError;

/// Names the call; compares octet by octet.
///
/// The grammar has `word` or `word@word`; peers use any visible character, and all of them are taken.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CallId(ByteString);

impl CallId {
    /// An identifier of our own: `word` or `word@word`.
    pub fn new(identifier: impl Into<ByteString>) -> CallId {
        CallId(identifier.into())
    }

    /// The identifier as it stands.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The identifier as shared text.
    pub fn text(&self) -> &ByteString {
        &self.0
    }
}

impl Header for CallId {
    const NAME: HeaderName = HeaderName::CallId;

    fn parse(value: ByteString) -> Result<CallId, ParseError> {
        Self::check(&value).map(|()| CallId(value))
    }

    fn check(value: &str) -> Result<(), ParseError> {
        let visible = !value.is_empty() && value.bytes().all(|octet| octet.is_ascii_graphic());
        if visible {
            Ok(())
        } else {
            Err(ParseError::InvalidHeader(Self::NAME))
        }
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.0);
    }
}

display_by_write!(CallId);
