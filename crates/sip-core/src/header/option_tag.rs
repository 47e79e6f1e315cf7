//! Supported, Require, Proxy-Require and Unsupported: lists of option tags (RFC 3261 section 19.2).

use super::grammar::list_header;
use crate::token;

list_header! {
    /// The extensions the sender understands.
    Supported, ',', token::is_token, str::eq_ignore_ascii_case
}
list_header! {
    /// The extensions the receiver must understand.
    Require, ',', token::is_token, str::eq_ignore_ascii_case
}
list_header! {
    /// The extensions each proxy on the way must understand.
    ProxyRequire, ',', token::is_token, str::eq_ignore_ascii_case
}
list_header! {
    /// The required extensions the sender does not understand.
    Unsupported, ',', token::is_token, str::eq_ignore_ascii_case
}
