//! History-Info (RFC 7044).

use super::grammar::name_addr_header;

name_addr_header! {
    /// A target the request has been sent to, the first first.
    HistoryInfo, Each
}

/// How a target came to be (RFC 7044 section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryTarget {
    /// `rc`: another address of the same user.
    RegisteredContact,
    /// `mp`: another user.
    MappedTarget,
    /// `np`: the target stayed as it was.
    NoChange,
}

impl HistoryInfo {
    /// The place of the target in the tree of all: `1.2.1`.
    pub fn index(&self) -> Option<&str> {
        let is_index = |index: &&str| {
            index.split('.').all(|number| {
                !number.is_empty() && number.bytes().all(|octet| octet.is_ascii_digit())
            })
        };
        self.0.params().get("index").filter(is_index)
    }

    /// How the target came to be, and the index of the target it came from.
    pub fn target(&self) -> Option<(HistoryTarget, &str)> {
        let marks = [
            ("rc", HistoryTarget::RegisteredContact),
            ("mp", HistoryTarget::MappedTarget),
            ("np", HistoryTarget::NoChange),
        ];
        marks
            .into_iter()
            .find_map(|(name, target)| Some((target, self.0.params().get(name)?)))
    }

    /// Why the request went on from this target: the Reason in the headers of its URI, still escaped.
    pub fn reason(&self) -> Option<&str> {
        let mut headers = self.uri().headers()?.iter();
        headers
            .find(|(name, _)| name.eq_ignore_ascii_case("Reason"))
            .map(|(_, value)| value)
    }
}
