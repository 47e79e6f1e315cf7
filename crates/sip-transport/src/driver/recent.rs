//! Where datagrams went of late, to tell whom an ICMP error is about.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

/// Destinations that are remembered.
const DESTINATIONS: usize = 16;
/// For how long: the system keeps an error until the next datagram is sent, and what that one begins is not to fail by what
/// happened before. What a transaction repeats follows within T2, which is 4 s.
const LIFETIME: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(super) struct RecentDestinations {
    /// And when something was sent there last, the latest at the end.
    sent: VecDeque<(SocketAddr, Instant)>,
}

impl RecentDestinations {
    pub(super) fn note(&mut self, now: Instant, destination: SocketAddr) {
        match self.sent.back_mut() {
            Some((latest, at)) if *latest == destination => *at = now,
            _ => {
                if self.sent.len() == DESTINATIONS {
                    self.sent.pop_front();
                }
                self.sent.push_back((destination, now));
            }
        }
    }

    /// The destination at this host, unless there are several.
    pub(super) fn only_one_of(&mut self, now: Instant, host: IpAddr) -> Option<SocketAddr> {
        let is_old = |at: Instant| now.saturating_duration_since(at) > LIFETIME;
        while self.sent.front().is_some_and(|(_, at)| is_old(*at)) {
            self.sent.pop_front();
        }
        let sent = self.sent.iter().map(|(destination, _)| *destination);
        let mut at_host = sent.filter(|destination| destination.ip() == host);
        let first = at_host.next()?;
        at_host.all(|other| other == first).then_some(first)
    }
}
