//! CSeq (RFC 3261 section 20.16).

use bytestring::ByteString;

use super::{Header, HeaderName, display_by_write, parse_number};
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

impl Header for CSeq {
    const NAME: HeaderName = HeaderName::CSeq;

    fn parse(value: ByteString) -> Result<CSeq, ParseError> {
        let (number, text) = read(&value).ok_or(ParseError::InvalidHeader(Self::NAME))?;
        let method =
            Method::known(text).unwrap_or_else(|| Method::Extension(value.slice_ref(text)));
        Ok(CSeq { number, method })
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
    let end = value.bytes().position(token::is_blank)?;
    let number = parse_number(&value[..end]).filter(|number| *number < 1 << 31)?;
    let method = token::trimmed(&value[end..]);
    token::is_token(method).then_some((number, method))
}

display_by_write!(CSeq);
