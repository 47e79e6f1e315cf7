//! Allow (RFC 3261 section 20.5).

use bytestring::ByteString;

use super::grammar::{display_by_write, elements};
use super::{Header, HeaderName, Values};
use crate::{Method, ParseError, token};

/// The methods the sender understands. An absent Allow says nothing, an empty one says none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allow(ByteString);

impl Allow {
    /// A list of these methods.
    pub fn new<'a>(methods: impl IntoIterator<Item = &'a Method>) -> Allow {
        Allow(
            methods
                .into_iter()
                .map(Method::as_str)
                .collect::<Vec<_>>()
                .join(", ")
                .into(),
        )
    }

    /// The methods.
    pub fn iter(&self) -> impl Iterator<Item = Method> {
        elements(&self.0, ',').filter_map(|method| Method::parse(self.0.slice_ref(method)).ok())
    }

    /// Whether the method is in the list.
    pub fn contains(&self, method: &Method) -> bool {
        elements(&self.0, ',').any(|other| other == method.as_str())
    }
}

impl Header for Allow {
    const NAME: HeaderName = HeaderName::Allow;
    const VALUES: Values = Values::Together;

    fn parse(value: ByteString) -> Result<Allow, ParseError> {
        Self::check(&value).map(|()| Allow(value))
    }

    fn check(value: &str) -> Result<(), ParseError> {
        match elements(value, ',').all(token::is_token) {
            true => Ok(()),
            false => Err(ParseError::InvalidHeader(Self::NAME)),
        }
    }

    fn write(&self, out: &mut String) {
        out.push_str(&self.0);
    }
}

display_by_write!(Allow);
