//! The table of all transactions of a shard, with everything by which one is found.

use std::time::Instant;

use rvoip_sip_transport::Flow;
use slab::Slab;

use crate::deadline::DeadlineQueue;
use crate::flow::{FlowId, FlowTable};
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
    flows: FlowTable,
    deadlines: DeadlineQueue,
    /// Transactions removed since memory was last given back.
    removed: usize,
}

/// A table with room for no more than this is not worth shrinking while transactions are in it.
const SMALL: usize = 1024;
/// An empty table with room for no more than this keeps it. A larger one may lie behind everything that a wave has left,
/// where it would keep the heap from shrinking.
const EMPTY: usize = 64;

impl Store {
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Enters the transaction that `make` makes of its flow.
    pub(crate) fn insert(
        &mut self,
        flow: Flow,
        make: impl FnOnce((FlowId, bool)) -> Transaction,
    ) -> Key {
        self.generation = self.generation.wrapping_add(1);
        let vacant = self.entries.vacant_entry();
        let slot = vacant.key() as u32;
        let id = self.flows.insert(slot, flow);
        let transaction = make((id, flow.kind.is_reliable()));
        self.by_message.insert(transaction.fingerprint, slot);
        if let Some(invite) = transaction.link.invite() {
            self.by_invite.insert(invite, slot);
        }
        vacant.insert((self.generation, transaction));
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
        self.flows.remove(key.slot, transaction.flow);
        self.deadlines.set(key.slot, None);
        self.removed += 1;
        let (live, room) = (self.entries.len(), self.entries.capacity());
        let is_wave_over = room > SMALL && live < room / 4 && self.removed > room;
        if is_wave_over || (live == 0 && room > EMPTY) {
            self.shrink();
        }
        Some(transaction)
    }

