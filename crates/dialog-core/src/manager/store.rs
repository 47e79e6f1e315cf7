//! All calls of a manager, and their index by local tag.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Instant;

use rvoip_transaction_core::sip_core::{HeaderName, Response};
use rvoip_transaction_core::sip_transport::{Flow, Target};

use crate::dialog::Dialog;
use crate::id::{KeyMap, LocalTag};
use crate::manager::call::{Call, Role};
use crate::table::{Table, Tenant};
use crate::{CallKey, DialogError};

impl Tenant for Call {
    type Key = CallKey;

    fn key(&self) -> CallKey {
        self.key
    }

    fn due(&self) -> Option<Instant> {
        Call::due(self)
    }

    fn wake(&mut self) -> &mut Option<Instant> {
        &mut self.wake
    }
}

/// The table of calls.
#[derive(Debug, Default)]
pub(crate) struct CallStore {
    calls: Table<Call>,
    tags: KeyMap<LocalTag, CallKey>,
    /// The path of the latest call: the calls of a trunk share one.
    path: Option<Arc<Target>>,
}

impl Deref for CallStore {
    type Target = Table<Call>;

    fn deref(&self) -> &Table<Call> {
        &self.calls
    }
}

impl DerefMut for CallStore {
    fn deref_mut(&mut self) -> &mut Table<Call> {
        &mut self.calls
    }
}

impl CallStore {
    pub(crate) fn insert(&mut self, role: Role, dialog: Dialog) -> CallKey {
        let tag = dialog.local_tag();
        let key = self.calls.insert(|key| Call::new(key, role, dialog));
        self.tags.insert(tag, key);
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
        let call = self.calls.remove(key)?;
        self.tags.remove(&call.dialog.local_tag());
        Some(call)
    }
}
