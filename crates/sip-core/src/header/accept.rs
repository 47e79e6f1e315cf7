//! Accept (RFC 3261 section 20.1).

use bytestring::ByteString;

use super::content_type::parse_media_type;
use super::{Header, HeaderName, Values, display_by_write};
use crate::{Params, ParseError};

/// One media range that the sender takes: `application/sdp`, `text/*`, `*/*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accept {
    range: ByteString,
    params: Params,
}

impl Accept {
    /// The range as it stands, without parameters.
    pub fn range(&self) -> &str {
        &self.range
    }

    /// The parameters, such as `q`.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// Whether the range covers a media type.
    pub fn covers(&self, media_type: &str) -> bool {
        match self.range.strip_suffix("/*") {
            Some("*") => true,
            Some(kind) => media_type
                .split('/')
                .next()
                .is_some_and(|asked| asked.eq_ignore_ascii_case(kind)),
            None => self.range.eq_ignore_ascii_case(media_type),
        }
    }
}

impl Header for Accept {
    const NAME: HeaderName = HeaderName::Accept;
    const VALUES: Values = Values::Each;

    fn parse(value: ByteString) -> Result<Accept, ParseError> {
        let (range, params) =
            parse_media_type(&value).ok_or(ParseError::InvalidHeader(Self::NAME))?;
        Ok(Accept { range, params })
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.range);
        self.params.write(out);
    }
}

display_by_write!(Accept);
