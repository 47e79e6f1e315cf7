//! Which source addresses a port accepts packets from (symmetric RTP, RFC 4961).

use std::net::SocketAddr;

/// Which packets are let in, by where they come from.
///
/// Packets are always sent to the signalled address, whatever this says: an address that was only heard from is never
/// sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AcceptFrom {
    /// Only packets from the signalled address.
    SignalledOnly,
    /// Packets from the first address that proves to be a source; as soon as the signalled address is heard from,
    /// only packets from there. This lets in a peer behind a NAT, whose packets come from another port than it said.
    #[default]
    AnyUntilFirst,
}

/// The filter of one socket.
#[derive(Debug, Clone)]
pub struct Latch {
    policy: AcceptFrom,
    signalled: Option<SocketAddr>,
    heard: Option<SocketAddr>,
}

impl Latch {
    /// A filter that has heard nobody.
    #[must_use]
    pub fn new(policy: AcceptFrom, signalled: Option<SocketAddr>) -> Latch {
        Latch {
            policy,
            signalled,
            heard: None,
        }
    }

    /// Takes a new signalled address; when it differs, what was heard is forgotten.
    pub fn set_signalled(&mut self, signalled: Option<SocketAddr>) {
        if self.signalled != signalled {
            *self = Latch::new(self.policy, signalled);
        }
    }

    /// The address that signalling named, which is the one to send to.
    #[must_use]
    pub fn signalled(&self) -> Option<SocketAddr> {
        self.signalled
    }

    /// The address that packets come from.
    #[must_use]
    pub fn heard(&self) -> Option<SocketAddr> {
        self.heard
    }

    /// Whether a packet from `source` may be looked at.
    #[must_use]
    pub fn accepts(&self, source: SocketAddr) -> bool {
        self.is_signalled(source)
            || self.policy == AcceptFrom::AnyUntilFirst
                && self.heard.is_none_or(|heard| heard == source)
    }

    /// Whether `source` is the signalled address.
    #[must_use]
    pub fn is_signalled(&self, source: SocketAddr) -> bool {
        self.signalled == Some(source)
    }

    /// Locks onto `source`, an accepted address from which a valid packet came.
    pub fn lock(&mut self, source: SocketAddr) {
        self.heard = Some(source);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    #[test]
    fn signalled_only_lets_nobody_else_in() {
        let latch = Latch::new(AcceptFrom::SignalledOnly, Some(address(1)));
        assert!(latch.accepts(address(1)));
        assert!(!latch.accepts(address(2)));
        assert!(!Latch::new(AcceptFrom::SignalledOnly, None).accepts(address(1)));
    }

    #[test]
    fn the_first_source_shuts_out_all_others_but_the_signalled_one() {
        let mut latch = Latch::new(AcceptFrom::AnyUntilFirst, Some(address(1)));
        assert!(latch.accepts(address(2)) && latch.accepts(address(3)));
        latch.lock(address(2));
        assert!(
            latch.accepts(address(1)) && latch.accepts(address(2)) && !latch.accepts(address(3))
        );
        latch.lock(address(1));
        assert!(latch.accepts(address(1)) && !latch.accepts(address(2)));
    }

    #[test]
    fn only_another_signalled_address_forgets_what_was_heard() {
        let mut latch = Latch::new(AcceptFrom::AnyUntilFirst, Some(address(1)));
        latch.lock(address(2));
        latch.set_signalled(Some(address(1)));
        assert_eq!(latch.heard(), Some(address(2)));
        latch.set_signalled(Some(address(4)));
        assert_eq!((latch.heard(), latch.signalled()), (None, Some(address(4))));
    }
}
