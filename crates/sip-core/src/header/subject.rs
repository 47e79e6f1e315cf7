//! Subject and Organization (RFC 3261 sections 20.36 and 20.25).

use super::grammar::text_header;

text_header! {
    /// What the call is about.
    Subject, |_| true
}
text_header! {
    /// Whom the sender belongs to.
    Organization, |_| true
}
