//! Headers that are a list of words.

/// A header that is a list of words of a kind; empty elements are let through, as RFC 2543 senders write them.
macro_rules! list_header {
    ($(#[$doc:meta])* $type:ident, $separator:literal, $is_word:expr, $is_same:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $type($crate::ByteString);

        impl $type {
            /// A list of these.
            pub fn new<'a>(words: impl IntoIterator<Item = &'a str>) -> $type {
                $type(words.into_iter().collect::<Vec<_>>().join(concat!($separator, " ")).into())
            }

            /// The elements of the list.
            pub fn iter(&self) -> impl Iterator<Item = &str> {
                $crate::header::grammar::elements(&self.0, $separator)
            }

            /// Whether the word is in the list.
            pub fn contains(&self, word: &str) -> bool {
                let is_same: fn(&str, &str) -> bool = $is_same;
                self.iter().any(|other| is_same(other, word))
            }

            /// Whether the list is empty.
            pub fn is_empty(&self) -> bool {
                self.iter().next().is_none()
            }
        }

        impl $crate::Header for $type {
            const NAME: $crate::HeaderName = $crate::HeaderName::$type;
            const VALUES: $crate::Values = $crate::Values::Together;

            fn parse(value: $crate::ByteString) -> Result<$type, $crate::ParseError> {
                <Self as $crate::Header>::check(&value).map(|()| $type(value))
            }

            fn check(value: &str) -> Result<(), $crate::ParseError> {
                let is_word: fn(&str) -> bool = $is_word;
                match $crate::header::grammar::elements(value, $separator).all(is_word) {
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
pub(in crate::header) use list_header;
