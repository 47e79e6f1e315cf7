//! The dialogs that subscriptions are usages of: those of calls, and those that no call uses (RFC 5057).

use std::sync::Arc;

use rvoip_transaction_core::sip_core::Request;
use rvoip_transaction_core::sip_transport::Target;

use super::Usages;
use super::record::Home;
use crate::SubscriptionKey;
use crate::dialog::Dialog;
use crate::id::LocalTag;
use crate::manager::DialogManager;
use crate::out_of_dialog::Refusal;
use crate::sequence::Arrival;

impl DialogManager {
    /// The subscriptions that share a dialog.
    pub(in crate::manager) fn usages(&self, home: Home) -> &[SubscriptionKey] {
        match home {
            Home::Call(call) => self
                .calls
                .get(call)
                .and_then(|call| call.usages.as_ref())
                .map_or(&[], |usages| &usages.subscriptions),
            Home::Own(index) => self
                .subscriptions
                .dialog(index)
                .map_or(&[], |usage| &usage.usages),
        }
    }

    /// The dialog of a subscription, and the way it has gone so far.
    pub(in crate::manager) fn dialog_at(&self, home: Home) -> Option<(&Dialog, Option<&Target>)> {
        match home {
            Home::Call(call) => {
                let call = self.calls.get(call)?;
                Some((&call.dialog, call.path.as_deref()))
            }
            Home::Own(index) => {
                let usage = self.subscriptions.dialog(index)?;
                Some((&usage.dialog, usage.path.as_deref()))
            }
        }
    }

    pub(in crate::manager) fn dialog_at_mut(&mut self, home: Home) -> Option<&mut Dialog> {
        match home {
            Home::Call(call) => self.calls.get_mut(call).map(|call| &mut call.dialog),
            Home::Own(index) => self
                .subscriptions
                .dialog_mut(index)
                .map(|usage| &mut usage.dialog),
        }
    }

    /// Whether a dialog that no call uses has this tag of ours.
    pub(in crate::manager) fn has_usage_dialog(&self, tag: LocalTag) -> bool {
        self.subscriptions.len() > 0 && !self.subscriptions.dialogs_of(tag).is_empty()
    }

    /// A call is over, and its dialog lives on for the subscriptions in it (RFC 5057 section 4.1).
    pub(in crate::manager) fn inherit_dialog(
        &mut self,
        dialog: Dialog,
        path: Option<Arc<Target>>,
        usages: Usages,
    ) {
        if usages.subscriptions.is_empty() {
            return;
        }
        let index = self.subscriptions.insert_dialog(dialog, path);
        for key in &usages.subscriptions {
            if let Some(subscription) = self.subscriptions.get_mut(*key) {
                subscription.home = Home::Own(index);
            }
        }
        if let Some(usage) = self.subscriptions.dialog_mut(index) {
            usage.usages = usages.subscriptions;
        }
    }

    /// A request inside a dialog that no call uses.
    pub(in crate::manager) fn sort_in_usage(
        &mut self,
        request: &Request,
        index: usize,
    ) -> Result<(), Refusal> {
        let number = request.cseq().map_err(|_| Refusal::BadRequest)?.number;
        let usage = self
            .subscriptions
            .dialog_mut(index)
            .ok_or(Refusal::NoDialog)?;
        match usage.dialog.sequence.arrive(number) {
            Arrival::InOrder => Ok(()),
            Arrival::OutOfOrder => Err(Refusal::OutOfOrder),
        }
    }
}
