//! User-Agent and Server (RFC 3261 sections 20.41 and 20.35).

use super::grammar::text_header;

text_header! {
    /// The software that made the request: `rvoip/0.1`.
    UserAgent, |_| true
}
text_header! {
    /// The software that made the response.
    Server, |_| true
}
