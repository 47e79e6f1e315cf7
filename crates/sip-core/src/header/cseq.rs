//! CSeq (RFC 3261 section 20.16).

use bytestring::ByteString;

use super::{Header, HeaderName, display_by_write};
use crate::write::push_number;
use crate::{Method, ParseError, token};

/// The number of the request within its dialog, and its method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CSeq {
    /// Below 2^31 (RFC 3261 section 8.1.1.5).
    pub number: u32,
    /// The method of the request.
    pub method: Method,
}

impl CSeq {
    /// Reads the value that is a part of shared text.
    pub(crate) fn parse_slice(shared: &ByteString, value: &str) -> Result<CSeq, ParseError> {
        let (number, text) = read(value).ok_or(ParseError::InvalidHeader(Self::NAME))?;
        let method =
            Method::known(text).unwrap_or_else(|| Method::Extension(shared.slice_ref(text)));
        Ok(CSeq { number, method })
    }
}

impl Header for CSeq {
    const NAME: HeaderName = HeaderName::CSeq;

    fn parse(value: ByteString) -> Result<CSeq, ParseError> {
        CSeq::parse_slice(&value, &value)
    }

    fn check(value: &str) -> Result<(), ParseError> {
        read(value)
            .map(drop)
            .ok_or(ParseError::InvalidHeader(Self::NAME))
    }

    fn write(&self, out: &mut String) {
        push_number(out, u64::from(self.number));
        out.push(' ');
        out.push_str(self.method.as_str());
    }
}

/// The number and the text of the method.
pub(crate) fn read(value: &str) -> Option<(u32, &str)> {
    let octets = value.as_bytes();
    let mut number = 0_u32;
    let mut end = 0;
    while let Some(digit @ b'0'..=b'9') = octets.get(end) {
        number = number
            .checked_mul(10)?
            .checked_add(u32::from(digit - b'0'))?;
        end += 1;
    }
    let start = token::blanks_end(octets, end);
    let is_whole = 0 < end && end < start && start < octets.len() && number < 1 << 31;
    let is_read = is_whole && token::token_end(octets, start) == octets.len();
    is_read.then(|| (number, &value[start..]))
}

display_by_write!(CSeq);
