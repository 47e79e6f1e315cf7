//! Locating servers as a service of the layer: what is handed out, and what an operator can set about it.

use std::time::Duration;

use crate::Target;

/// A search for servers in progress; a number that is never used twice within a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocateId(pub u64);

/// How far a search for servers got at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// The place names its address.
    Direct(Target),
    /// All records are known; the targets, best first.
    Found(Vec<Target>),
    /// [`TransportEvent::Located`](crate::TransportEvent::Located) will tell.
    Pending(LocateId),
}

/// Settings of the location of servers.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LocationConfig {
    /// A question must be answered within this time. Default 4 s: two tries of a resolver, and within the five
    /// seconds in which people take a call for dead.
    pub lookup_timeout: Duration,
    /// Once an answer has come that leads on, the other open questions of its search are waited for no longer than
    /// this. Default 500 ms.
    pub lookup_patience: Duration,
    /// Questions open at a time. Default 256.
    pub max_lookups: usize,
    /// Searches open at a time. Default 4096.
    pub max_searches: usize,
    /// Answers remembered. Default 1024.
    pub max_answers: usize,
    /// Records are remembered for as long as they say, but no longer than this. Default one day.
    pub max_ttl: Duration,
    /// That there are no records is remembered for as long as the zone says (RFC 2308 section 5), but no longer than
    /// this, and for a tenth of it where the zone says nothing. Default 5 minutes.
    pub max_negative_ttl: Duration,
    /// A server that has failed comes after all others for this time, or for that of its Retry-After, but no longer
    /// than ten times this. Default one minute.
    pub unavailable_for: Duration,
    /// Servers remembered as failed. Default 1024.
    pub max_unavailable: usize,
}

impl Default for LocationConfig {
    fn default() -> Self {
        Self {
            lookup_timeout: Duration::from_secs(4),
            lookup_patience: Duration::from_millis(500),
            max_lookups: 256,
            max_searches: 4096,
            max_answers: 1024,
            max_ttl: Duration::from_secs(24 * 60 * 60),
            max_negative_ttl: Duration::from_secs(5 * 60),
            unavailable_for: Duration::from_secs(60),
            max_unavailable: 1024,
        }
    }
}
