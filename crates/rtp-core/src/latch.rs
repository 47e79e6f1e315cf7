//! Which address a socket's peer is at: the signalled one, or the one that its packets come from (symmetric RTP, RFC 4961;
//! latching behind NATs, RFC 7362).

use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Whether an address that packets come from takes the place of the signalled one, for sending too.
///
/// Whatever the policy, packets from the signalled address are let in, and once they come from there nothing else is;
/// nothing is sent before signalling has named an address. Until then one address at a time is heard, if the policy lets any
/// prove itself: media may be faster than the answer to our offer (RFC 3264 section 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Latching {
    /// Never: packets come from the signalled address and go there.
    Off,
    /// Until one has proved itself, and not again until signalling names another address.
    UntilConfirmed,
    /// As before, and again when the peer was silent for [`Latch::SILENCE`] and the same source goes on elsewhere with
    /// its next sequence numbers: a NAT gave it another address.
    #[default]
    Always,
}

/// What a socket thinks of a source address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is the peer: the signalled address, or the one that proved itself.
    Peer,
    /// It may prove itself.
    Stranger,
    /// It may be the peer at a new address, if it goes on exactly where the peer stopped.
    Moved,
    /// It is let in no further.
    Foreign,
}

/// The peer's address on one socket.
#[derive(Debug, Clone)]
pub struct Latch {
    policy: Latching,
    signalled: Option<SocketAddr>,
    /// Where packets come from, and when the last one did.
    heard: Option<(SocketAddr, Instant)>,
    /// Where they came from until signalling named another address at that time.
    left: Option<(SocketAddr, Instant)>,
}

impl Latch {
    /// How long the peer must have been silent before it can be elsewhere without signalling.
    pub const SILENCE: Duration = Duration::from_secs(2);

    /// A latch that has heard nobody.
    #[must_use]
    pub fn new(policy: Latching) -> Latch {
        Latch {
            policy,
            signalled: None,
            heard: None,
            left: None,
        }
    }

    /// Takes a new signalled address; when it differs, what was heard is forgotten, and for [`Latch::SILENCE`] packets
    /// that are still under way from there do not count as heard.
    pub fn set_signalled(&mut self, now: Instant, signalled: Option<SocketAddr>) {
        if self.signalled != signalled {
            self.signalled = signalled;
            self.left = self.heard.take().map(|(address, _)| (address, now));
        }
    }

    /// The address that signalling named.
    #[must_use]
    pub fn signalled(&self) -> Option<SocketAddr> {
        self.signalled
    }

    /// The address that packets come from.
    #[must_use]
    pub fn heard(&self) -> Option<SocketAddr> {
        self.heard.map(|(address, _)| address)
    }

    /// Where to send: the address that packets come from, before that the signalled one; nowhere before signalling has
    /// named one, or while it names none (RFC 3264 8.4: all zeros).
    #[must_use]
    pub fn destination(&self) -> Option<SocketAddr> {
        let signalled = self.signalled?;
        let absent = signalled.ip().is_unspecified() || signalled.port() == 0;
        (!absent).then(|| self.heard().unwrap_or(signalled))
    }

    /// What to think of a packet from `source`.
    #[must_use]
    pub fn judge(&self, now: Instant, source: SocketAddr) -> Standing {
        if self.is_signalled(source) {
            return Standing::Peer;
        }
        match (self.policy, self.heard) {
            (Latching::Off, _) => Standing::Foreign,
            (_, None) => Standing::Stranger,
            (_, Some((heard, _))) if heard == source => Standing::Peer,
            // Nobody has been named: who was first and is silent keeps no other out.
            (_, Some((_, at))) if self.signalled.is_none() && is_silent(now, at) => {
                Standing::Stranger
            }
            (Latching::Always, Some((_, at))) if is_silent(now, at) => Standing::Moved,
            _ => Standing::Foreign,
        }
    }

    /// Whether `source` is the signalled address.
    #[must_use]
    pub fn is_signalled(&self, source: SocketAddr) -> bool {
        self.signalled == Some(source)
    }

    /// Whether packets came from `source` until signalling named another address, less than [`Latch::SILENCE`] ago: whoever
    /// proves itself takes precedence.
    #[must_use]
    pub fn is_left(&self, now: Instant, source: SocketAddr) -> bool {
        let left = self.left.filter(|_| !self.is_signalled(source));
        left.is_some_and(|(left, since)| left == source && !is_silent(now, since))
    }

    /// Takes note of a valid packet from `source`, which is not [`Standing::Foreign`].
    pub fn hear(&mut self, now: Instant, source: SocketAddr) {
        if !self.is_left(now, source) {
            self.heard = Some((source, now));
        }
    }

    /// The address that the socket may be connected to, so that the kernel keeps everything else out: the signalled one
    /// while packets come from it; when they stop, the peer may be elsewhere.
    #[must_use]
    pub fn connectable(&self, now: Instant) -> Option<SocketAddr> {
        let (heard, at) = self.heard?;
        (self.is_signalled(heard) && !is_silent(now, at)).then_some(heard)
    }
}

