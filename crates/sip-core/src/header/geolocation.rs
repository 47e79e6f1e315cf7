//! Geolocation (RFC 6442).

use super::grammar::name_addr_header;

name_addr_header! {
    /// Where the location of the caller is told: `cid:` for the body, or a URI to ask.
    Geolocation, Each
}
