//! Call-ID (RFC 3261 section 20.8).

use bytestring::ByteString;

use super::{Header, HeaderName, display_by_write};
use crate::{ParseError, token};

/// Names the call; compares octet by octet.
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
        let (word, host) = value.split_once('@').unwrap_or((&value, "host"));
        if token::is_word(word) && token::is_word(host) {
            Ok(CallId(value))
        } else {
            Err(ParseError::InvalidHeader(Self::NAME))
        }
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.0);
    }
}

display_by_write!(CallId);
