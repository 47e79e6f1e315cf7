//! All calls of a manager: a slab with checked keys, an index by local tag, and one deadline queue.

use std::sync::Arc;
use std::time::Instant;

use rvoip_transaction_core::sip_core::{HeaderName, Response};
use rvoip_transaction_core::sip_transport::{Flow, Target};
use slab::Slab;

use crate::deadline_queue::DeadlineQueue;
use crate::dialog::Dialog;
use crate::id::{KeyMap, LocalTag};
use crate::manager::call::{Call, Role};
use crate::{CallKey, DialogError};

/// The table of calls.
#[derive(Debug, Default)]
pub(crate) struct CallStore {
    /// Each in memory of its own: the table grows without moving them.
    calls: Slab<Box<Call>>,
    tags: KeyMap<LocalTag, CallKey>,
    deadlines: DeadlineQueue<CallKey>,
    generation: u32,
    /// The path of the latest call: the calls of a trunk share one.
    path: Option<Arc<Target>>,
}

impl CallStore {
    pub(crate) fn insert(&mut self, role: Role, dialog: Dialog) -> CallKey {
        self.generation = self.generation.wrapping_add(1);
        let entry = self.calls.vacant_entry();
        let key = CallKey {
            index: entry.key() as u32,
            generation: self.generation,
        };
        self.tags.insert(dialog.local_tag(), key);
        entry.insert(Box::new(Call::new(key, role, dialog)));
        key
    }

    /// Notes the way that a call has gone.
    pub(crate) fn set_path(&mut self, key: CallKey, path: Target) {
        let path = match self.path.take().filter(|latest| **latest == path) {
            Some(latest) => latest,
            None => Arc::new(path),
        };
        self.path = Some(Arc::clone(&path));
        if let Some(call) = self.get_mut(key) {
            call.path = Some(path);
        }
    }

    /// The peer of a call that came in over a connection has another one now: its Contact may lead nowhere but there.
    pub(crate) fn follow(&mut self, key: CallKey, flow: Flow) {
        let path = self.get(key).and_then(|call| call.path.as_deref());
        if matches!(path, Some(Target::Flow(old)) if *old != flow && flow.connection().is_some()) {
            self.set_path(key, Target::Flow(flow));
        }
    }

    /// The call whose dialog a response to a request of ours belongs to.
    pub(crate) fn of_response(&mut self, response: &Response) -> Option<&mut Call> {
        let tag = response.from_tag().and_then(LocalTag::parse)?;
        let call = self.by_tag(tag)?;
        let same = response.headers().raw(&HeaderName::CallId) == Some(call.dialog.call_id())
            && response.to_tag() == call.dialog.remote_tag();
        same.then_some(call)
    }

    pub(crate) fn get(&self, key: CallKey) -> Option<&Call> {
        let call = self.calls.get(key.index as usize)?;
        (call.key == key).then_some(call)
    }

    pub(crate) fn get_mut(&mut self, key: CallKey) -> Option<&mut Call> {
        let call = self.calls.get_mut(key.index as usize)?;
        (call.key == key).then_some(call)
    }

    /// A call that a command names.
    pub(crate) fn known(&self, key: CallKey) -> Result<&Call, DialogError> {
        self.get(key).ok_or(DialogError::NoSuchCall(key))
    }

    /// A call that a command names.
    pub(crate) fn known_mut(&mut self, key: CallKey) -> Result<&mut Call, DialogError> {
        self.get_mut(key).ok_or(DialogError::NoSuchCall(key))
    }

    pub(crate) fn by_tag(&mut self, tag: LocalTag) -> Option<&mut Call> {
        let key = *self.tags.get(&tag)?;
        self.get_mut(key)
    }

    pub(crate) fn remove(&mut self, key: CallKey) -> Option<Box<Call>> {
        self.get(key)?;
        let mut call = self.calls.remove(key.index as usize);
        self.tags.remove(&call.dialog.local_tag());
        self.deadlines.set(key, &mut call.wake, None);
        Some(call)
    }

    /// Brings the deadline queue up to date with the call; to be called after every change of one of its times.
    pub(crate) fn schedule(&mut self, key: CallKey) {
        let Some(call) = self
            .calls
            .get_mut(key.index as usize)
            .filter(|call| call.key == key)
        else {
            return;
        };
        let due = call.due();
        self.deadlines.set(key, &mut call.wake, due);
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.next()
    }

    /// Takes the next call whose deadline has come.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<CallKey> {
        let key = self.deadlines.pop_due(now)?;
        if let Some(call) = self.get_mut(key) {
            call.wake = None;
        }
        Some(key)
    }

    pub(crate) fn len(&self) -> usize {
        self.calls.len()
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = CallKey> + '_ {
        self.calls.iter().map(|(_, call)| call.key)
    }
}
