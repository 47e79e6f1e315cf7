//! When two values say the same (RFC 3261 sections 7.3.1, 20.20, 20.39 and 20.42).

use std::collections::BTreeMap;

use super::{From, To, Via};
use crate::{NameAddr, Params};

/// Whether both are the same word: plain ones in any case, quoted ones to the letter.
pub(super) fn same_word(a: &str, b: &str) -> bool {
    a == b || !a.starts_with('"') && a.eq_ignore_ascii_case(b)
}

/// Whether both have the same parameters, in any order: names and plain values without regard to case, quoted values to
/// the letter (RFC 3261 section 7.3.1).
pub(super) fn same_params(a: &Params, b: &Params) -> bool {
    let sorted = |params: &Params| {
        let mut all: Vec<_> = params
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), value.map(fold)))
            .collect();
        all.sort_unstable();
        all
    };
    a == b || sorted(a) == sorted(b)
}

/// A value as it compares.
fn fold(value: &str) -> String {
    match value.starts_with('"') {
        true => value.to_owned(),
        false => value.to_ascii_lowercase(),
    }
}

/// Whether the address is the same, and so are the tag and each parameter that both have. Display names do not count.
fn same_party(a: &NameAddr, b: &NameAddr) -> bool {
    let by_name = |address: &NameAddr| -> BTreeMap<_, _> {
        let params = address.params().iter();
        params
            .map(|(name, value)| (name.to_ascii_lowercase(), value.map(fold)))
            .collect()
    };
    let (a_params, b_params) = (by_name(a), by_name(b));
    let agrees = |(name, value)| b_params.get(name).is_none_or(|other| other == value);
    a.uri().equivalent(b.uri())
        && a_params.get("tag") == b_params.get("tag")
        && a_params.iter().all(agrees)
}

impl From {
    /// Whether both name the same party: the same URI and tag; display names and the parameters of one alone do not count
    /// (RFC 3261 section 20.20).
    pub fn equivalent(&self, other: &From) -> bool {
        same_party(&self.0, &other.0)
    }
}

impl To {
    /// Whether both name the same party: the same URI and tag; display names and the parameters of one alone do not count
    /// (RFC 3261 section 20.39).
    pub fn equivalent(&self, other: &To) -> bool {
        same_party(&self.0, &other.0)
    }
}

impl Via {
    /// Whether both are the same hop: protocol, sent-by and all parameters (RFC 3261 section 20.42).
    pub fn equivalent(&self, other: &Via) -> bool {
        self.transport == other.transport
            && self.sent_by == other.sent_by
            && same_params(&self.params, &other.params)
    }
}
