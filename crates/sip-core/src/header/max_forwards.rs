//! Max-Forwards (RFC 3261 section 20.22).

use bytestring::ByteString;

use super::{Header, HeaderName, display_by_write};
use crate::ParseError;
use crate::write::push_number;

/// How many hops the request may still take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxForwards(pub u8);

impl Header for MaxForwards {
    const NAME: HeaderName = HeaderName::MaxForwards;

    fn parse(value: ByteString) -> Result<MaxForwards, ParseError> {
        let digits = value.bytes().all(|octet| octet.is_ascii_digit());
        let hops = digits.then(|| value.parse().ok()).flatten();
        hops.map(MaxForwards)
            .ok_or(ParseError::InvalidHeader(Self::NAME))
    }

    fn write(&self, out: &mut String) {
        push_number(out, u64::from(self.0));
    }
}

display_by_write!(MaxForwards);
