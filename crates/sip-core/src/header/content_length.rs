//! Content-Length (RFC 3261 section 20.14).

use bytestring::ByteString;

use super::{Header, HeaderName, display_by_write, parse_number};
use crate::ParseError;
use crate::write::push_number;

/// The octets of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContentLength(pub u32);

impl Header for ContentLength {
    const NAME: HeaderName = HeaderName::ContentLength;

    fn parse(value: ByteString) -> Result<ContentLength, ParseError> {
        parse_number(&value)
            .map(ContentLength)
            .ok_or(ParseError::InvalidHeader(Self::NAME))
    }

    fn write(&self, out: &mut String) {
        push_number(out, u64::from(self.0));
    }
}

display_by_write!(ContentLength);
