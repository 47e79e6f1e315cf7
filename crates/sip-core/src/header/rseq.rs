//! RSeq and RAck (RFC 3262 section 7).

use bytestring::ByteString;

use super::grammar::{display_by_write, number_header, parse_number};
use super::{Header, HeaderName, cseq};
use crate::write::push_number;
use crate::{CSeq, ParseError, token};

number_header! {
    /// The number of a reliable provisional response, from 1 up.
    RSeq, 1..
}

/// What a PRACK acknowledges: the number of the response, and the CSeq of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RAck {
    /// The RSeq of the response.
    pub response: u32,
    /// The CSeq of the response.
    pub cseq: CSeq,
}

impl RAck {
    fn read(value: &str) -> Option<(u32, &str)> {
        let end = value.bytes().position(token::is_blank)?;
        let cseq = token::trimmed(&value[end..]);
        cseq::read(cseq)?;
        Some((parse_number(&value[..end])?, cseq))
    }
}

impl Header for RAck {
    const NAME: HeaderName = HeaderName::RAck;

    fn parse(value: ByteString) -> Result<RAck, ParseError> {
        let (response, cseq) = Self::read(&value).ok_or(ParseError::InvalidHeader(Self::NAME))?;
        let cseq = CSeq::parse(value.slice_ref(cseq))?;
        Ok(RAck { response, cseq })
    }

    fn check(value: &str) -> Result<(), ParseError> {
        Self::read(value)
            .map(drop)
            .ok_or(ParseError::InvalidHeader(Self::NAME))
    }

    fn write(&self, out: &mut String) {
        push_number(out, u64::from(self.response));
        out.push(' ');
        self.cseq.write(out);
    }
}

display_by_write!(RAck);
