//! How many connections there are, by what limits ask for.

use std::collections::HashMap;
use std::net::IpAddr;

use super::Stage;
use crate::{ConnectionId, Flow};

/// Counts that are kept, so that no limit has to look through all connections.
#[derive(Debug, Default)]
pub(crate) struct Census {
    /// Connections that peers opened.
    pub(crate) accepted: usize,
    /// Connections that are being established.
    pub(crate) connecting: usize,
    /// Octets that wait for connections being established.
    pub(crate) queued_octets: usize,
    by_host: HashMap<IpAddr, usize>,
}

impl Census {
    /// Connections that a host opened.
    pub(crate) fn accepted_from(&self, host: IpAddr) -> usize {
        self.by_host.get(&host).copied().unwrap_or_default()
    }

    pub(super) fn enters(&mut self, id: ConnectionId, flow: &Flow, stage: &Stage) {
        if id.is_accepted() {
            *self.by_host.entry(flow.remote.ip()).or_default() += 1;
            self.accepted += 1;
        }
        if let Stage::Connecting { .. } = stage {
            self.connecting += 1;
        }
    }

    pub(super) fn established(&mut self, queued_octets: usize) {
        self.connecting -= 1;
        self.queued_octets -= queued_octets;
    }

    pub(super) fn leaves(&mut self, id: ConnectionId, flow: &Flow, stage: &Stage) {
        if let Stage::Connecting { queued_octets, .. } = stage {
            self.established(*queued_octets);
        }
        if id.is_accepted() {
            self.accepted -= 1;
            let host = flow.remote.ip();
            match self.by_host.get_mut(&host) {
                Some(count) if *count > 1 => *count -= 1,
                _ => _ = self.by_host.remove(&host),
            }
        }
    }
}
