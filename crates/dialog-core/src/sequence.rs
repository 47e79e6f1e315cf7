//! The two CSeq counters of a dialog (RFC 3261 sections 12.2.1.1 and 12.2.2).

/// The order of requests in a dialog, each direction counted by its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sequence {
    local: u32,
    remote: Option<u32>,
}

/// What a CSeq number of the peer says about its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// Higher than all before: the next request. Holes are legal.
    InOrder,
    /// Not higher: late or repeated, answered 500 (section 12.2.2).
    OutOfOrder,
}

/// CSeq numbers stay below 2^31 (section 8.1.1.5).
const LIMIT: u32 = 1 << 31;

impl Sequence {
    /// A dialog whose last request of ours is `local`, and whose peer's last is `remote`, if it has sent any.
    pub const fn new(local: u32, remote: Option<u32>) -> Sequence {
        Sequence { local, remote }
    }

    /// The number of our last request.
    pub const fn local(&self) -> u32 {
        self.local
    }

    /// The number of the peer's last request.
    pub const fn remote(&self) -> Option<u32> {
        self.remote
    }

    /// Counts a new request of ours; `None` when a dialog has used up all numbers.
    pub fn advance(&mut self) -> Option<u32> {
        let next = self.local.checked_add(1).filter(|next| *next < LIMIT)?;
        self.local = next;
        Some(next)
    }

    /// Numbers up to this one have gone out.
    pub fn pass(&mut self, number: u32) {
        self.local = self.local.max(number);
    }

    /// Judges a request of the peer, and remembers its number when it is in order. ACK and CANCEL carry the number of
    /// their INVITE and are not judged.
    pub fn arrive(&mut self, number: u32) -> Arrival {
        if self.remote.is_some_and(|last| number <= last) {
            return Arrival::OutOfOrder;
        }
        self.remote = Some(number);
        Arrival::InOrder
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_are_legal_and_repeats_are_not() {
        let mut sequence = Sequence::new(1, None);
        assert_eq!(sequence.arrive(0), Arrival::InOrder);
        assert_eq!(sequence.arrive(7), Arrival::InOrder);
        assert_eq!(sequence.arrive(7), Arrival::OutOfOrder);
        assert_eq!(sequence.arrive(6), Arrival::OutOfOrder);
        assert_eq!(sequence.arrive(LIMIT - 1), Arrival::InOrder);
        assert_eq!(sequence.remote(), Some(LIMIT - 1));
    }

    #[test]
    fn our_numbers_rise_by_one_and_end_below_two_to_the_31() {
        let mut sequence = Sequence::new(1, Some(4));
        assert_eq!(sequence.advance(), Some(2));
        assert_eq!(sequence.local(), 2);
        assert_eq!(Sequence::new(LIMIT - 1, None).advance(), None);
    }
}
