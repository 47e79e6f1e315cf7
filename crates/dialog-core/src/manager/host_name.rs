//! Hosts that are no servers of SIP: those that descriptions of media name in place of an address (RFC 8866 section 5.7).

use std::net::IpAddr;
use std::time::Instant;

use rvoip_transaction_core::sip_core::{Host, HostPort};
use rvoip_transaction_core::sip_transport::{LocateId, Location, Target};

use super::DialogManager;
use crate::SessionCoordinationEvent;

/// Any port: that one is said has nothing asked for but addresses (RFC 3263 section 4.2).
const DISCARD_PORT: u16 = 9;

/// How far the look for a host has come at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostLookup {
    /// Its addresses, best first.
    Known(Vec<IpAddr>),
    /// [`HostFound`](SessionCoordinationEvent::HostFound) will tell.
    Pending(LocateId),
}

impl DialogManager {
    /// Looks for the addresses of a host, by the resolver that servers are looked for with and within its limits; `None` when
    /// it is no host, or nobody can be asked now.
    pub fn look_up(&mut self, now: Instant, host: &str) -> Option<HostLookup> {
        let host: Host = host.parse().ok()?;
        let port = Some(DISCARD_PORT);
        let located = self.transactions.look_up(now, &HostPort { host, port });
        self.pump(now);
        Some(match located.ok()? {
            Location::Direct(target) => HostLookup::Known(vec![target.remote().ip()]),
            Location::Found(targets) => HostLookup::Known(addresses(&targets)),
            Location::Pending(search) => HostLookup::Pending(search),
        })
    }

    /// A host has been found, or not.
    pub(super) fn handle_host_found(&mut self, search: LocateId, targets: &[Target]) {
        let addresses = addresses(targets);
        self.emit(SessionCoordinationEvent::HostFound { search, addresses });
    }
}

fn addresses(targets: &[Target]) -> Vec<IpAddr> {
    targets.iter().map(|target| target.remote().ip()).collect()
}
