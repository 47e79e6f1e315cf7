//! Expires and Min-Expires (RFC 3261 sections 20.19 and 20.23).

use super::grammar::number_header;

number_header! {
    /// A lifetime in seconds.
    Expires, 0..
}
number_header! {
    /// The shortest lifetime a registrar or notifier takes, in seconds; stands in a 423.
    MinExpires, 0..
}
