//! P-Asserted-Identity and P-Preferred-Identity (RFC 3325).

use super::grammar::name_addr_header;

name_addr_header! {
    /// Who the sender is, as a proxy that has authenticated it says within a network of trust.
    PAssertedIdentity, Each
}
name_addr_header! {
    /// Which of its identities the sender wishes to be asserted.
    PPreferredIdentity, Each
}
