//! From and To (RFC 3261 sections 20.20 and 20.39).

use bytestring::ByteString;

use super::{Header, HeaderName, display_by_write};
use crate::{NameAddr, ParseError, Uri};

macro_rules! party {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $type(pub NameAddr);

        impl $type {
            /// The address.
            pub fn uri(&self) -> &Uri {
                self.0.uri()
            }

            /// The tag, if there is one.
            pub fn tag(&self) -> Option<&str> {
                self.0.params().get("tag").filter(|tag| !tag.is_empty())
            }

            /// The same party with the tag set.
            #[must_use]
            pub fn with_tag(self, tag: &str) -> $type {
                $type(self.0.with_param("tag", Some(tag)))
            }
        }

        impl std::convert::From<NameAddr> for $type {
            fn from(party: NameAddr) -> $type {
                $type(party)
            }
        }

        impl Header for $type {
            const NAME: HeaderName = HeaderName::$type;

            fn parse(value: ByteString) -> Result<$type, ParseError> {
                NameAddr::parse(value).map($type).map_err(|_| ParseError::InvalidHeader(Self::NAME))
            }

            fn check(value: &str) -> Result<(), ParseError> {
                NameAddr::check(value).map_err(|_| ParseError::InvalidHeader(Self::NAME))
            }

            fn write(&self, out: &mut String) {
                self.0.write(out);
            }
        }

        display_by_write!($type);
    };
}

party! {
    /// Who sends the request: display name, address and tag.
    From
}
party! {
    /// Whom the request is for: display name, address and, inside a dialog, tag.
    To
}
