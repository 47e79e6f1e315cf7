//! The source on probation, and the address that it proves itself from.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::reception::Reception;

/// For so long an address has the place to itself: time for two of the longest packets that telephones send, and little for one
/// that only keeps others out.
const CHANCE: Duration = Duration::from_millis(200);

/// A source that is not valid yet.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) address: SocketAddr,
    /// When the address took the place; another source from there begins anew, its time does not.
    pub(super) since: Instant,
    pub(super) source: Reception,
}

impl Candidate {
    /// Whether it is not the turn of `address` yet.
    pub(super) fn keeps_out(&self, now: Instant, address: SocketAddr) -> bool {
        self.address != address && now.saturating_duration_since(self.since) < CHANCE
    }
}
