//! The table of all transactions of a shard, with everything by which one is found.

use rvoip_sip_transport::{Flow, Target};

use crate::arena::Arena;
use crate::fingerprint::{Fingerprint, Secret};
use crate::flow::FlowTable;
use crate::index::Index;
use crate::key::Key;
use crate::timer_wheel::TimerWheel;
use crate::transaction::{BY_INVITE, BY_MESSAGE, Transaction};

/// Transactions under checked keys. Everything by which one is found runs through the transactions themselves and changes
/// with them, never apart from them; nothing here costs more when there are more of them.
#[derive(Debug)]
pub(crate) struct Store {
    transactions: Arena<Transaction>,
    generation: u32,
    by_message: Index<BY_MESSAGE>,
    by_invite: Index<BY_INVITE>,
    flows: FlowTable,
    wheel: TimerWheel,
}

impl Store {
    pub(crate) fn new(secret: Secret) -> Store {
        Store {
            transactions: Arena::default(),
            generation: 0,
            by_message: Index::default(),
            by_invite: Index::default(),
            flows: FlowTable::new(secret),
            wheel: TimerWheel::default(),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.transactions.len()
    }

    /// Enters a transaction that sends on `flow`.
    pub(crate) fn insert(&mut self, flow: Flow, mut transaction: Transaction) -> Key {
        self.generation = self.generation.wrapping_add(1);
        let generation = self.generation;
        transaction.generation = generation;
        transaction.reliable = flow.kind.is_reliable();
        let slot = self.transactions.insert(transaction);
        let id = self.flows.insert(slot, flow, &mut self.transactions);
        if let Some(transaction) = self.transactions.get_mut(slot) {
            transaction.flow = id;
        }
        self.by_message.insert(slot, &mut self.transactions);
        self.by_invite.insert(slot, &mut self.transactions);
        Key { slot, generation }
    }

    pub(crate) fn remove(&mut self, key: Key) -> Option<Transaction> {
        let flow = self.get(key)?.flow;
        let Key { slot, .. } = key;
        self.by_message.remove(slot, &mut self.transactions);
        self.by_invite.remove(slot, &mut self.transactions);
        self.flows.remove(slot, flow, &mut self.transactions);
        self.wheel.unseat(slot, &mut self.transactions);
        self.transactions.remove(slot)
    }

    pub(crate) fn get(&self, key: Key) -> Option<&Transaction> {
        let transaction = self.transactions.get(key.slot)?;
        (transaction.generation == key.generation).then_some(transaction)
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut Transaction> {
        let transaction = self.transactions.get_mut(key.slot)?;
        (transaction.generation == key.generation).then_some(transaction)
    }

    /// Brings the timer table up to date with the timers of a transaction; `passed` is the time in milliseconds.
    pub(crate) fn schedule(&mut self, passed: u64, key: Key) {
        if self.get(key).is_some() {
            self.wheel
                .schedule(passed, key.slot, &mut self.transactions);
        }
    }

    /// Where a transaction sends.
    pub(crate) fn flow(&self, key: Key) -> Option<Flow> {
        self.flows.flow(self.get(key)?.flow)
    }

    /// Where a transaction sends when its flow has ended.
    pub(crate) fn target(&self, key: Key) -> Option<Target> {
        self.flows.target(self.get(key)?.flow)
    }

    /// Notes by which domain the peer of a connection was reached.
    pub(crate) fn set_name(&mut self, key: Key, target: &Target) {
        if let (Some(transaction), Target::Address { name, .. }) = (self.get(key), target)
            && let (true, id, Some(name)) = (transaction.reliable, transaction.flow, name)
        {
            self.flows.set_name(id, name);
        }
    }

    /// Notes that a transaction sends elsewhere from now on.
    pub(crate) fn set_flow(&mut self, key: Key, flow: Flow) {
        let Some(old) = self.get(key).map(|transaction| transaction.flow) else {
            return;
        };
        if self.flows.flow(old) == Some(flow) {
            return;
        }
        self.flows.remove(key.slot, old, &mut self.transactions);
        let new = self.flows.insert(key.slot, flow, &mut self.transactions);
        if let Some(transaction) = self.get_mut(key) {
            transaction.flow = new;
            transaction.reliable = flow.kind.is_reliable();
        }
    }

    pub(crate) fn find(&self, fingerprint: Fingerprint) -> Option<Key> {
        self.key(self.by_message.find(fingerprint, &self.transactions)?)
    }

    pub(crate) fn find_invite(&self, fingerprint: Fingerprint) -> Option<Key> {
        self.key(self.by_invite.find(fingerprint, &self.transactions)?)
    }

    pub(crate) fn on_flow(&self, flow: &Flow) -> Vec<Key> {
        let slots = self.flows.on(flow, &self.transactions).into_iter();
        slots.filter_map(|slot| self.key(slot)).collect()
    }

    /// Whether a transaction needs this flow.
    pub(crate) fn rides_on(&self, flow: &Flow) -> bool {
        self.flows.has(flow)
    }

    /// When to ask for what is due, in milliseconds.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        self.wheel.next()
    }

    pub(crate) fn pop_due(&mut self, passed: u64) -> Option<Key> {
        let slot = self.wheel.pop_due(passed, &mut self.transactions)?;
        self.key(slot)
    }

    fn key(&self, slot: u32) -> Option<Key> {
        let generation = self.transactions.get(slot)?.generation;
        Some(Key { slot, generation })
    }

    /// Whether no index holds anything.
    #[cfg(test)]
    pub(crate) fn is_clean(&self) -> bool {
        self.transactions.len() == 0
            && self.by_message.len() == 0
            && self.by_invite.len() == 0
            && self.flows.is_empty()
            && self.wheel.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::{Machine, server_invite};
    use crate::matching::Matcher;
    use crate::timer::{Timer, TimerConfig, Timers};
    use bytes::Bytes;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};
    use rvoip_sip_transport::sip_core::Method;
    use rvoip_sip_transport::{Carrier, ListenerId, TransportKind};
    use std::collections::BTreeMap;
    use std::time::Instant;

    fn flow(port: u16) -> Flow {
        Flow {
            kind: TransportKind::Udp,
            local: ([192, 0, 2, 1], 5060).into(),
            remote: ([192, 0, 2, 7], port).into(),
            carrier: Carrier::Listener(ListenerId(0)),
        }
    }

    fn new(seed: u64) -> (Store, Matcher) {
        let secret = Secret::new(&mut StdRng::seed_from_u64(seed));
        (Store::new(secret.clone()), Matcher::new(secret))
    }

    fn transaction(matcher: &Matcher, number: u32) -> Transaction {
        let fingerprint = matcher.client(&number.to_string(), &Method::Invite);
        let invite = matcher.client(&(number / 2).to_string(), &Method::Bye);
        let machine = Machine::ServerInvite(server_invite::State::Proceeding);
        Transaction::new(machine, fingerprint, Bytes::new()).found_as_invite(Some(invite))
    }

    #[test]
    fn nothing_is_left_after_random_operations() {
        let now = Instant::now();
        let mut timers = Timers::new(TimerConfig::default());
        let passed = timers.passed(now);
        for seed in 0..20 {
            let mut rng = StdRng::seed_from_u64(seed);
            let (mut store, matcher) = new(seed);
            let mut live: BTreeMap<Key, Fingerprint> = BTreeMap::new();
            for number in 0..1000 {
                let key = store.insert(flow(1), transaction(&matcher, number));
                live.insert(key, matcher.client(&number.to_string(), &Method::Invite));
                store.set_flow(key, flow(rng.next_u32() as u16 % 8));
                if let Some(transaction) = store.get_mut(key) {
                    transaction.start(now, Timer::G, &mut timers);
                }
                store.schedule(passed, key);
                if rng.next_u32() % 3 > 0 {
                    let (gone, fingerprint) = live.pop_first().unwrap();
                    assert_eq!(store.find(fingerprint), Some(gone));
                    assert!(store.remove(gone).is_some());
                    assert!(store.get(gone).is_none() && store.remove(gone).is_none());
                    assert_eq!(store.find(fingerprint), None);
                }
            }
            assert_eq!(store.len(), live.len());
            let riders = (0..8).map(|port| store.on_flow(&flow(port)).len());
            assert_eq!(riders.sum::<usize>(), live.len());
            while let Some(key) = store.pop_due(passed + 500) {
                assert!(live.remove(&key).is_some());
                store.remove(key);
            }
            assert!(live.is_empty() && store.is_clean());
        }
    }

    #[test]
    fn a_key_never_names_the_next_tenant_of_its_slot() {
        let (mut store, matcher) = new(1);
        let first = store.insert(flow(1), transaction(&matcher, 1));
        store.remove(first);
        let second = store.insert(flow(1), transaction(&matcher, 2));
        assert_eq!(first.slot, second.slot);
        assert!(store.get(first).is_none() && store.get(second).is_some());
    }

    #[test]
    fn a_wave_gives_its_memory_back() {
        let (mut store, matcher) = new(1);
        let keys: Vec<Key> = (0..40_000)
            .map(|number| store.insert(flow(number as u16), transaction(&matcher, number)))
            .collect();
        assert!(keys[10..].iter().all(|key| store.remove(*key).is_some()));
        assert!(store.transactions.room() < 1_000);
        let flows = keys[..10].iter().map(|key| store.flow(*key));
        assert!(
            flows.eq((0..10).map(|port| Some(flow(port)))),
            "nothing that lives is touched"
        );
        assert!(keys[..10].iter().all(|key| store.remove(*key).is_some()));
        assert!(store.is_clean());
    }

    #[test]
    fn a_lingering_transaction_costs_a_few_words() {
        assert!(
            size_of::<Transaction>() <= 112,
            "{}",
            size_of::<Transaction>()
        );
    }
}
