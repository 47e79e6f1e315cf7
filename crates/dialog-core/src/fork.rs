//! One INVITE, several answers: forking proxies (RFC 3261 sections 12.1, 13.2.2.4 and 19.3), each branch with a To tag of
//! its own.

use std::fmt;

use rvoip_transaction_core::Ack;
use rvoip_transaction_core::sip_core::ByteString;
use smallvec::SmallVec;

use crate::CallKey;
use crate::invite::draft::Draft;
use crate::offer_answer::Proposal;

/// Branches of one INVITE that are kept apart.
pub const MAX_FORKS: usize = 16;

/// One of the called parties that a forked INVITE has reached, in the order in which they were first heard of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ForkId(pub(crate) u16);

impl fmt::Display for ForkId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// What a command about a session is for: a call, and before its answer one of the called parties.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Leg {
    /// The call.
    pub call: CallKey,
    /// The called party, while there may be several.
    pub fork: Option<ForkId>,
}

impl From<CallKey> for Leg {
    fn from(call: CallKey) -> Leg {
        Leg { call, fork: None }
    }
}

/// What a 2xx means, by its To tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The first 2xx of all: its dialog is the call.
    Winner(ForkId),
    /// A 2xx that came before: the same ACK again.
    Repeat,
    /// The first 2xx of another branch: ACK and BYE.
    Loser,
    /// One branch too many.
    Ignored,
}

#[derive(Debug)]
struct Fork {
    id: ForkId,
    tag: Option<ByteString>,
    answered: bool,
    /// The highest CSeq number of a request of ours in this branch, where one went out before its 2xx.
    number: u32,
    ack: Option<Ack>,
}

/// The branches of one INVITE. They live as long as its client transaction, which passes on every 2xx for 64*T1 after the
/// first.
#[derive(Debug, Default)]
pub struct Forks {
    forks: SmallVec<[Fork; 1]>,
    latest: u16,
    /// What the INVITE offers.
    pub(crate) proposal: Option<Proposal>,
    /// What else it is made of, when it begins a call.
    pub(crate) draft: Option<Draft>,
}

impl Forks {
    /// The branches of an INVITE that offers this, none yet.
    pub(crate) fn of(proposal: Option<Proposal>) -> Forks {
        Forks {
            proposal,
            ..Forks::default()
        }
    }

    /// The branch of a provisional response with this To tag; `None` when it is one too many.
    pub fn early(&mut self, tag: Option<&str>) -> Option<ForkId> {
        match self.find(tag) {
            Some(index) => Some(self.forks[index].id),
            None => (self.forks.len() < MAX_FORKS).then(|| self.add(tag)),
        }
    }

    /// Judges a 2xx with this To tag. It takes the place of a branch that has not answered when there is no other.
    pub fn success(&mut self, tag: Option<&str>) -> Verdict {
        let first = self.forks.iter().all(|fork| !fork.answered);
        let index = match self.find(tag) {
            Some(index) if self.forks[index].answered => return Verdict::Repeat,
            Some(index) => index,
            None => {
                if self.forks.len() == MAX_FORKS {
                    match self.forks.iter().position(|fork| !fork.answered) {
                        Some(silent) => drop(self.forks.remove(silent)),
                        None => return Verdict::Ignored,
                    }
                }
                self.add(tag);
                self.forks.len() - 1
            }
        };
        self.forks[index].answered = true;
        match first {
            true => Verdict::Winner(self.forks[index].id),
            false => Verdict::Loser,
        }
    }

    /// Whether a branch has answered with this To tag.
    pub fn knows(&self, tag: &str) -> bool {
        self.find(Some(tag)).is_some()
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

    /// A request of ours with this CSeq number went out in a branch.
    pub fn counted(&mut self, id: ForkId, number: u32) {
        if let Some(fork) = self.forks.iter_mut().find(|fork| fork.id == id) {
            fork.number = fork.number.max(number);
        }
    }

    /// The highest CSeq number that was counted for the branch with this To tag.
    pub fn number(&self, tag: Option<&str>) -> u32 {
        self.find(tag).map_or(0, |index| self.forks[index].number)
    }

    fn add(&mut self, tag: Option<&str>) -> ForkId {
        let id = ForkId(self.latest);
        self.latest = self.latest.wrapping_add(1);
        self.forks.push(Fork {
            id,
            tag: tag.map(ByteString::from),
            answered: false,
            number: 0,
            ack: None,
        });
        id
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
        assert_eq!(forks.early(Some("a")), Some(ForkId(0)));
        assert_eq!(forks.early(Some("b")), Some(ForkId(1)));
        assert_eq!(forks.early(Some("a")), Some(ForkId(0)));
        assert_eq!(forks.success(Some("b")), Verdict::Winner(ForkId(1)));
        assert_eq!(forks.success(Some("a")), Verdict::Loser);
        assert_eq!(forks.success(Some("c")), Verdict::Loser);
        for tag in ["a", "b", "c"] {
            assert_eq!(forks.success(Some(tag)), Verdict::Repeat);
        }
    }

    #[test]
    fn a_peer_without_tags_is_a_branch_too() {
        let mut forks = Forks::default();
        assert_eq!(forks.success(None), Verdict::Winner(ForkId(0)));
        assert_eq!(forks.success(None), Verdict::Repeat);
        assert!(forks.acknowledgement(None).is_none());
    }

    #[test]
    fn branches_are_bounded() {
        let mut forks = Forks::default();
        let mut success = |number: usize| forks.success(Some(&number.to_string()));
        assert_eq!(success(0), Verdict::Winner(ForkId(0)));
        assert!((1..MAX_FORKS).all(|number| success(number) == Verdict::Loser));
        assert_eq!(success(MAX_FORKS), Verdict::Ignored);
        assert_eq!(success(MAX_FORKS - 1), Verdict::Repeat);
    }

    #[test]
    fn a_flood_of_early_branches_keeps_no_answer_out() {
        let mut forks = Forks::default();
        for number in 0..MAX_FORKS {
            assert!(forks.early(Some(&number.to_string())).is_some());
        }
        assert_eq!(forks.early(Some("one more")), None);
        assert!(matches!(
            forks.success(Some("the answer")),
            Verdict::Winner(_)
        ));
    }

    #[test]
    fn numbers_of_a_branch_only_rise() {
        let mut forks = Forks::default();
        let id = forks.early(Some("a")).unwrap();
        forks.counted(id, 3);
        forks.counted(id, 2);
        assert_eq!((forks.number(Some("a")), forks.number(Some("b"))), (3, 0));
    }
}
