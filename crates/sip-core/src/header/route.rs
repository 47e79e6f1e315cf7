//! Route and Record-Route (RFC 3261 sections 20.34 and 20.30), Path (RFC 3327), Service-Route (RFC 3608).

use super::grammar::name_addr_header;

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
route! {
    /// A hop between a registrar and the party that registers.
    Path
}
route! {
    /// A hop that requests of a registered party are to visit.
    ServiceRoute
}