    /// Gives back what a wave of transactions has left, as far as nobody stands in the way. Costs as much as the wave was
    /// high, and is tried again only after as many removals.
    fn shrink(&mut self) {
        self.removed = 0;
        self.entries.shrink_to_fit();
        self.by_message.shrink_to_fit();
        self.by_invite.shrink_to_fit();
        self.flows.shrink(self.entries.capacity());
        self.deadlines.shrink(self.entries.capacity());
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

    /// Where a transaction sends.
    pub(crate) fn flow(&self, key: Key) -> Option<Flow> {
        self.flows.flow(self.get(key)?.flow)
    }

    /// Notes that a transaction sends elsewhere from now on.
    pub(crate) fn set_flow(&mut self, key: Key, flow: Flow) {
        let Some(old) = self.get(key).map(|transaction| transaction.flow) else {
            return;
        };
        if self.flows.flow(old) == Some(flow) {
            return;
        }
        self.flows.remove(key.slot, old);
        let new = self.flows.insert(key.slot, flow);
        if let Some(transaction) = self.get_mut(key) {
            transaction.flow = new;
            transaction.reliable = flow.kind.is_reliable();
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{Machine, server_invite};
    use crate::matching::Matcher;
    use crate::timer::{Timer, TimerConfig, Timers};
    use crate::transaction::Link;
    use bytes::Bytes;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};
    use rvoip_sip_transport::sip_core::Method;
    use rvoip_sip_transport::{Carrier, ListenerId, TransportKind};
    use std::collections::BTreeMap;

    fn flow(port: u16) -> Flow {
        Flow {
            kind: TransportKind::Udp,
            local: ([192, 0, 2, 1], 5060).into(),
            remote: ([192, 0, 2, 7], port).into(),
            carrier: Carrier::Listener(ListenerId(0)),
        }
    }

    fn transaction(matcher: &Matcher, number: u32, flow: (FlowId, bool)) -> Transaction {
        let fingerprint = matcher.client(&number.to_string(), &Method::Invite);
        let machine = Machine::ServerInvite(server_invite::State::Proceeding);
        let mut transaction = Transaction::new(machine, fingerprint, flow, Bytes::new());
        transaction.link = Link::Invite(matcher.client(&(number / 2).to_string(), &Method::Bye));
        transaction
    }

    #[test]
    fn nothing_is_left_after_random_operations() {
        let (now, config) = (Instant::now(), TimerConfig::default());
        let mut timers = Timers::new(config);
        for seed in 0..20 {
            let mut rng = StdRng::seed_from_u64(seed);
            let matcher = Matcher::new(&mut rng);
            let mut store = Store::default();
            let mut live: BTreeMap<Key, Fingerprint> = BTreeMap::new();
            for number in 0..1000 {
                let key = store.insert(flow(1), |flow| transaction(&matcher, number, flow));
                live.insert(key, store.get(key).unwrap().fingerprint);
                store.set_flow(key, flow(rng.next_u32() as u16 % 8));
                if let Some(transaction) = store.get_mut(key) {
                    transaction.start(now, Timer::G, &mut timers);
                }
                store.schedule(key);
                if rng.next_u32() % 3 > 0 {
                    let (gone, fingerprint) = live.pop_first().unwrap();
                    assert_eq!(store.find(fingerprint), Some(gone));
                    assert!(store.remove(gone).is_some());
                    assert!(store.get(gone).is_none() && store.remove(gone).is_none());
                    assert_eq!(store.find(fingerprint), None);
                }
            }
            assert_eq!(store.len(), live.len());
            assert!(
                (0..8)
                    .map(|port| store.on_flow(&flow(port)).len())
                    .sum::<usize>()
                    == live.len()
            );
            while let Some(key) = store.pop_due(now + config.t1) {
                assert!(live.remove(&key).is_some());
                store.remove(key);
            }
            assert!(live.is_empty() && store.is_clean());
        }
    }

    #[test]
    fn a_key_never_names_the_next_tenant_of_its_slot() {
        let matcher = Matcher::new(&mut StdRng::seed_from_u64(1));
        let mut store = Store::default();
        let first = store.insert(flow(1), |flow| transaction(&matcher, 1, flow));
        store.remove(first);
        let second = store.insert(flow(1), |flow| transaction(&matcher, 2, flow));
        assert_eq!(first.slot, second.slot);
        assert!(store.get(first).is_none() && store.get(second).is_some());
    }

    #[test]
    fn a_wave_gives_its_memory_back() {
        let matcher = Matcher::new(&mut StdRng::seed_from_u64(1));
        let mut store = Store::default();
        let new = |store: &mut Store, number| {
            store.insert(flow(number as u16), |flow| {
                transaction(&matcher, number, flow)
            })
        };
        let keys: Vec<Key> = (0..40_000).map(|number| new(&mut store, number)).collect();
        let room = store.entries.capacity();
        assert!(keys[10..].iter().all(|key| store.remove(*key).is_some()));
        for number in 40_000..80_000 {
            let key = new(&mut store, number);
            assert!(store.remove(key).is_some());
        }
        assert!(store.entries.capacity() < SMALL && SMALL < room);
        assert!(store.by_message.capacity() < SMALL);
        let flows = keys[..10].iter().map(|key| store.flow(*key));
        assert!(
            flows.eq((0..10).map(|port| Some(flow(port)))),
            "nothing that lives is touched"
        );
        assert!(keys[..10].iter().all(|key| store.remove(*key).is_some()));
        assert!(store.is_clean());
    }

    #[test]
    fn an_empty_table_gives_everything_back() {
        let matcher = Matcher::new(&mut StdRng::seed_from_u64(1));
        let mut store = Store::default();
        let keys: Vec<Key> = (0..5_000)
            .map(|number| store.insert(flow(1), |flow| transaction(&matcher, number, flow)))
            .collect();
        assert!(keys.iter().all(|key| store.remove(*key).is_some()));
        assert_eq!(
            (store.entries.capacity(), store.by_message.capacity()),
            (0, 0)
        );
    }

    #[test]
    fn a_lingering_transaction_costs_a_few_words() {
        assert!(
            size_of::<(u32, Transaction)>() <= 256,
            "{}",
            size_of::<(u32, Transaction)>()
        );
    }
}
