//! Reply-To (RFC 3261 section 20.31).

use super::grammar::name_addr_header;

name_addr_header! {
    /// Where to call back.
    ReplyTo, One
}
