//! Reason (RFC 3326).

use std::borrow::Cow;

use bytestring::ByteString;

use super::{Header, HeaderName, Values, display_by_write, parse_number};
use crate::{Params, ParseError, StatusCode, token, unquote};

/// Why a request was sent: `SIP;cause=200;text="Call completed elsewhere"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// `SIP`, `Q.850` or another registry.
    pub protocol: ByteString,
    /// The parameters, `cause` and `text` among them.
    pub params: Params,
}

impl Reason {
    /// A SIP status as reason, with its phrase.
    pub fn sip(status: StatusCode) -> Reason {
        let params = Params::new().with("cause", Some(&status.to_string()));
        Reason {
            protocol: ByteString::from_static("SIP"),
            params: params.with("text", Some(status.reason())),
        }
    }

    /// The number within the registry.
    pub fn cause(&self) -> Option<u32> {
        self.params.get("cause").and_then(parse_number)
    }

    /// The text for people.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        self.params.get("text").map(unquote)
    }
}

impl Header for Reason {
    const NAME: HeaderName = HeaderName::Reason;
    const VALUES: Values = Values::Each;

    fn parse(value: ByteString) -> Result<Reason, ParseError> {
        let end = value.find(';').unwrap_or(value.len());
        let protocol = value[..end].trim_end();
        let params = Params::parse_slice(&value, &value[end..]);
        match params {
            Ok(params) if token::is_token(protocol) => Ok(Reason {
                protocol: value.slice_ref(protocol),
                params,
            }),
            _ => Err(ParseError::InvalidHeader(Self::NAME)),
        }
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.protocol);
        self.params.write(out);
    }
}

display_by_write!(Reason);
