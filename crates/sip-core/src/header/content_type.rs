//! Content-Type (RFC 3261 section 20.15).

use bytestring::ByteString;

use super::{Header, HeaderName, display_by_write};
use crate::{Params, ParseError, param, token};

/// What the body is: `application/sdp`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentType {
    media_type: ByteString,
    params: Params,
}

impl ContentType {
    /// Type and subtype as they stand, without parameters.
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// The parameters, such as a boundary.
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// Whether the type and subtype are these, parameters left aside.
    pub fn is(&self, media_type: &str) -> bool {
        self.media_type.eq_ignore_ascii_case(media_type)
    }
}

impl Header for ContentType {
    const NAME: HeaderName = HeaderName::ContentType;

    fn parse(value: ByteString) -> Result<ContentType, ParseError> {
        let (media_type, params) =
            parse_media_type(&value).ok_or(ParseError::InvalidHeader(Self::NAME))?;
        Ok(ContentType { media_type, params })
    }

    fn check(value: &str) -> Result<(), ParseError> {
        read_media_type(value)
            .map(drop)
            .ok_or(ParseError::InvalidHeader(Self::NAME))
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.media_type);
        self.params.write(out);
    }
}

/// `type/subtype;params`, of which each half of the type is a token.
fn read_media_type(value: &str) -> Option<(&str, &str)> {
    let (media_type, params) = value.split_at(token::find(value, b';').unwrap_or(value.len()));
    let media_type = token::trimmed(media_type);
    let (kind, subtype) = media_type.split_once('/')?;
    let params = param::checked(params).ok()?;
    (token::is_token(kind) && token::is_token(subtype)).then_some((media_type, params))
}

/// The type and the parameters as slices of the value.
pub(super) fn parse_media_type(value: &ByteString) -> Option<(ByteString, Params)> {
    let (media_type, _) = read_media_type(value)?;
    let params = Params::parse_slice(
        value,
        &value[token::find(value, b';').unwrap_or(value.len())..],
    )
    .ok()?;
    Some((value.slice_ref(media_type), params))
}

display_by_write!(ContentType);
