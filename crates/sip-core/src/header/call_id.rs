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
        // To the end whatever comes: that is done many octets at a time.
        let all_visible = |all: bool, octet: u8| all & octet.is_ascii_graphic();
        let visible = !value.is_empty() && value.bytes().fold(true, all_visible);
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
