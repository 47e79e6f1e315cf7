//! The identity of a session.

use std::fmt;
use std::str::FromStr;

/// Names one call of one coordinator; never used twice.
///
/// Displayed as sixteen hexadecimal digits, and parsed back from them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(u64);

impl SessionId {
    pub(crate) const fn new(generation: u32, slot: u32) -> Self {
        SessionId(((generation as u64) << 32) | slot as u64)
    }

    pub(crate) const fn slot(self) -> usize {
        (self.0 & 0xffff_ffff) as usize
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SessionId({self})")
    }
}

impl FromStr for SessionId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(SessionId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_shown_and_read_back() {
        let id = SessionId::new(3, 7);
        assert_eq!(id.to_string(), "0000000300000007");
        assert_eq!(id.to_string().parse::<SessionId>(), Ok(id));
        assert_eq!(id.slot(), 7);
    }
}
