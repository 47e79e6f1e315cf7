//! Route and Record-Route (RFC 3261 sections 20.34 and 20.30).

use bytestring::ByteString;

use super::{Header, HeaderName, Values, name_addr_header};
use crate::{NameAddr, ParseError, Uri};

macro_rules! route {
    ($(#[$doc:meta])* $type:ident) => {
        name_addr_header! {
            $(#[$doc])*
            $type, Each
        }

        impl $type {
            /// Whether the hop is a loose router (parameter `lr` of the URI).
            pub fn is_loose(&self) -> bool {
                self.uri().param("lr").is_some()
            }
        }
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
