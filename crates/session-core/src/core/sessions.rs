//! The sessions of a core: a slab, its indexes, and one deadline queue for all of them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use rvoip_dialog_core::{CallKey, KeyMap};
use rvoip_media_core::MediaSessionKey;
use slab::Slab;

use super::session::{Due, Exchange, Session};
use crate::record::CallDirection;
use crate::registry::Registry;
use crate::{CallRecord, SessionId};

/// Room for so many sessions is kept when the last one ends.
const SMALL: usize = 1024;

#[derive(Debug, Default)]
pub(super) struct Sessions {
    /// Each in memory of its own: the table grows without moving them.
    slab: Slab<Box<Session>>,
    generation: u32,
    by_call: KeyMap<CallKey, SessionId>,
    by_media: KeyMap<MediaSessionKey, SessionId>,
    deadlines: BTreeSet<(Instant, SessionId, Due)>,
    registry: Arc<Registry>,
}

impl Sessions {
    pub(super) fn new(registry: Arc<Registry>) -> Self {
        Sessions {
            registry,
            ..Sessions::default()
        }
    }

    pub(super) fn len(&self) -> usize {
        self.slab.len()
    }

    pub(super) fn ids(&self) -> Vec<SessionId> {
        self.slab
            .iter()
            .map(|(_, session)| session.record.id())
            .collect()
    }

    pub(super) fn insert(
        &mut self,
        now: Instant,
        direction: CallDirection,
        from: &str,
        to: &str,
        exchange: Exchange,
    ) -> Arc<CallRecord> {
        self.generation = self.generation.wrapping_add(1);
        let entry = self.slab.vacant_entry();
        let id = SessionId::new(self.generation, entry.key() as u32);
        let record = Arc::new(CallRecord::new(id, direction, from, to, now));
        entry.insert(Box::new(Session::new(Arc::clone(&record), exchange)));
        self.registry.insert(&record);
        record
    }

    pub(super) fn get(&self, id: SessionId) -> Option<&Session> {
        let session = self.slab.get(id.slot())?;
        (session.record.id() == id).then_some(session)
    }

    pub(super) fn get_mut(&mut self, id: SessionId) -> Option<&mut Session> {
        let session = self.slab.get_mut(id.slot())?;
        (session.record.id() == id).then_some(session)
    }

    pub(super) fn of_call(&self, key: CallKey) -> Option<SessionId> {
        self.by_call.get(&key).copied()
    }

    pub(super) fn of_media(&self, key: MediaSessionKey) -> Option<SessionId> {
        self.by_media.get(&key).copied()
    }

    pub(super) fn link_call(&mut self, id: SessionId, key: CallKey) {
        if let Some(session) = self.get_mut(id) {
            session.call = Some(key);
            self.by_call.insert(key, id);
        }
    }

    pub(super) fn unlink_call(&mut self, id: SessionId) {
        if let Some(key) = self.get_mut(id).and_then(|session| session.call.take()) {
            self.by_call.remove(&key);
        }
    }

    pub(super) fn link_media(&mut self, id: SessionId, key: MediaSessionKey) {
        if let Some(session) = self.get_mut(id) {
            session.media = Some(key);
            self.by_media.insert(key, id);
        }
    }

    /// Parts a session from its media, whose last events then reach nobody.
    pub(super) fn unlink_media(&mut self, id: SessionId) -> Option<MediaSessionKey> {
        let key = self.get_mut(id).and_then(|session| session.media.take())?;
        self.by_media.remove(&key);
        Some(key)
    }

    /// Sets or clears one deadline of a session.
    pub(super) fn schedule(&mut self, id: SessionId, due: Due, at: Option<Instant>) {
        let Some(session) = self.get_mut(id) else {
            return;
        };
        let old = std::mem::replace(&mut session.deadlines[due as usize], at);
        if let Some(old) = old {
            self.deadlines.remove(&(old, id, due));
        }
        if let Some(at) = at {
            self.deadlines.insert((at, id, due));
        }
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, ..)| *at)
    }

    /// Takes the next deadline that has passed.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<(SessionId, Due)> {
        let (_, id, due) = *self.deadlines.first().filter(|(at, ..)| *at <= now)?;
        self.schedule(id, due, None);
        Some((id, due))
    }

    pub(super) fn remove(&mut self, id: SessionId) -> Option<Box<Session>> {
        self.get(id)?;
        self.unlink_call(id);
        self.unlink_media(id);
        for due in Due::ALL {
            self.schedule(id, due, None);
        }
        self.registry.remove(id);
        let session = self.slab.remove(id.slot());
        if self.slab.is_empty() && self.slab.capacity() > SMALL {
            self.shrink();
        }
        Some(session)
    }

    /// Gives back the room of a wave of calls that is over.
    fn shrink(&mut self) {
        self.slab = Slab::new();
        self.by_call.shrink_to_fit();
        self.by_media.shrink_to_fit();
        self.registry.shrink();
    }
}
