//! Headers that are a number.

/// A header that is a number of 32 bits within a range.
macro_rules! number_header {
    ($(#[$doc:meta])* $type:ident, $range:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $type(pub u32);

        impl $type {
            fn read(value: &str) -> Result<$type, $crate::ParseError> {
                $crate::header::parse_number(value)
                    .filter(|number| ($range).contains(number))
                    .map($type)
                    .ok_or($crate::ParseError::InvalidHeader(<$type as $crate::Header>::NAME))
            }
        }

        impl $crate::Header for $type {
            const NAME: $crate::HeaderName = $crate::HeaderName::$type;

            fn parse(value: $crate::ByteString) -> Result<$type, $crate::ParseError> {
                Self::read(&value)
            }

            fn check(value: &str) -> Result<(), $crate::ParseError> {
                Self::read(value).map(drop)
            }

            fn write(&self, out: &mut String) {
                $crate::write::push_number(out, u64::from(self.0));
            }
        }

        $crate::header::grammar::display_by_write!($type);
    };
}
pub(in crate::header) use number_header;

/// A header that is a number of seconds and parameters.
macro_rules! seconds_header {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $type {
            /// Seconds.
            pub seconds: u32,
            /// The parameters.
            pub params: $crate::Params,
        }

        impl $type {
            /// So many seconds, without parameters.
            pub fn new(seconds: u32) -> $type {
                $type { seconds, params: $crate::Params::new() }
            }

            fn read(value: &str) -> Option<(u32, &str)> {
                let (digits, params) = $crate::header::grammar::cut_params(value)?;
                Some(($crate::header::parse_number(digits)?, params))
            }
        }

        impl $crate::Header for $type {
            const NAME: $crate::HeaderName = $crate::HeaderName::$type;

            fn parse(value: $crate::ByteString) -> Result<$type, $crate::ParseError> {
                let parts = || {
                    let (seconds, params) = Self::read(&value)?;
                    let params = $crate::Params::parse_slice(&value, params).ok()?;
                    Some($type { seconds, params })
                };
                parts().ok_or($crate::ParseError::InvalidHeader(<Self as $crate::Header>::NAME))
            }

            $crate::header::grammar::check_word_params!();

            fn write(&self, out: &mut String) {
                $crate::write::push_number(out, u64::from(self.seconds));
                self.params.write(out);
            }
        }

        $crate::header::grammar::display_by_write!($type);
    };
}
pub(in crate::header) use seconds_header;
