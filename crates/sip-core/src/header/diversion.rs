//! Diversion (RFC 5806).

use std::borrow::Cow;

use super::grammar::{name_addr_header, parse_number};
use crate::unquote;

name_addr_header! {
    /// Who sent the call elsewhere, the last first.
    Diversion, Each
}

impl Diversion {
    /// Why: `user-busy`, `no-answer`, `unconditional`.
    pub fn reason(&self) -> Option<Cow<'_, str>> {
        self.0.params().get("reason").map(unquote)
    }

    /// How many diversions this value stands for; 1 when it does not say.
    pub fn counter(&self) -> u32 {
        self.0
            .params()
            .get("counter")
            .and_then(parse_number)
            .unwrap_or(1)
    }

    /// What may be shown: `full`, `name`, `uri`, `off`.
    pub fn privacy(&self) -> Option<Cow<'_, str>> {
        self.0.params().get("privacy").map(unquote)
    }
}
