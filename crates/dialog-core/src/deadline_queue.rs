//! The deadlines of all objects of a table: one each, in their order.

use std::collections::BTreeSet;
use std::time::Instant;

/// Deadlines by time. Each object notes what the queue holds for it, so that the old one is found when it moves.
#[derive(Debug)]
pub(crate) struct DeadlineQueue<K>(BTreeSet<(Instant, K)>);

impl<K> Default for DeadlineQueue<K> {
    fn default() -> Self {
        DeadlineQueue(BTreeSet::new())
    }
}

impl<K: Copy + Ord> DeadlineQueue<K> {
    /// Sets or clears the deadline of an object; `noted` is its note.
    pub(crate) fn set(&mut self, key: K, noted: &mut Option<Instant>, due: Option<Instant>) {
        let before = std::mem::replace(noted, due);
        if before == due {
            return;
        }
        if let Some(before) = before {
            self.0.remove(&(before, key));
        }
        if let Some(due) = due {
            self.0.insert((due, key));
        }
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.0.first().map(|(at, _)| *at)
    }

    /// Takes the next object whose deadline has come; its note is void.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<K> {
        let (_, key) = *self.0.first().filter(|(at, _)| *at <= now)?;
        self.0.pop_first();
        Some(key)
    }
}
