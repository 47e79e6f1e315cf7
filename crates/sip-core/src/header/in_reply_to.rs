//! In-Reply-To (RFC 3261 section 20.21).

use super::grammar::{is_call_id, list_header};

list_header! {
    /// The Call-IDs of the calls that this one returns.
    InReplyTo, ',', is_call_id, str::eq
}
