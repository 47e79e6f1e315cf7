//! From and To (RFC 3261 sections 20.20 and 20.39).

use super::name_addr_header;

macro_rules! party {
    ($(#[$doc:meta])* $type:ident) => {
        name_addr_header! {
            $(#[$doc])*
            $type, One
        }

        impl $type {
            /// The tag, if there is one.
            pub fn tag(&self) -> Option<&str> {
                self.0.params().get("tag").filter(|tag| !tag.is_empty())
            }

            /// The same party with the tag set.
            #[must_use]
            pub fn with_tag(self, tag: &str) -> $type {
                $type(self.0.with_param("tag", Some(tag)))
            }
        }
    };
}

party! {
    /// Who sends the request: display name, address and tag.
    From
}
party! {
    /// Whom the request is for: display name, address and, inside a dialog, tag.
    To
}
