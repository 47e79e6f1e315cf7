//! The table of all transactions of a shard, with everything by which one is found.

use std::time::Instant;

use rvoip_sip_transport::Flow;
use slab::Slab;

use crate::deadline::DeadlineQueue;
use crate::flow::FlowIndex;
use crate::key::Key;
use crate::matching::{ByFingerprint, Fingerprint};
use crate::transaction::Transaction;

/// A slab with checked keys. All indexes hold slots only and change with the slab, never apart from it.
#[derive(Debug, Default)]
pub(crate) struct Store {
    entries: Slab<(u32, Transaction)>,
    generation: u32,
    by_message: ByFingerprint<u32>,
    by_invite: ByFingerprint<u32>,
    flows: FlowIndex,
    deadlines: DeadlineQueue,
}

impl Store {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn insert(&mut self, transaction: Transaction) -> Key {
        self.generation = self.generation.wrapping_add(1);
        let (fingerprint, flow, link) =
            (transaction.fingerprint, transaction.flow, transaction.link);
        let slot = self.entries.insert((self.generation, transaction)) as u32;
        self.by_message.insert(fingerprint, slot);
        if let Some(invite) = link.invite() {
            self.by_invite.entry(invite).or_insert(slot);
        }
        self.flows.insert(slot, flow);
        Key {
            slot,
            generation: self.generation,
        }
    }

    pub(crate) fn remove(&mut self, key: Key) -> Option<Transaction> {
        self.get(key)?;
        let (_, transaction) = self.entries.try_remove(key.slot as usize)?;
        forget(&mut self.by_message, &transaction.fingerprint, key.slot);
        if let Some(invite) = transaction.link.invite() {
            forget(&mut self.by_invite, &invite, key.slot);
        }
        self.flows.remove(key.slot, &transaction.flow);
        self.deadlines.set(key.slot, None);
        Some(transaction)
    }

    pub(crate) fn get(&self, key: Key) -> Option<&Transaction> {
        let (generation, transaction) = self.entries.get(key.slot as usize)?;
        (*generation == key.generation).then_some(transaction)
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut Transaction> {
        let (generation, transaction) = self.entries.get_mut(key.slot as usize)?;
        (*generation == key.generation).then_some(transaction)
    }

    /// Brings the deadline queue up to date with the timers of a transaction.
    pub(crate) fn schedule(&mut self, key: Key) {
        if let Some(deadline) = self.get(key).map(Transaction::deadline) {
            self.deadlines.set(key.slot, deadline);
        }
    }

    /// Notes that a transaction sends elsewhere from now on.
    pub(crate) fn set_flow(&mut self, key: Key, flow: Flow) {
        let Some(transaction) = self
            .get_mut(key)
            .filter(|transaction| transaction.flow != flow)
        else {
            return;
        };
        let old = std::mem::replace(&mut transaction.flow, flow);
        self.flows.remove(key.slot, &old);
        self.flows.insert(key.slot, flow);
    }

    pub(crate) fn find(&self, fingerprint: Fingerprint) -> Option<Key> {
        self.by_message
            .get(&fingerprint)
            .and_then(|slot| self.key(*slot))
    }

    pub(crate) fn find_invite(&self, fingerprint: Fingerprint) -> Option<Key> {
        self.by_invite
            .get(&fingerprint)
            .and_then(|slot| self.key(*slot))
    }

    pub(crate) fn on_flow(&self, flow: &Flow) -> Vec<Key> {
        self.flows
            .on(flow)
            .into_iter()
            .filter_map(|slot| self.key(slot))
            .collect()
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.next()
    }

    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<Key> {
        let slot = self.deadlines.pop_due(now)?;
        self.key(slot)
    }

    fn key(&self, slot: u32) -> Option<Key> {
        let (generation, _) = self.entries.get(slot as usize)?;
        Some(Key {
            slot,
            generation: *generation,
        })
    }

    /// Whether no index holds anything.
    #[cfg(test)]
    pub(crate) fn is_clean(&self) -> bool {
        self.entries.is_empty()
            && self.by_message.is_empty()
            && self.by_invite.is_empty()
            && self.flows.is_empty()
            && self.deadlines.len() == 0
    }
}

fn forget(index: &mut ByFingerprint<u32>, fingerprint: &Fingerprint, slot: u32) {
    if index.get(fingerprint) == Some(&slot) {
        index.remove(fingerprint);
    }
}
