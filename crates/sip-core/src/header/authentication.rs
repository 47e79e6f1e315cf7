//! What challenges and credentials share: a scheme, then parameters or a `token68`.

/// A type that is a scheme and its parameters.
macro_rules! scheme_and_params {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $type {
            scheme: ByteString,
            params: AuthParams,
        }

        impl $type {
            /// A scheme with its parameters.
            pub fn new(scheme: impl Into<ByteString>, params: AuthParams) -> $type {
                $type { scheme: scheme.into(), params }
            }

            /// The scheme as it stands: `Digest`, `Bearer`, `Basic`.
            pub fn scheme(&self) -> &str {
                &self.scheme
            }

            /// Whether this is the scheme; schemes compare without regard to case.
            pub fn is(&self, scheme: &str) -> bool {
                self.scheme.eq_ignore_ascii_case(scheme)
            }

            /// All parameters, also those that have no method here.
            pub fn params(&self) -> &AuthParams {
                &self.params
            }

            /// The realm.
            pub fn realm(&self) -> Option<Cow<'_, str>> {
                self.params.get("realm")
            }

            /// The nonce of the server.
            pub fn nonce(&self) -> Option<Cow<'_, str>> {
                self.params.get("nonce")
            }

            /// What the client returns to the server as it is.
            pub fn opaque(&self) -> Option<Cow<'_, str>> {
                self.params.get("opaque")
            }

            /// The name of the algorithm; none means MD5.
            pub fn algorithm(&self) -> Option<Cow<'_, str>> {
                self.params.get("algorithm")
            }

            /// Whether user names may be, or are, hashed.
            pub fn userhash(&self) -> bool {
                self.params.says_true("userhash")
            }

            fn read(value: &str) -> Option<(&str, &str)> {
                let (scheme, params) = value.split_at(token::token_end(value.as_bytes(), 0));
                let parted = params.is_empty() || params.starts_with([' ', '\t']);
                let params = auth_param::trimmed(params);
                auth_param::checked(params)?;
                (!scheme.is_empty() && parted).then_some((scheme, params))
            }

            fn parse(value: &ByteString) -> Option<$type> {
                let (scheme, params) = $type::read(value)?;
                let params = AuthParams::slice(value, params);
                Some($type { scheme: value.slice_ref(scheme), params })
            }

            fn write(&self, out: &mut String) {
                out.push_str(&self.scheme);
                if !self.params.is_empty() {
                    out.push(' ');
                    out.push_str(self.params.as_str());
                }
            }
        }
    };
}
pub(super) use scheme_and_params;

/// A header whose value is such a type.
macro_rules! auth_header {
    ($(#[$doc:meta])* $type:ident($inner:ident), $values:ident $(, $split:ident)?) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $type(pub $inner);

        impl std::ops::Deref for $type {
            type Target = $inner;

            fn deref(&self) -> &$inner {
                &self.0
            }
        }

        impl Header for $type {
            const NAME: HeaderName = HeaderName::$type;
            const VALUES: Values = Values::$values;

            $(fn split_first(line: &str) -> (&str, Option<&str>) {
                $split(line)
            })?

            fn parse(value: ByteString) -> Result<$type, ParseError> {
                $inner::parse(&value).map($type).ok_or(ParseError::InvalidHeader(Self::NAME))
            }

            fn check(value: &str) -> Result<(), ParseError> {
                $inner::read(value).map(drop).ok_or(ParseError::InvalidHeader(Self::NAME))
            }

            fn write(&self, out: &mut String) {
                self.0.write(out);
            }
        }

        $crate::header::display_by_write!($type);
    };
}
pub(super) use auth_header;
