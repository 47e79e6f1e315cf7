//! Where bindings are kept: the location service of RFC 3261 section 10.1.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use super::{AddressOfRecord, Binding};

/// The store has no room for one more address of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no room for one more address of record")]
pub struct StoreFull;

/// Keeps the bindings of all users. Called in the middle of signalling: it answers from memory and never waits.
pub trait LocationStore: fmt::Debug + Send + Sync {
    /// Whether there is such a user; one who is unknown is answered 404.
    fn is_known(&self, aor: &AddressOfRecord) -> bool;

    /// The bindings of a user, those that have run out included until they are taken out.
    fn bindings(&self, aor: &AddressOfRecord) -> Vec<Binding>;

    /// Lets `change` work on the bindings of a user, and keeps what it leaves; nobody sees what is between.
    ///
    /// # Errors
    /// When the user has no bindings yet and there is no room; `change` has not been called then.
    fn update(
        &self,
        aor: &AddressOfRecord,
        change: &mut dyn FnMut(&mut Vec<Binding>),
    ) -> Result<(), StoreFull>;
}

/// Keeps bindings in memory.
#[derive(Debug)]
pub struct MemoryLocationStore {
    users: Option<BTreeSet<AddressOfRecord>>,
    max_users: usize,
    bindings: Mutex<BTreeMap<AddressOfRecord, Vec<Binding>>>,
}

impl Default for MemoryLocationStore {
    /// Room for 10,000 users who are registered at once; every user is known. With the defaults of the registrar that is some
    /// 600 MB when hostile users do what they can.
    fn default() -> Self {
        MemoryLocationStore::new(10_000)
    }
}

impl MemoryLocationStore {
    /// Room for so many users who are registered at once; every user is known.
    pub fn new(max_users: usize) -> MemoryLocationStore {
        MemoryLocationStore {
            users: None,
            max_users,
            bindings: Mutex::default(),
        }
    }

    /// Knows these users and no others.
    #[must_use]
    pub fn with_users(
        mut self,
        users: impl IntoIterator<Item = AddressOfRecord>,
    ) -> MemoryLocationStore {
        self.users = Some(users.into_iter().collect());
        self
    }

    /// Users who have bindings.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether nobody is registered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<AddressOfRecord, Vec<Binding>>> {
        self.bindings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LocationStore for MemoryLocationStore {
    fn is_known(&self, aor: &AddressOfRecord) -> bool {
        self.users.as_ref().is_none_or(|users| users.contains(aor))
    }

    fn bindings(&self, aor: &AddressOfRecord) -> Vec<Binding> {
        self.lock().get(aor).cloned().unwrap_or_default()
    }

    fn update(
        &self,
        aor: &AddressOfRecord,
        change: &mut dyn FnMut(&mut Vec<Binding>),
    ) -> Result<(), StoreFull> {
        let mut all = self.lock();
        let mut bindings = match all.remove(aor) {
            Some(bindings) => bindings,
            None if all.len() < self.max_users => Vec::new(),
            None => return Err(StoreFull),
        };
        change(&mut bindings);
        if !bindings.is_empty() {
            all.insert(aor.clone(), bindings);
        }
        Ok(())
    }
}
