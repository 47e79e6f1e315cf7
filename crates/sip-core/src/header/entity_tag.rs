//! SIP-ETag and SIP-If-Match (RFC 3903 section 11.3).

use super::grammar::text_header;
use crate::token;

text_header! {
    /// The name of a published state, given by the compositor; compares octet by octet.
    SipEtag, token::is_token
}
text_header! {
    /// The name of the published state that a PUBLISH is to change; compares octet by octet.
    SipIfMatch, token::is_token
}
