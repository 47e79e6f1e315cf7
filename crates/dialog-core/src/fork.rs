//! The several dialogs that one INVITE may make (RFC 3261 sections 12.1, 13.2.2.4; RFC 6026): proxies fork, and each
//! branch that answers has a To tag of its own.

use bytes::Bytes;
use rvoip_transaction_core::sip_core::ByteString;
use rvoip_transaction_core::sip_transport::Target;
use smallvec::SmallVec;

/// Branches of one INVITE that are told apart; those beyond are not followed.
const MAX_FORKS: usize = 16;

/// An ACK that went out, kept for the repeats of its 2xx.
#[derive(Clone, Debug)]
pub struct Acknowledgement {
    /// The octets as sent.
    pub octets: Bytes,
    /// Where they went.
    pub target: Target,
}

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
    answered: bool,
    ack: Option<Acknowledgement>,
}

/// The branches of one INVITE. It lives as long as the INVITE's client transaction, which passes on every 2xx for
/// 64*T1 after the first.
#[derive(Debug, Default)]
pub struct Forks {
    forks: SmallVec<[Fork; 1]>,
}

impl Forks {
    /// Notes a provisional response with this To tag; true when it makes a new early dialog.
    pub fn early(&mut self, tag: Option<&str>) -> bool {
        tag.is_some() && self.find(tag).is_none() && self.add(tag).is_some()
    }

    /// Judges a 2xx with this To tag.
    pub fn success(&mut self, tag: Option<&str>) -> Verdict {
        let won = self.forks.iter().any(|fork| fork.answered);
        let Some(index) = self.find(tag).or_else(|| self.add(tag)) else {
            return Verdict::Ignored;
        };
        let fork = &mut self.forks[index];
        match std::mem::replace(&mut fork.answered, true) {
            true => Verdict::Repeat,
            false if won => Verdict::Loser,
            false => Verdict::Winner,
        }
    }

    /// Keeps the ACK of the 2xx with this To tag.
    pub fn acknowledged(&mut self, tag: Option<&str>, ack: Acknowledgement) {
        if let Some(index) = self.find(tag) {
            self.forks[index].ack = Some(ack);
        }
    }

    /// The ACK that went out for the 2xx with this To tag.
    pub fn acknowledgement(&self, tag: Option<&str>) -> Option<&Acknowledgement> {
        self.forks[self.find(tag)?].ack.as_ref()
    }

    fn find(&self, tag: Option<&str>) -> Option<usize> {
        self.forks
            .iter()
            .position(|fork| fork.tag.as_deref() == tag)
    }

    fn add(&mut self, tag: Option<&str>) -> Option<usize> {
        (self.forks.len() < MAX_FORKS).then(|| {
            self.forks.push(Fork {
                tag: tag.map(ByteString::from),
                answered: false,
                ack: None,
            });
            self.forks.len() - 1
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_2xx_wins_and_others_lose_once() {
        let mut forks = Forks::default();
        assert!(forks.early(Some("a")));
        assert!(!forks.early(Some("a")));
        assert!(forks.early(Some("b")));
        assert!(!forks.early(None));
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
        for number in 0..MAX_FORKS {
            assert!(forks.early(Some(&number.to_string())));
        }
        assert!(!forks.early(Some("one more")));
        assert_eq!(forks.success(Some("one more")), Verdict::Ignored);
        assert_eq!(forks.success(Some("0")), Verdict::Winner);
    }
}
