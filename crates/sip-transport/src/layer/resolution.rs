//! Names being resolved: bounded in number and time, each answered exactly once.

use std::collections::BTreeMap;
use std::time::Instant;

use rvoip_sip_core::Host;

use super::TransportLayer;
use crate::{Output, ResolveId, TransportError, TransportEvent};

/// The open questions. All have the same time, so the oldest is due first.
#[derive(Debug, Default)]
pub(super) struct Resolutions {
    open: BTreeMap<ResolveId, Instant>,
    asked: u64,
}

impl Resolutions {
    fn next_id(&mut self) -> ResolveId {
        self.asked += 1;
        ResolveId(self.asked)
    }

    /// Closes a question; `false` when it was not open.
    pub(super) fn finish(&mut self, query: ResolveId) -> bool {
        self.open.remove(&query).is_some()
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.open.first_key_value().map(|(_, &due)| due)
    }

    pub(super) fn poll_expired(&mut self, now: Instant) -> Option<ResolveId> {
        let (&query, _) = self
            .open
            .first_key_value()
            .filter(|(_, due)| **due <= now)?;
        self.open.remove(&query);
        Some(query)
    }
}

impl TransportLayer {
    /// Asks for the addresses of a host; [`TransportEvent::Resolved`] answers, for an IP address
    /// without asking anybody.
    ///
    /// # Errors
    /// [`TransportError::TooManyResolutions`].
    pub fn resolve(&mut self, now: Instant, host: &Host) -> Result<ResolveId, TransportError> {
        let name = match host {
            Host::Name(name) => name.clone(),
            Host::V4(_) | Host::V6(_) => {
                let query = self.resolutions.next_id();
                let addresses = host.to_ip().into_iter().collect();
                self.events
                    .push_back(TransportEvent::Resolved { query, addresses });
                return Ok(query);
            }
        };
        let limit = self.config.max_resolutions;
        if self.resolutions.open.len() >= limit {
            return Err(TransportError::TooManyResolutions { limit });
        }
        let query = self.resolutions.next_id();
        self.resolutions
            .open
            .insert(query, now + self.config.resolve_timeout);
        self.wire.push_back(Output::Resolve { query, host: name });
        Ok(query)
    }
}
