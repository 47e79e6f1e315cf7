//! Headers that are a word and parameters.

/// How the value of such a header is checked: where it stands, unless its parameters have to fit.
macro_rules! check_word_params {
    () => {
        fn check(value: &str) -> Result<(), $crate::ParseError> {
            Self::read(value)
                .and_then(|(_, params)| $crate::param::checked(params).ok())
                .map(drop)
                .ok_or($crate::ParseError::InvalidHeader(
                    <Self as $crate::Header>::NAME,
                ))
        }
    };
    ($fits:expr) => {};
}
pub(in crate::header) use check_word_params;

/// A header that is a word of a kind and parameters, which may have to fit.
macro_rules! word_params_header {
    ($(#[$doc:meta])* $type:ident, $values:ident, $(#[$word_doc:meta])* $word:ident, $is_word:expr $(, where $fits:expr)?) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $type {
            $word: $crate::ByteString,
            params: $crate::Params,
        }

        impl $type {
            /// Without parameters.
            pub fn new($word: impl Into<$crate::ByteString>) -> $type {
                $type { $word: $word.into(), params: $crate::Params::new() }
            }

            $(#[$word_doc])*
            pub fn $word(&self) -> &str {
                &self.$word
            }

            /// The parameters.
            pub fn params(&self) -> &$crate::Params {
                &self.params
            }

            /// The same with a parameter set.
            #[must_use]
            pub fn with_param(self, name: &str, value: Option<&str>) -> $type {
                $type { params: self.params.with(name, value), ..self }
            }

            fn read(value: &str) -> Option<(&str, &str)> {
                let is_word: fn(&str) -> bool = $is_word;
                $crate::header::grammar::cut_params(value).filter(|(word, _)| is_word(word))
            }
        }

        impl $crate::Header for $type {
            const NAME: $crate::HeaderName = $crate::HeaderName::$type;
            const VALUES: $crate::Values = $crate::Values::$values;

            fn parse(value: $crate::ByteString) -> Result<$type, $crate::ParseError> {
                let parts = || {
                    let (word, params) = Self::read(&value)?;
                    let params = $crate::Params::parse_slice(&value, params).ok()?;
                    $(
                        let fits: fn(&$crate::Params) -> bool = $fits;
                        if !fits(&params) {
                            return None;
                        }
                    )?
                    Some($type { $word: value.slice_ref(word), params })
                };
                parts().ok_or($crate::ParseError::InvalidHeader(<Self as $crate::Header>::NAME))
            }

            $crate::header::grammar::check_word_params!($($fits)?);

            fn write(&self, out: &mut String) {
                out.push_str(&self.$word);
                self.params.write(out);
            }
        }

        $crate::header::grammar::display_by_write!($type);
    };
}
pub(in crate::header) use word_params_header;

/// The comparison of such headers whose words are no identifiers.
macro_rules! compared_by_words {
    ($($type:ident $word:ident),*) => {$(
        impl $type {
            /// Whether both say the same: plain text in any case, parameters in any order (RFC 3261 section 7.3.1).
            pub fn equivalent(&self, other: &$type) -> bool {
                $crate::header::comparison::same_word(&self.$word, &other.$word)
                    && $crate::header::comparison::same_params(&self.params, &other.params)
            }
        }
    )*};
}
pub(in crate::header) use compared_by_words;
