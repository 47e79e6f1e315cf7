//! The sessions of a core: a slab, its indexes, and one deadline queue for all of them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rvoip_dialog_core::{CallKey, KeyMap};
use rvoip_media_core::MediaSessionKey;
use slab::Slab;

use crate::record::{CallDirection, End};
use crate::registry::Registry;
use crate::{CallRecord, SessionId, TerminalCause};

/// Room for so many sessions is kept when the last one ends.
const SMALL: usize = 1024;

/// What is outstanding of the exchange of session descriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exchange {
    /// The peer has offered; we owe an answer.
    OfferReceived,
    /// The peer wants our offer.
    OfferWanted,
    /// We have offered; the peer owes an answer.
    OfferSent,
    /// Both descriptions are known.
    Settled,
}

/// What may become due for a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// The application has not decided yet: the caller shall hear it ringing.
    Alert,
    /// The media shall be measured.
    Report,
    /// The call has lasted as long as it may.
    TimeLimit,
    /// The media has not reported its end.
    MediaEnd,
}

/// One call, seen from here.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) record: Arc<CallRecord>,
    /// The call of dialog-core, from the INVITE to its end.
    pub(super) call: Option<CallKey>,
    /// The media session of media-core; `None` when the application handles its own media.
    pub(super) media: Option<MediaSessionKey>,
    pub(super) local_sdp: Option<Arc<str>>,
    pub(super) remote_sdp: Option<Arc<str>>,
    pub(super) exchange: Exchange,
    pub(super) alerted: bool,
    /// The source of the media is not `None`.
    pub(super) sends_audio: bool,
    /// Why we end the call, where that says more than the way it ends.
    pub(super) ending: Option<Box<TerminalCause>>,
    /// The signalling is over; the media is being closed.
    pub(super) ended: Option<Box<End>>,
    pub(super) report_every: Option<Duration>,
    deadlines: [Option<Instant>; 4],
}

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
        entry.insert(Box::new(Session {
            record: Arc::clone(&record),
            call: None,
            media: None,
            local_sdp: None,
            remote_sdp: None,
            exchange,
            alerted: false,
            sends_audio: false,
            ending: None,
            ended: None,
            report_every: None,
            deadlines: [None; 4],
        }));
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
        for due in [Due::Alert, Due::Report, Due::TimeLimit, Due::MediaEnd] {
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
