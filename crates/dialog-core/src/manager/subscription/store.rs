//! All subscriptions of a manager, and the dialogs that they alone use.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Instant;

use rvoip_transaction_core::sip_core::Request;
use rvoip_transaction_core::sip_transport::Target;
use slab::Slab;
use smallvec::SmallVec;

use super::record::{Home, Subscription};
use crate::dialog::Dialog;
use crate::id::{KeyMap, LocalTag};
use crate::table::{Table, Tenant};
use crate::{DialogError, SubscriptionKey};

/// A dialog that no call uses.
#[derive(Debug)]
pub(crate) struct UsageDialog {
    pub(crate) dialog: Dialog,
    pub(crate) path: Option<Arc<Target>>,
    /// The subscriptions in it; with the last of them it goes.
    pub(crate) usages: SmallVec<[SubscriptionKey; 2]>,
}

/// The table of subscriptions.
#[derive(Debug, Default)]
pub(crate) struct SubscriptionStore {
    table: Table<Subscription>,
    dialogs: Slab<Box<UsageDialog>>,
    /// The branches of a SUBSCRIBE that forked share our tag.
    tags: KeyMap<LocalTag, SmallVec<[usize; 1]>>,
}

impl Tenant for Subscription {
    type Key = SubscriptionKey;

    fn key(&self) -> SubscriptionKey {
        self.key
    }

    fn due(&self) -> Option<Instant> {
        Subscription::due(self)
    }

    fn wake(&mut self) -> &mut Option<Instant> {
        &mut self.wake
    }
}

impl Deref for SubscriptionStore {
    type Target = Table<Subscription>;

    fn deref(&self) -> &Table<Subscription> {
        &self.table
    }
}

impl DerefMut for SubscriptionStore {
    fn deref_mut(&mut self) -> &mut Table<Subscription> {
        &mut self.table
    }
}

impl SubscriptionStore {
    pub(crate) fn insert_dialog(&mut self, dialog: Dialog, path: Option<Arc<Target>>) -> usize {
        let tag = dialog.local_tag();
        let index = self.dialogs.insert(Box::new(UsageDialog {
            dialog,
            path,
            usages: SmallVec::new(),
        }));
        self.tags.entry(tag).or_default().push(index);
        index
    }

    /// A subscription that a command names.
    pub(crate) fn known_mut(
        &mut self,
        key: SubscriptionKey,
    ) -> Result<&mut Subscription, DialogError> {
        self.get_mut(key)
            .ok_or(DialogError::NoSuchSubscription(key))
    }

    pub(crate) fn dialog(&self, index: usize) -> Option<&UsageDialog> {
        self.dialogs.get(index).map(|dialog| &**dialog)
    }

    pub(crate) fn dialog_mut(&mut self, index: usize) -> Option<&mut UsageDialog> {
        self.dialogs.get_mut(index).map(|dialog| &mut **dialog)
    }

    /// The dialog of its own that a request is in: the one of its sender, else one whose peer has shown no tag yet.
    pub(crate) fn dialog_of(&self, tag: LocalTag, request: &Request) -> Option<usize> {
        let owns = |index: &usize, tagged: bool| {
            self.dialogs.get(*index).is_some_and(|usage| {
                usage.dialog.owns(request) && usage.dialog.remote_tag().is_some() == tagged
            })
        };
        let all = self.tags.get(&tag)?;
        let of = |tagged| all.iter().find(|index| owns(index, tagged)).copied();
        of(true).or_else(|| of(false))
    }

    /// The dialogs of our tag, whoever the peer is.
    pub(crate) fn dialogs_of(&self, tag: LocalTag) -> &[usize] {
        self.tags.get(&tag).map_or(&[], |all| all)
    }

    pub(crate) fn remove(&mut self, key: SubscriptionKey) -> Option<Box<Subscription>> {
        let subscription = self.table.remove(key)?;
        self.leave(key, subscription.home);
        Some(subscription)
    }

    /// Moves a subscription out of its dialog into one of its own.
    pub(crate) fn move_to(&mut self, key: SubscriptionKey, home: Home) {
        let Some(subscription) = self.get_mut(key) else {
            return;
        };
        let before = std::mem::replace(&mut subscription.home, home);
        self.leave(key, before);
        if let Home::Own(index) = home
            && let Some(usage) = self.dialogs.get_mut(index)
        {
            usage.usages.push(key);
        }
    }

    /// A subscription is no longer in this dialog, which goes with the last of them.
    fn leave(&mut self, key: SubscriptionKey, home: Home) {
        if let Home::Own(index) = home
            && let Some(usage) = self.dialogs.get_mut(index)
        {
            usage.usages.retain(|other| *other != key);
            if usage.usages.is_empty() {
                self.remove_dialog(index);
            }
        }
    }

    fn remove_dialog(&mut self, index: usize) {
        let Some(usage) = self.dialogs.try_remove(index) else {
            return;
        };
        let tag = usage.dialog.local_tag();
        if let Some(all) = self.tags.get_mut(&tag) {
            all.retain(|other| *other != index);
            if all.is_empty() {
                self.tags.remove(&tag);
            }
        }
    }
}
