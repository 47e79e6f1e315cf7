//! The calls that exist, readable from every thread without asking the core.

use std::hash::BuildHasherDefault;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use dashmap::DashMap;
use rvoip_dialog_core::KeyHasher;

use crate::{CallRecord, SessionId};

/// The core enters a call when it comes to be and removes it when it is over.
#[derive(Debug, Default)]
pub struct Registry {
    calls: DashMap<SessionId, Arc<CallRecord>, BuildHasherDefault<KeyHasher>>,
    /// Registrations of this side that have not ended.
    pub(crate) registrations: AtomicUsize,
}

impl Registry {
    /// The record of a call that exists.
    pub fn get(&self, id: SessionId) -> Option<Arc<CallRecord>> {
        self.calls.get(&id).map(|entry| Arc::clone(entry.value()))
    }

    /// All calls, in no order.
    pub fn calls(&self) -> Vec<Arc<CallRecord>> {
        self.calls
            .iter()
            .map(|entry| Arc::clone(entry.value()))
            .collect()
    }

    /// How many calls exist.
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether no call exists.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    pub(crate) fn insert(&self, record: &Arc<CallRecord>) {
        self.calls.insert(record.id(), Arc::clone(record));
    }

    pub(crate) fn shrink(&self) {
        self.calls.shrink_to_fit();
    }

    pub(crate) fn remove(&self, id: SessionId) {
        self.calls.remove(&id);
    }
}
