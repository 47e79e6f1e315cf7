//! Expires (RFC 3261 section 20.19).

use bytestring::ByteString;

use super::{Header, HeaderName, display_by_write, parse_number};
use crate::ParseError;
use crate::write::push_number;

/// A lifetime in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expires(pub u32);

impl Header for Expires {
    const NAME: HeaderName = HeaderName::Expires;

    fn parse(value: ByteString) -> Result<Expires, ParseError> {
        parse_number(&value)
            .map(Expires)
            .ok_or(ParseError::InvalidHeader(Self::NAME))
    }

    fn write(&self, out: &mut String) {
        push_number(out, u64::from(self.0));
    }
}

display_by_write!(Expires);
