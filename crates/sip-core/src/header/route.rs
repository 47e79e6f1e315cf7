//! Route and Record-Route (RFC 3261 sections 20.34 and 20.30).

use bytestring::ByteString;

use super::{Header, HeaderName, Values, display_by_write};
use crate::{NameAddr, ParseError, Uri};

macro_rules! route {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $type(pub NameAddr);

        impl $type {
            /// The address of the hop.
            pub fn uri(&self) -> &Uri {
                self.0.uri()
            }

            /// Whether the hop is a loose router (parameter `lr` of the URI).
            pub fn is_loose(&self) -> bool {
                self.uri().param("lr").is_some()
            }
        }

        impl std::convert::From<NameAddr> for $type {
            fn from(hop: NameAddr) -> $type {
                $type(hop)
            }
        }

        impl Header for $type {
            const NAME: HeaderName = HeaderName::$type;
            const VALUES: Values = Values::Each;

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

route! {
    /// A hop the request is to visit.
    Route
}
route! {
    /// A hop that wants to stay on the path of the dialog.
    RecordRoute
}
