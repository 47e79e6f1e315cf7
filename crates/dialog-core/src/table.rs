//! Objects of one kind: a slab whose keys never name the next tenant of a slot, and one queue of their deadlines.

use std::time::Instant;

use slab::Slab;

use crate::deadline_queue::DeadlineQueue;

/// The name of an object in a [`Table`]: where it is, and which tenant of that place it is.
pub(crate) trait Key: Copy + Ord {
    fn new(index: u32, generation: u32) -> Self;
    fn index(self) -> usize;
}

/// Makes a key of a struct with `index` and `generation`.
macro_rules! key {
    ($key:ident) => {
        impl crate::table::Key for $key {
            fn new(index: u32, generation: u32) -> Self {
                $key { index, generation }
            }

            fn index(self) -> usize {
                self.index as usize
            }
        }

        impl std::fmt::Display for $key {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}.{}", self.index, self.generation)
            }
        }
    };
}

pub(crate) use key;

/// What a [`Table`] holds.
pub(crate) trait Tenant {
    type Key: Key;

    fn key(&self) -> Self::Key;

    /// The next moment at which something is due.
    fn due(&self) -> Option<Instant>;

    /// What the queue of deadlines holds for it.
    fn wake(&mut self) -> &mut Option<Instant>;
}

/// All objects of one kind.
#[derive(Debug)]
pub(crate) struct Table<T: Tenant> {
    /// Each in memory of its own: the table grows without moving them.
    slab: Slab<Box<T>>,
    deadlines: DeadlineQueue<T::Key>,
    generation: u32,
}

impl<T: Tenant> Default for Table<T> {
    fn default() -> Self {
        Table {
            slab: Slab::new(),
            deadlines: DeadlineQueue::default(),
            generation: 0,
        }
    }
}

impl<T: Tenant> Table<T> {
    pub(crate) fn insert(&mut self, make: impl FnOnce(T::Key) -> T) -> T::Key {
        self.generation = self.generation.wrapping_add(1);
        let entry = self.slab.vacant_entry();
        let key = T::Key::new(entry.key() as u32, self.generation);
        entry.insert(Box::new(make(key)));
        key
    }

    pub(crate) fn get(&self, key: T::Key) -> Option<&T> {
        let tenant = self.slab.get(key.index())?;
        (tenant.key() == key).then_some(tenant)
    }

    pub(crate) fn get_mut(&mut self, key: T::Key) -> Option<&mut T> {
        let tenant = self.slab.get_mut(key.index())?;
        (tenant.key() == key).then_some(tenant)
    }

    pub(crate) fn remove(&mut self, key: T::Key) -> Option<Box<T>> {
        self.get(key)?;
        let mut tenant = self.slab.remove(key.index());
        self.deadlines.set(key, tenant.wake(), None);
        Some(tenant)
    }

    /// Brings the queue of deadlines up to date; to be called after every change of one of an object's times.
    pub(crate) fn schedule(&mut self, key: T::Key) {
        let Some(tenant) = self.slab.get_mut(key.index()) else {
            return;
        };
        if tenant.key() == key {
            let due = tenant.due();
            self.deadlines.set(key, tenant.wake(), due);
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.next()
    }

    /// Takes the next object whose deadline has come.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<T::Key> {
        let key = self.deadlines.pop_due(now)?;
        if let Some(tenant) = self.get_mut(key) {
            *tenant.wake() = None;
        }
        Some(key)
    }

    pub(crate) fn len(&self) -> usize {
        self.slab.len()
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = T::Key> + '_ {
        self.slab.iter().map(|(_, tenant)| tenant.key())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::CallKey;

    struct Guest {
        key: CallKey,
        due: Option<Instant>,
        wake: Option<Instant>,
    }

    impl Tenant for Guest {
        type Key = CallKey;

        fn key(&self) -> CallKey {
            self.key
        }

        fn due(&self) -> Option<Instant> {
            self.due
        }

        fn wake(&mut self) -> &mut Option<Instant> {
            &mut self.wake
        }
    }

    fn guest(due: Option<Instant>) -> impl FnOnce(CallKey) -> Guest {
        move |key| Guest {
            key,
            due,
            wake: None,
        }
    }

    #[test]
    fn a_key_never_names_the_next_tenant_of_its_slot() {
        let mut table = Table::default();
        let first = table.insert(guest(None));
        assert!(table.remove(first).is_some());
        let second = table.insert(guest(None));
        assert_eq!(first.index, second.index);
        assert!(table.get(first).is_none() && table.get_mut(first).is_none());
        assert!(table.remove(first).is_none());
        assert_eq!(table.keys().collect::<Vec<_>>(), [second]);
    }

    #[test]
    fn deadlines_come_in_their_order_and_go_with_their_object() {
        let now = Instant::now();
        let mut table = Table::default();
        let [one, two, three] = [3, 1, 2].map(|seconds| {
            let key = table.insert(guest(Some(now + Duration::from_secs(seconds))));
            table.schedule(key);
            key
        });
        table.remove(three);
        let late = now + Duration::from_secs(9);
        assert_eq!(table.pop_due(now), None);
        assert_eq!(
            [table.pop_due(late), table.pop_due(late)],
            [Some(two), Some(one)]
        );
        assert_eq!(
            (table.pop_due(late), table.next_deadline(), table.len()),
            (None, None, 2)
        );
    }
}
