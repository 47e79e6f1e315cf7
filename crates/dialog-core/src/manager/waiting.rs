//! Requests of peers that wait for an answer from elsewhere, each for the same time.

use std::collections::VecDeque;
use std::time::Instant;

use rvoip_transaction_core::ServerKey;

use crate::id::KeyMap;

/// What waits, by its transaction.
#[derive(Debug)]
pub(super) struct Waiting<T> {
    all: KeyMap<ServerKey, T>,
    /// All have the same time, so that the first is the oldest. An answered one stays until it is the first.
    due: VecDeque<(Instant, ServerKey)>,
}

impl<T> Default for Waiting<T> {
    fn default() -> Self {
        Waiting {
            all: KeyMap::default(),
            due: VecDeque::new(),
        }
    }
}

impl<T> Waiting<T> {
    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.due.front().map(|(at, _)| *at)
    }

    pub(super) fn insert(&mut self, server: ServerKey, waiting: T, due: Instant) {
        let all = &mut self.all;
        all.insert(server, waiting);
        self.due.push_back((due, server));
        if self.due.len() > 2 * all.len() + 64 {
            self.due.retain(|(_, server)| all.contains_key(server));
        }
    }

    pub(super) fn remove(&mut self, server: ServerKey) -> Option<T> {
        let waiting = self.all.remove(&server);
        let all = &self.all;
        while let Some((_, first)) = self.due.front()
            && !all.contains_key(first)
        {
            self.due.pop_front();
        }
        waiting
    }

    /// Takes the oldest, when its time is over.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<(ServerKey, T)> {
        let (_, server) = *self.due.front().filter(|(at, _)| *at <= now)?;
        let waiting = self.remove(server)?;
        Some((server, waiting))
    }
}
