//! Alert-Info, Call-Info and Error-Info (RFC 3261 sections 20.4, 20.9 and 20.18).

use super::grammar::name_addr_header;

name_addr_header! {
    /// Another ringing or ringback tone.
    AlertInfo, Each
}
name_addr_header! {
    /// More about the caller or the called party.
    CallInfo, Each
}
name_addr_header! {
    /// More about an error.
    ErrorInfo, Each
}

impl CallInfo {
    /// What the information is for: `icon`, `info`, `card`.
    pub fn purpose(&self) -> Option<&str> {
        self.0.params().get("purpose")
    }
}
