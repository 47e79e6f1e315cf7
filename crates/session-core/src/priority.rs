//! How urgent a session is: data for the application's own scheduling.

use std::fmt;

/// How urgent a session is to the application. Ordered: an emergency is greatest. Nothing in this crate acts upon it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
#[repr(u8)]
pub enum SessionPriority {
    /// May wait.
    Low,
    /// As most.
    #[default]
    Normal,
    /// Before most.
    High,
    /// Before all others.
    Emergency,
}

impl SessionPriority {
    /// All priorities, the least urgent first.
    pub const ALL: [SessionPriority; 4] = [
        SessionPriority::Low,
        SessionPriority::Normal,
        SessionPriority::High,
        SessionPriority::Emergency,
    ];

    pub(crate) fn from_index(index: u8) -> Self {
        let known = Self::ALL.get(usize::from(index));
        known.copied().unwrap_or_default()
    }
}

impl fmt::Display for SessionPriority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SessionPriority::Low => "low",
            SessionPriority::Normal => "normal",
            SessionPriority::High => "high",
            SessionPriority::Emergency => "emergency",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_are_ordered_and_found_by_their_index() {
        assert!(SessionPriority::ALL.is_sorted());
        for priority in SessionPriority::ALL {
            assert_eq!(SessionPriority::from_index(priority as u8), priority);
        }
        assert_eq!(SessionPriority::default(), SessionPriority::Normal);
    }
}
