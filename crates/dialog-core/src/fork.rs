//! The several dialogs that one INVITE may make (RFC 3261 sections 12.1, 13.2.2.4; RFC 6026): proxies fork, and each
//! branch that answers has a To tag of its own.

use rvoip_transaction_core::Ack;
use rvoip_transaction_core::sip_core::ByteString;
use smallvec::SmallVec;

/// Branches of one INVITE whose 2xx is answered; those beyond are not.
const MAX_FORKS: usize = 16;

/// What a 2xx means, by its To tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The first 2xx of all: its dialog is the call.
    Winner,
    /// A 2xx that came before: the same ACK again.
    Repeat,
    /// The first 2xx of another branch: ACK and BYE.
    Loser,
    /// One branch too many.
    Ignored,
}

#[derive(Debug)]
struct Fork {
    tag: Option<ByteString>,
    ack: Option<Ack>,
}

/// The branches of one INVITE that have answered with 2xx; an early dialog leaves nothing here. It lives as long as the
/// INVITE's client transaction, which passes on every 2xx for 64*T1 after the first.
#[derive(Debug, Default)]
pub struct Forks {
    forks: SmallVec<[Fork; 1]>,
}

impl Forks {
    /// Judges a 2xx with this To tag.
    pub fn success(&mut self, tag: Option<&str>) -> Verdict {
        if self.find(tag).is_some() {
            return Verdict::Repeat;
        }
        if self.forks.len() == MAX_FORKS {
            return Verdict::Ignored;
        }
        self.forks.push(Fork {
            tag: tag.map(ByteString::from),
            ack: None,
        });
        match self.forks.len() {
            1 => Verdict::Winner,
            _ => Verdict::Loser,
        }
    }

    /// Keeps the ACK of the 2xx with this To tag.
    pub fn acknowledged(&mut self, tag: Option<&str>, ack: Ack) {
        if let Some(index) = self.find(tag) {
            self.forks[index].ack = Some(ack);
        }
    }

    /// The ACK that went out for the 2xx with this To tag.
    pub fn acknowledgement(&self, tag: Option<&str>) -> Option<&Ack> {
        self.forks[self.find(tag)?].ack.as_ref()
    }

    fn find(&self, tag: Option<&str>) -> Option<usize> {
        self.forks
            .iter()
            .position(|fork| fork.tag.as_deref() == tag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_2xx_wins_and_others_lose_once() {
        let mut forks = Forks::default();
        assert_eq!(forks.success(Some("b")), Verdict::Winner);
        assert_eq!(forks.success(Some("a")), Verdict::Loser);
        assert_eq!(forks.success(Some("c")), Verdict::Loser);
        for tag in ["a", "b", "c"] {
            assert_eq!(forks.success(Some(tag)), Verdict::Repeat);
        }
    }

    #[test]
    fn a_peer_without_tags_is_a_branch_too() {
        let mut forks = Forks::default();
        assert_eq!(forks.success(None), Verdict::Winner);
        assert_eq!(forks.success(None), Verdict::Repeat);
        assert!(forks.acknowledgement(None).is_none());
    }

    #[test]
    fn branches_are_bounded() {
        let mut forks = Forks::default();
        let mut success = |number: usize| forks.success(Some(&number.to_string()));
        assert_eq!(success(0), Verdict::Winner);
        assert!((1..MAX_FORKS).all(|number| success(number) == Verdict::Loser));
        assert_eq!(success(MAX_FORKS), Verdict::Ignored);
        assert_eq!(success(MAX_FORKS - 1), Verdict::Repeat);
    }
}
