//! Max-Forwards (RFC 3261 section 20.22).

use bytestring::ByteString;

use super::{Header, HeaderName, display_by_write, parse_number};
use crate::ParseError;
use crate::write::push_number;

/// How many hops the request may still take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxForwards(pub u8);

impl Header for MaxForwards {
    const NAME: HeaderName = HeaderName::MaxForwards;

    fn parse(value: ByteString) -> Result<MaxForwards, ParseError> {
        read(&value).map(MaxForwards)
    }

    fn check(value: &str) -> Result<(), ParseError> {
        read(value).map(drop)
    }

    fn write(&self, out: &mut String) {
        push_number(out, u64::from(self.0));
    }
}

fn read(value: &str) -> Result<u8, ParseError> {
    let hops = parse_number(value).and_then(|hops| u8::try_from(hops).ok());
    hops.ok_or(ParseError::InvalidHeader(MaxForwards::NAME))
}

display_by_write!(MaxForwards);
