//! Headers: their names, the map over a message's head, and one file for each typed header.

use bytestring::ByteString;

use crate::ParseError;

mod accept;
mod allow;
mod call_id;
mod contact;
mod content_length;
mod content_type;
pub(crate) mod cseq;
mod expires;
mod from_to;
mod map;
mod max_forwards;
mod name;
mod option_tag;
mod reason;
mod retry_after;
mod route;
mod user_agent;
mod via;
mod warning;

pub use accept::Accept;
pub use allow::Allow;
pub use call_id::CallId;
pub use contact::Contact;
pub use content_length::ContentLength;
pub use content_type::ContentType;
pub use cseq::CSeq;
pub use expires::Expires;
pub use from_to::{From, To};
pub use map::{HeaderLine, HeaderMap};
pub(crate) use map::{Line, split_first};
pub use max_forwards::MaxForwards;
pub use name::HeaderName;
pub(crate) use name::{Seen, lookup};
pub use option_tag::{ProxyRequire, Require, Supported, Unsupported};
pub use reason::Reason;
pub use retry_after::RetryAfter;
pub use route::{RecordRoute, Route};
pub use user_agent::{Server, UserAgent};
pub(crate) use via::branch_of;
pub use via::{MAGIC_COOKIE, Via, ViaTransport};
pub use warning::Warning;

/// How the values of a header share lines (RFC 3261 section 7.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// One value, on one line.
    One,
    /// Values separated by commas or lines, each a value of its own.
    Each,
    /// Values separated by commas or lines, together one value of the type.
    Together,
}

/// A typed header. Implement it for headers of your own; [`HeaderMap::first`], [`HeaderMap::all`], the builders and
/// [`Edit`](crate::Edit) take any.
pub trait Header: Sized {
    /// Its name.
    const NAME: HeaderName;
    /// How its values share lines.
    const VALUES: Values = Values::One;

    /// Reads one value, unfolded and without white space around it. What is kept of it is a slice.
    ///
    /// # Errors
    /// [`ParseError::InvalidHeader`].
    fn parse(value: ByteString) -> Result<Self, ParseError>;

    /// Whether [`Header::parse`] takes the value. Override it where that can be told without keeping anything.
    ///
    /// # Errors
    /// [`ParseError::InvalidHeader`].
    fn check(value: &str) -> Result<(), ParseError> {
        Self::parse(ByteString::from(value)).map(drop)
    }

    /// Writes the value.
    fn write(&self, out: &mut String);
}

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
pub(crate) use display_by_write;

/// A header that is a name and address.
macro_rules! name_addr_header {
    ($(#[$doc:meta])* $type:ident, $values:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $type(pub NameAddr);

        impl $type {
            /// The address.
            pub fn uri(&self) -> &Uri {
                self.0.uri()
            }
        }

        impl std::convert::From<NameAddr> for $type {
            fn from(address: NameAddr) -> $type {
                $type(address)
            }
        }

        impl Header for $type {
            const NAME: HeaderName = HeaderName::$type;
            const VALUES: Values = Values::$values;

            fn parse(value: ByteString) -> Result<$type, ParseError> {
                NameAddr::parse(value)
                    .map($type)
                    .map_err(|_| ParseError::InvalidHeader(Self::NAME))
            }

            fn check(value: &str) -> Result<(), ParseError> {
                NameAddr::check(value).map_err(|_| ParseError::InvalidHeader(Self::NAME))
            }

            fn write(&self, out: &mut String) {
                self.0.write(out);
            }
        }

        $crate::header::display_by_write!($type);
    };
}
pub(crate) use name_addr_header;

/// A run of decimal digits as a number; `None` when it is none or does not fit 32 bits.
pub(crate) fn parse_number(text: &str) -> Option<u32> {
    text.bytes()
        .all(|octet| octet.is_ascii_digit())
        .then(|| text.parse().ok())?
}
