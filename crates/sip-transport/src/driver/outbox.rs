//! Datagrams of one length to one destination, sent by one system call: the kernel cuts them apart (UDP segmentation).
//!
//! A system call costs more than all else that a short answer takes. Nothing is kept back beyond the turn.

use std::net::SocketAddr;

use bytes::Bytes;
use quinn_udp::Transmit;

/// Datagrams sent by one system call.
const DATAGRAMS: usize = 32;
/// The longest datagram that is joined to others: it has to pass every link uncut.
const OCTETS: usize = 1200;

pub(super) struct Outbox {
    destination: Option<SocketAddr>,
    /// All of one length, in their order.
    datagrams: Vec<Bytes>,
    most: usize,
    joined: Vec<u8>,
}

impl Outbox {
    /// An outbox for a kernel that takes so many `segments` at once.
    pub(super) fn new(segments: usize) -> Self {
        Self {
            destination: None,
            datagrams: Vec::new(),
            most: segments.min(DATAGRAMS),
            joined: Vec::new(),
        }
    }

    /// Whether a datagram may stand beside those that are here.
    pub(super) fn takes(&self, destination: SocketAddr, datagram: &[u8]) -> bool {
        let Some(first) = self.datagrams.first() else {
            return true;
        };
        self.destination == Some(destination)
            && first.len() == datagram.len()
            && datagram.len() <= OCTETS
            && self.datagrams.len() < self.most
    }

    pub(super) fn push(&mut self, destination: SocketAddr, datagram: Bytes) {
        self.destination = Some(destination);
        self.datagrams.push(datagram);
    }

    /// All that is here as one transmission, when there are several.
    pub(super) fn join(&mut self) -> Option<Transmit<'_>> {
        let segment_size = match &*self.datagrams {
            [first, _, ..] if !first.is_empty() => first.len(),
            _ => return None,
        };
        self.joined.clear();
        for datagram in &self.datagrams {
            self.joined.extend_from_slice(datagram);
        }
        Some(Transmit {
            destination: self.destination?,
            ecn: None,
            contents: &self.joined,
            segment_size: Some(segment_size),
            src_ip: None,
        })
    }

    pub(super) fn clear(&mut self) {
        self.datagrams.clear();
    }

    /// The datagram that came first.
    pub(super) fn pop(&mut self) -> Option<(SocketAddr, Bytes)> {
        if self.datagrams.is_empty() {
            return None;
        }
        Some((self.destination?, self.datagrams.remove(0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_alike_is_joined_in_order_and_nothing_else() {
        let [here, there] = [7, 8].map(|last| SocketAddr::from(([192, 0, 2, last], 5060)));
        let mut outbox = Outbox::new(64);
        outbox.push(here, Bytes::from_static(b"one"));
        assert!(outbox.join().is_none(), "one alone is sent as it is");
        assert!(outbox.takes(here, b"two"));
        assert!(!outbox.takes(there, b"two") && !outbox.takes(here, b"three"));
        outbox.push(here, Bytes::from_static(b"two"));
        let joined = outbox.join().unwrap();
        assert_eq!(
            (joined.contents, joined.segment_size),
            (&b"onetwo"[..], Some(3))
        );
        assert_eq!(outbox.pop(), Some((here, Bytes::from_static(b"one"))));
        assert_eq!(outbox.pop(), Some((here, Bytes::from_static(b"two"))));
        assert_eq!(outbox.pop(), None);
        assert!(outbox.takes(there, b"three"));
    }

    #[test]
    fn it_joins_no_more_than_the_kernel_takes_and_nothing_long() {
        let here = SocketAddr::from(([192, 0, 2, 7], 5060));
        for (segments, most) in [(1, 1), (64, DATAGRAMS)] {
            let mut outbox = Outbox::new(segments);
            while outbox.takes(here, b"x") {
                outbox.push(here, Bytes::from_static(b"x"));
            }
            assert_eq!(outbox.datagrams.len(), most);
        }
        let mut outbox = Outbox::new(64);
        let long = Bytes::from(vec![b'x'; OCTETS + 1]);
        outbox.push(here, long.clone());
        assert!(!outbox.takes(here, &long));
    }
}
