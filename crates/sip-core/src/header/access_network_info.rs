//! P-Access-Network-Info (RFC 7315 section 5.4).

use super::grammar::word_params_header;
use crate::token;

word_params_header! {
    /// The network that the sender is attached to.
    PAccessNetworkInfo, Each,
    /// The type or class of the access as it stands: `3GPP-E-UTRAN-FDD`, `IEEE-802.11`.
    access, token::is_token
}
