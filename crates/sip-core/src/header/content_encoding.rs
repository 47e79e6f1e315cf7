//! Content-Encoding and Content-Language (RFC 3261 sections 20.12 and 20.13).

use super::grammar::list_header;
use crate::token;

list_header! {
    /// What was done to the body, in that order: `gzip`.
    ContentEncoding, ',', token::is_token, str::eq_ignore_ascii_case
}
list_header! {
    /// The languages of the body.
    ContentLanguage, ',', token::is_token, str::eq_ignore_ascii_case
}
