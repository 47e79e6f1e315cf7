//! Refer-To (RFC 3515), Referred-By (RFC 3892) and Refer-Sub (RFC 4488).

use super::grammar::{name_addr_header, word_params_header};

name_addr_header! {
    /// Whom to call instead; a header `Replaces` of its URI names the call to take over.
    ReferTo, One
}
name_addr_header! {
    /// Who asked for the call.
    ReferredBy, One
}
word_params_header! {
    /// Whether a REFER makes a subscription.
    ReferSub, One,
    /// `true` or `false` as it stands.
    text, |text| text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
}

impl ReferSub {
    /// Whether the subscription is wanted.
    pub fn is_wanted(&self) -> bool {
        self.text.eq_ignore_ascii_case("true")
    }
}
