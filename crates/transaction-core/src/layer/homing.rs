//! Responses that no address brings home: the host that their Via names is looked for (RFC 3263 section 5).

use std::collections::HashMap;
use std::io;
use std::time::Instant;

use rvoip_sip_transport::sip_core::Message;
use rvoip_sip_transport::{LocateId, Location, Target};

use super::TransactionLayer;
use super::send::reread;
use crate::TransactionEvent;
use crate::key::Key;

/// Responses looked for at a time: strangers write the Vias.
const MAX_SEARCHES: usize = 32;

/// The server transactions whose responses are on such a way.
#[derive(Debug, Default)]
pub(super) struct Homing {
    searches: HashMap<LocateId, Key>,
    /// What is left to try; nothing while it is looked for.
    targets: HashMap<Key, Vec<Target>>,
}

impl Homing {
    /// Forgets a transaction that has ended.
    pub(super) fn forget(&mut self, key: Key) {
        if !self.targets.is_empty() && self.targets.remove(&key).is_some() {
            self.searches.retain(|_, searching| *searching != key);
        }
    }
}

impl TransactionLayer {
    /// Sends the response of a transaction to where its Via leads by name, to the next place if one has failed. `false`
    /// when there is none.
    pub(super) fn bring_home(&mut self, now: Instant, key: Key) -> bool {
        if self.homing.targets.contains_key(&key) {
            return self.try_home(now, key);
        }
        let transaction = self.store.get(key);
        let server = transaction.filter(|transaction| !transaction.machine.is_client());
        let kept = server.map(|transaction| &transaction.kept);
        let Some(Message::Response(response)) = kept.and_then(reread) else {
            return false;
        };
        let Some(flow) = self.store.flow(key) else {
            return false;
        };
        if self.homing.searches.len() >= MAX_SEARCHES {
            return false;
        }
        match self.transport.locate_response(now, &response, flow.kind) {
            Some(Ok(Location::Direct(target))) => {
                self.homing.targets.insert(key, vec![target]);
                self.try_home(now, key)
            }
            Some(Ok(Location::Found(targets))) => {
                self.homing.targets.insert(key, targets);
                self.try_home(now, key)
            }
            Some(Ok(Location::Pending(search))) => {
                self.homing.targets.insert(key, Vec::new());
                self.homing.searches.insert(search, key);
                true
            }
            Some(Err(_)) | None => false,
        }
    }

    /// The place of a response has been found, or not.
    pub(super) fn on_response_located(
        &mut self,
        now: Instant,
        search: LocateId,
        targets: Vec<Target>,
    ) {
        let Some(key) = self.homing.searches.remove(&search) else {
            let found = TransactionEvent::HostFound { search, targets };
            return self.events.push_back(found);
        };
        self.homing.targets.insert(key, targets);
        if !self.try_home(now, key) {
            self.fail(key, io::ErrorKind::HostUnreachable);
        }
    }

    fn try_home(&mut self, now: Instant, key: Key) -> bool {
        while let Some(transaction) = self.store.get(key)
            && let Some(targets) = self.homing.targets.get_mut(&key)
            && let Some(target) = self.transport.take_target(now, targets)
        {
            let octets = transaction.kept.clone();
            if let Ok(flow) = self.transport.send_request(now, octets, &target) {
                self.store.set_flow(key, flow);
                if let Some(transaction) = self.store.get_mut(key) {
                    transaction.reopened = true;
                }
                return true;
            }
        }
        false
    }
}
