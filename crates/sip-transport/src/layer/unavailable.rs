//! Servers that have failed lately: the next request does not wait for them again (RFC 3263 section 4.3).

use std::collections::{BTreeSet, HashMap};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::TransportLayer;
use crate::{Target, TransportKind};

/// How many times the usual period a server may be kept out at its own wish.
const LONGEST: u32 = 10;

type Server = (TransportKind, SocketAddr);

#[derive(Debug, Default)]
pub(super) struct Unavailable {
    until: HashMap<Server, Instant>,
    expiring: BTreeSet<(Instant, Server)>,
}

impl Unavailable {
    fn note(&mut self, server: Server, until: Instant, most: usize) {
        self.forget(&server);
        while self.until.len() >= most
            && let Some((_, oldest)) = self.expiring.pop_first()
        {
            self.until.remove(&oldest);
        }
        if most > 0 {
            self.until.insert(server, until);
            self.expiring.insert((until, server));
        }
    }

    fn forget(&mut self, server: &Server) {
        if let Some(until) = self.until.remove(server) {
            self.expiring.remove(&(until, *server));
        }
    }

    fn forget_old(&mut self, now: Instant) {
        while let Some((until, server)) = self.expiring.first().copied()
            && until <= now
        {
            self.expiring.pop_first();
            self.until.remove(&server);
        }
    }
}

fn server(target: &Target) -> Server {
    (target.kind(), target.remote())
}

impl TransportLayer {
    /// Notes that a server has failed: it kept silent, could not be reached, or answered 503 with a Retry-After of so
    /// long (RFC 3261 section 21.5.4).
    pub fn target_failed(&mut self, now: Instant, target: &Target, retry_after: Option<Duration>) {
        let config = &self.config.location;
        let longest = config.unavailable_for.saturating_mul(LONGEST);
        let lasts = retry_after.map_or(config.unavailable_for, |wish| wish.min(longest));
        tracing::debug!(?target, ?lasts, "server unavailable");
        self.unavailable
            .note(server(target), now + lasts, config.max_unavailable);
    }

    /// Notes that a server answers.
    pub fn target_works(&mut self, target: &Target) {
        if !self.unavailable.until.is_empty() {
            self.unavailable.forget(&server(target));
        }
    }

    /// Takes out of a list the target to try next: the first that has not failed lately, or else the first.
    pub fn take_target(&mut self, now: Instant, targets: &mut Vec<Target>) -> Option<Target> {
        self.unavailable.forget_old(now);
        let known = &self.unavailable.until;
        let place = targets
            .iter()
            .position(|target| !known.contains_key(&server(target)));
        match targets.is_empty() {
            true => None,
            false => Some(targets.remove(place.unwrap_or(0))),
        }
    }
}