fn is_silent(now: Instant, since: Instant) -> bool {
    now.saturating_duration_since(since) >= Latch::SILENCE
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNALLED: u16 = 1;
    const HEARD: u16 = 2;
    const OTHER: u16 = 3;
    const POLICIES: [Latching; 3] = [Latching::Off, Latching::UntilConfirmed, Latching::Always];

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, 1], port))
    }

    fn latch(now: Instant, policy: Latching, heard: Option<u16>) -> Latch {
        let mut latch = Latch::new(policy);
        latch.set_signalled(now, Some(address(SIGNALLED)));
        if let Some(port) = heard {
            latch.hear(now, address(port));
        }
        latch
    }

    /// Every policy, whoever was heard, before and after the silence, and every kind of source.
    #[test]
    fn the_grid() {
        use Standing::{Foreign, Moved, Peer, Stranger};
        let now = Instant::now();
        let table = [
            // Heard, silent; then Off, UntilConfirmed, Always for the address heard and for another one.
            (
                None,
                false,
                [Foreign, Stranger, Stranger],
                [Foreign, Stranger, Stranger],
            ),
            (
                None,
                true,
                [Foreign, Stranger, Stranger],
                [Foreign, Stranger, Stranger],
            ),
            (
                Some(HEARD),
                false,
                [Foreign, Peer, Peer],
                [Foreign, Foreign, Foreign],
            ),
            (
                Some(HEARD),
                true,
                [Foreign, Peer, Peer],
                [Foreign, Foreign, Moved],
            ),
            (Some(SIGNALLED), false, [Foreign; 3], [Foreign; 3]),
            (
                Some(SIGNALLED),
                true,
                [Foreign, Foreign, Moved],
                [Foreign, Foreign, Moved],
            ),
        ];
        for (heard, silent, of_heard, of_other) in table {
            for (n, policy) in POLICIES.into_iter().enumerate() {
                let latch = latch(now, policy, heard);
                let at = if silent { now + Latch::SILENCE } else { now };
                let case = (policy, heard, silent);
                assert_eq!(latch.judge(at, address(SIGNALLED)), Peer, "{case:?}");
                assert_eq!(latch.judge(at, address(HEARD)), of_heard[n], "{case:?}");
                assert_eq!(latch.judge(at, address(OTHER)), of_other[n], "{case:?}");
            }
        }
    }

    #[test]
    fn nothing_is_sent_before_signalling_has_named_an_address() {
        let now = Instant::now();
        let mut latch = Latch::new(Latching::Always);
        assert_eq!(latch.judge(now, address(HEARD)), Standing::Stranger);
        latch.hear(now, address(HEARD));
        assert_eq!(latch.destination(), None);
        latch.set_signalled(now, Some(address(SIGNALLED)));
        assert_eq!(
            (latch.destination(), latch.heard()),
            (Some(address(SIGNALLED)), None)
        );
        latch.hear(now, address(OTHER));
        assert_eq!(latch.destination(), Some(address(OTHER)));
        latch.set_signalled(now, Some(SocketAddr::from(([0; 4], 4000))));
        assert_eq!(latch.destination(), None, "the peer wants nothing");
    }

    /// Before signalling names an address one at a time is heard, by the policy, and one who is silent keeps nobody out.
    #[test]
    fn the_grid_before_an_address_is_named() {
        use Standing::{Foreign, Peer, Stranger};
        let now = Instant::now();
        for (policy, first, heard, other) in [
            (Latching::Off, Foreign, Foreign, [Foreign; 2]),
            (
                Latching::UntilConfirmed,
                Stranger,
                Peer,
                [Foreign, Stranger],
            ),
            (Latching::Always, Stranger, Peer, [Foreign, Stranger]),
        ] {
            let mut latch = Latch::new(policy);
            assert_eq!(latch.judge(now, address(HEARD)), first, "{policy:?}");
            latch.hear(now, address(HEARD));
            for (at, other) in [now, now + Latch::SILENCE].into_iter().zip(other) {
                assert_eq!(latch.judge(at, address(HEARD)), heard, "{policy:?}");
                assert_eq!(latch.judge(at, address(OTHER)), other, "{policy:?}");
            }
            assert_eq!(latch.destination(), None);
            assert_eq!(latch.connectable(now), None);
        }
    }

    #[test]
    fn packets_under_way_from_an_address_that_was_left_do_not_call_back() {
        let now = Instant::now();
        let mut latch = latch(now, Latching::Always, Some(HEARD));
        latch.set_signalled(now, Some(address(SIGNALLED)));
        assert_eq!(
            latch.heard(),
            Some(address(HEARD)),
            "the same address is no change"
        );
        latch.set_signalled(now, Some(address(9)));
        latch.hear(now, address(HEARD));
        assert_eq!(latch.destination(), Some(address(9)));
        latch.hear(now + Latch::SILENCE, address(HEARD));
        assert_eq!(
            latch.destination(),
            Some(address(HEARD)),
            "it did not leave"
        );
        latch.set_signalled(now, Some(address(HEARD)));
        latch.hear(now, address(HEARD));
        assert_eq!(latch.connectable(now), Some(address(HEARD)));
    }

    #[test]
    fn only_the_signalled_address_is_connected_to_and_only_while_it_sends() {
        let now = Instant::now();
        assert_eq!(latch(now, Latching::Always, None).connectable(now), None);
        assert_eq!(
            latch(now, Latching::Always, Some(HEARD)).connectable(now),
            None
        );
        let latch = latch(now, Latching::Always, Some(SIGNALLED));
        let almost = now + Latch::SILENCE - Duration::from_nanos(1);
        assert_eq!(latch.connectable(almost), Some(address(SIGNALLED)));
        assert_eq!(latch.connectable(now + Latch::SILENCE), None);
    }
}
