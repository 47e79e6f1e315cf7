//! Headers that are a name and address.

/// A header that is a name and address.
macro_rules! name_addr_header {
    ($(#[$doc:meta])* $type:ident, $values:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $type(pub $crate::NameAddr);

        impl $type {
            /// The address.
            pub fn uri(&self) -> &$crate::Uri {
                self.0.uri()
            }
        }

        impl std::convert::From<$crate::NameAddr> for $type {
            fn from(address: $crate::NameAddr) -> $type {
                $type(address)
            }
        }

        impl $crate::Header for $type {
            const NAME: $crate::HeaderName = $crate::HeaderName::$type;
            const VALUES: $crate::Values = $crate::Values::$values;

            fn parse(value: $crate::ByteString) -> Result<$type, $crate::ParseError> {
                $crate::NameAddr::parse(value)
                    .map($type)
                    .map_err(|_| $crate::ParseError::InvalidHeader(<Self as $crate::Header>::NAME))
            }

            fn check(value: &str) -> Result<(), $crate::ParseError> {
                $crate::NameAddr::check(value)
                    .map_err(|_| $crate::ParseError::InvalidHeader(<Self as $crate::Header>::NAME))
            }

            fn write(&self, out: &mut String) {
                self.0.write(out);
            }
        }

        $crate::header::grammar::display_by_write!($type);
    };
}
pub(in crate::header) use name_addr_header;
