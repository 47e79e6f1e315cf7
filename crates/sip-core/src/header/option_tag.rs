//! Supported, Require, Proxy-Require and Unsupported: lists of option tags (RFC 3261 section 19.2).

use bytestring::ByteString;

use super::{Header, HeaderName, Values, display_by_write};
use crate::{ParseError, token};

/// Whether a list is tokens with commas between; empty elements are let through, as RFC 2543 senders write them.
pub(super) fn is_token_list(list: &str) -> bool {
    list.split(',')
        .map(str::trim)
        .all(|tag| tag.is_empty() || token::is_token(tag))
}

/// The elements of a list.
pub(super) fn elements(list: &str) -> impl Iterator<Item = &str> {
    list.split(',')
        .map(str::trim)
        .filter(|element| !element.is_empty())
}

macro_rules! option_tags {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $type(ByteString);

        impl $type {
            /// A list of these tags.
            pub fn new<'a>(tags: impl IntoIterator<Item = &'a str>) -> $type {
                $type(tags.into_iter().collect::<Vec<_>>().join(", ").into())
            }

            /// The tags.
            pub fn iter(&self) -> impl Iterator<Item = &str> {
                elements(&self.0)
            }

            /// Whether the tag is in the list; tags compare without regard to case.
            pub fn contains(&self, tag: &str) -> bool {
                self.iter().any(|other| other.eq_ignore_ascii_case(tag))
            }

            /// Whether there are no tags.
            pub fn is_empty(&self) -> bool {
                self.iter().next().is_none()
            }
        }

        impl Header for $type {
            const NAME: HeaderName = HeaderName::$type;
            const VALUES: Values = Values::Together;

            fn parse(value: ByteString) -> Result<$type, ParseError> {
                if is_token_list(&value) { Ok($type(value)) } else { Err(ParseError::InvalidHeader(Self::NAME)) }
            }

            fn write(&self, out: &mut String) {
                out.push_str(&self.0);
            }
        }

        display_by_write!($type);
    };
}

option_tags! {
    /// The extensions the sender understands.
    Supported
}
option_tags! {
    /// The extensions the receiver must understand.
    Require
}
option_tags! {
    /// The extensions each proxy on the way must understand.
    ProxyRequire
}
option_tags! {
    /// The required extensions the sender does not understand.
    Unsupported
}
