//! Requests to one of several servers: what is left to try, and which transaction is the present attempt (RFC 3263
//! section 4.3).
//!
//! The transaction user knows such a request by one key from the beginning to the end. Its attempts are transactions like
//! any other, under keys that the user never sees.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use rvoip_sip_transport::sip_core::RequestBuilder;
use rvoip_sip_transport::{LocateId, Target};
use slab::Slab;

use crate::key::Key;
use crate::next_hop::OwnContact;

/// Set in the slot of every key of this table, and in none of the table of transactions.
const MARK: u32 = 1 << 31;

/// A request and the servers it may go to.
#[derive(Debug)]
pub(crate) struct Pursuit {
    /// The request without Via, and without Contact where it gets one of ours.
    pub(crate) request: RequestBuilder,
    pub(crate) contact: Option<OwnContact>,
    /// What has not been tried yet.
    pub(crate) targets: Vec<Target>,
    pub(crate) stage: Stage,
    /// The transport is said by the user or the URI: not one to be changed for the size of the request.
    pub(crate) is_said: bool,
    /// The user has cancelled: nothing more is tried.
    pub(crate) cancelled: bool,
    /// Whether the final response that the user has is a success.
    pub(crate) succeeded: Option<bool>,
}

#[derive(Debug)]
pub(crate) enum Stage {
    /// Nothing is on its way.
    Idle,
    /// The servers are being looked for; when there are none, this is tried.
    Locating(LocateId, Option<Target>),
    Trying(Attempt),
}

/// A transaction that tries one target.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) key: Key,
    pub(crate) target: Target,
    /// When the next target is tried, unless a response has come.
    pub(crate) give_up_at: Option<Instant>,
}

/// What a transaction is to this table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The present attempt of this pursuit.
    Present(Key),
    /// A former attempt of this pursuit, or its CANCEL: the user knows nothing of it.
    Former(Key),
}

#[derive(Debug, Default)]
pub(crate) struct Pursuits {
    /// A pursuit that is being worked on is out.
    table: Slab<(u32, Option<Box<Pursuit>>)>,
    generation: u32,
    roles: HashMap<Key, Role>,
    searches: HashMap<LocateId, Key>,
    giving_up: BTreeSet<(Instant, Key)>,
}

impl Pursuits {
    /// Whether there is no pursuit and no transaction that belonged to one.
    pub(crate) fn is_empty(&self) -> bool {
        self.table.is_empty() && self.roles.is_empty()
    }

    /// How many are not a transaction yet.
    pub(crate) fn locating(&self) -> usize {
        self.searches.len()
    }

    /// Whether a key that the user has is one of this table.
    pub(crate) fn names(key: Key) -> bool {
        key.slot & MARK != 0
    }

    pub(crate) fn insert(&mut self, pursuit: Box<Pursuit>) -> Key {
        self.generation = self.generation.wrapping_add(1);
        let generation = self.generation;
        let searched = match &pursuit.stage {
            Stage::Locating(search, _) => Some(*search),
            Stage::Idle | Stage::Trying(_) => None,
        };
        let slot = self.table.insert((generation, Some(pursuit))) as u32 | MARK;
        let key = Key { slot, generation };
        if let Some(search) = searched {
            self.searches.insert(search, key);
        }
        key
    }

    /// A key that names nothing and never will.
    pub(crate) fn spent_key(&mut self) -> Key {
        self.generation = self.generation.wrapping_add(1);
        Key {
            slot: u32::MAX,
            generation: self.generation,
        }
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut Pursuit> {
        self.place(key)?.as_deref_mut()
    }

    /// Takes a pursuit out to work on it; [`put_back`](Self::put_back) or [`remove`](Self::remove) follows.
    pub(crate) fn take(&mut self, key: Key) -> Option<Box<Pursuit>> {
        self.place(key)?.take()
    }

    pub(crate) fn put_back(&mut self, key: Key, pursuit: Box<Pursuit>) {
        if let Some(place) = self.place(key) {
            *place = Some(pursuit);
        }
    }

    fn place(&mut self, key: Key) -> Option<&mut Option<Box<Pursuit>>> {
        let (generation, pursuit) = self.table.get_mut((key.slot & !MARK) as usize)?;
        (*generation == key.generation && Self::names(key)).then_some(pursuit)
    }

    /// Ends a pursuit; a transaction of it that goes on belongs to nobody from now on.
    pub(crate) fn remove(&mut self, key: Key) {
        self.be_patient(key);
        if self.place(key).is_some() {
            self.table.remove((key.slot & !MARK) as usize);
        }
        if self.table.is_empty() {
            self.table = Slab::new();
        }
    }

    /// The pursuit whose search has ended.
    pub(crate) fn located(&mut self, search: LocateId) -> Option<Key> {
        self.searches.remove(&search)
    }

    /// The search of a pursuit is given up.
    pub(crate) fn stop_locating(&mut self, search: LocateId) {
        self.searches.remove(&search);
    }

    /// Makes a transaction the present attempt of a pursuit.
    pub(crate) fn attempt(&mut self, key: Key, attempt: Attempt) {
        self.be_patient(key);
        if let Some(at) = attempt.give_up_at {
            self.giving_up.insert((at, key));
        }
        self.roles.insert(attempt.key, Role::Present(key));
        if let Some(pursuit) = self.get_mut(key) {
            pursuit.stage = Stage::Trying(attempt);
        }
    }

    pub(crate) fn role(&self, transaction: Key) -> Option<Role> {
        self.roles.get(&transaction).copied()
    }

    /// The present attempt of a pursuit, where there is one.
    pub(crate) fn present(&mut self, key: Key) -> Option<&mut Attempt> {
        match &mut self.get_mut(key)?.stage {
            Stage::Trying(attempt) => Some(attempt),
            Stage::Idle | Stage::Locating(..) => None,
        }
    }

    /// Makes a former attempt the present one again.
    pub(crate) fn show(&mut self, transaction: Key, pursuit: Key) {
        self.roles.insert(transaction, Role::Present(pursuit));
    }

    /// Hides a transaction of a pursuit from the user.
    pub(crate) fn hide(&mut self, transaction: Key, pursuit: Key) {
        self.roles.insert(transaction, Role::Former(pursuit));
    }

    /// Forgets a transaction that has ended.
    pub(crate) fn forget(&mut self, transaction: Key) {
        self.roles.remove(&transaction);
        if self.roles.is_empty() {
            self.roles = HashMap::new();
        }
    }

    /// The attempt has a response: its time is not cut short any more.
    pub(crate) fn be_patient(&mut self, key: Key) {
        if let Some(attempt) = self.present(key)
            && let Some(at) = attempt.give_up_at.take()
        {
            self.giving_up.remove(&(at, key));
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.giving_up.first().map(|(at, _)| *at)
    }

    /// The next pursuit that waits for its present attempt no longer.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<Key> {
        let (_, key) = self
            .giving_up
            .first()
            .copied()
            .filter(|(at, _)| *at <= now)?;
        self.be_patient(key);
        Some(key)
    }
}
