//! CSeq (RFC 3261 section 20.16).

use bytestring::ByteString;

use super::{Header, HeaderName, display_by_write, parse_number};
use crate::write::push_number;
use crate::{Method, ParseError};

/// The number of the request within its dialog, and its method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CSeq {
    /// Below 2^31 (RFC 3261 section 8.1.1.5).
    pub number: u32,
    /// The method of the request.
    pub method: Method,
}

impl Header for CSeq {
    const NAME: HeaderName = HeaderName::CSeq;

    fn parse(value: ByteString) -> Result<CSeq, ParseError> {
        let invalid = || ParseError::InvalidHeader(Self::NAME);
        let (number, method) = value.split_once([' ', '\t']).ok_or_else(invalid)?;
        let number = parse_number(number)
            .filter(|number| *number < 1 << 31)
            .ok_or_else(invalid)?;
        let method = Method::parse(value.slice_ref(method.trim_start())).map_err(|_| invalid())?;
        Ok(CSeq { number, method })
    }

    fn write(&self, out: &mut String) {
        push_number(out, u64::from(self.number));
        out.push(' ');
        out.push_str(self.method.as_str());
    }
}

display_by_write!(CSeq);
