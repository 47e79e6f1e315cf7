//! User-Agent and Server (RFC 3261 sections 20.41 and 20.35).

use bytestring::ByteString;

use super::{Header, HeaderName, display_by_write};
use crate::ParseError;

macro_rules! product {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $type(ByteString);

        impl $type {
            /// Text such as `rvoip/0.1`.
            pub fn new(product: impl Into<ByteString>) -> $type {
                $type(product.into())
            }

            /// The text as it stands.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl Header for $type {
            const NAME: HeaderName = HeaderName::$type;

            fn parse(value: ByteString) -> Result<$type, ParseError> {
                Ok($type(value))
            }

            fn write(&self, out: &mut String) {
                out.push_str(&self.0);
            }
        }

        display_by_write!($type);
    };
}

product! {
    /// The software that made the request.
    UserAgent
}
product! {
    /// The software that made the response.
    Server
}
