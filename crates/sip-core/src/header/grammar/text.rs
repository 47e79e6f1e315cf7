//! Headers that are a text, and what every header can do with its text.

/// Shows a header as its value, and reads it from one.
macro_rules! display_by_write {
    ($($type:ty),*) => {$(
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                let mut out = String::new();
                $crate::header::Header::write(self, &mut out);
                f.write_str(&out)
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::ParseError;

            fn from_str(text: &str) -> Result<Self, $crate::ParseError> {
                <$type as $crate::header::Header>::parse(bytestring::ByteString::from(text.trim()))
            }
        }
    )*};
}
pub(in crate::header) use display_by_write;

/// A header that is a text of a kind.
macro_rules! text_header {
    ($(#[$doc:meta])* $type:ident, $is_text:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $type($crate::ByteString);

        impl $type {
            /// This text.
            pub fn new(text: impl Into<$crate::ByteString>) -> $type {
                $type(text.into())
            }

            /// The text as it stands.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl $crate::Header for $type {
            const NAME: $crate::HeaderName = $crate::HeaderName::$type;

            fn parse(value: $crate::ByteString) -> Result<$type, $crate::ParseError> {
                <Self as $crate::Header>::check(&value).map(|()| $type(value))
            }

            fn check(value: &str) -> Result<(), $crate::ParseError> {
                let is_text: fn(&str) -> bool = $is_text;
                match is_text(value) {
                    true => Ok(()),
                    false => Err($crate::ParseError::InvalidHeader(<Self as $crate::Header>::NAME)),
                }
            }

            fn write(&self, out: &mut String) {
                out.push_str(&self.0);
            }
        }

        $crate::header::grammar::display_by_write!($type);
    };
}
pub(in crate::header) use text_header;
