//! Contact (RFC 3261 section 20.10).

use bytestring::ByteString;

use super::{Header, HeaderName, Values, display_by_write, parse_number};
use crate::{NameAddr, ParseError, Uri};

/// Where the party can be reached directly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contact {
    /// `*`: all bindings, in a REGISTER that removes them.
    Any,
    /// One address.
    Address(NameAddr),
}

impl Contact {
    /// An address without display name and parameters.
    pub fn new(uri: Uri) -> Contact {
        Contact::Address(NameAddr::new(uri))
    }

    /// The address with its parameters; `None` for `*`.
    pub fn name_addr(&self) -> Option<&NameAddr> {
        match self {
            Contact::Any => None,
            Contact::Address(address) => Some(address),
        }
    }

    /// The address; `None` for `*`.
    pub fn uri(&self) -> Option<&Uri> {
        self.name_addr().map(NameAddr::uri)
    }

    /// The lifetime of the binding in seconds; a value that is no number counts as absent.
    pub fn expires(&self) -> Option<u32> {
        self.name_addr()?
            .params()
            .get("expires")
            .and_then(parse_number)
    }
}

impl std::convert::From<NameAddr> for Contact {
    fn from(address: NameAddr) -> Contact {
        Contact::Address(address)
    }
}

impl Header for Contact {
    const NAME: HeaderName = HeaderName::Contact;
    const VALUES: Values = Values::Each;

    fn parse(value: ByteString) -> Result<Contact, ParseError> {
        if &*value == "*" {
            return Ok(Contact::Any);
        }
        NameAddr::parse(value)
            .map(Contact::Address)
            .map_err(|_| ParseError::InvalidHeader(Self::NAME))
    }

    fn check(value: &str) -> Result<(), ParseError> {
        if value == "*" {
            return Ok(());
        }
        NameAddr::check(value).map_err(|_| ParseError::InvalidHeader(Self::NAME))
    }

    fn write(&self, out: &mut String) {
        match self {
            Contact::Any => out.push('*'),
            Contact::Address(address) => address.write(out),
        }
    }
}

display_by_write!(Contact);
