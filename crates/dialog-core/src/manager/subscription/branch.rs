//! The branches of a SUBSCRIBE that forked, each a subscription of its own (RFC 6665 section 4.4.1).

use std::time::Instant;

use rvoip_transaction_core::sip_core::Request;

use super::record::{Home, Side, Subscriber, Subscription};
use crate::SessionCoordinationEvent;
use crate::id::LocalTag;
use crate::manager::DialogManager;
use crate::out_of_dialog::Refusal;
use crate::subscription::subscriber;

/// Branches of one SUBSCRIBE that may notify.
const MAX_FORKS: usize = 16;

impl DialogManager {
    /// Another branch of a SUBSCRIBE notifies: a subscription of its own, when the package allows.
    pub(in crate::manager) fn fork_subscription(
        &mut self,
        now: Instant,
        request: &Request,
        tag: LocalTag,
    ) -> Result<Home, Refusal> {
        let branches = self.subscriptions.dialogs_of(tag);
        let first = branches.first().filter(|_| branches.len() < MAX_FORKS);
        let index = *first.ok_or(Refusal::NoDialog)?;
        let of = self.notified_subscription(request, Home::Own(index))?;
        let usage = self.subscriptions.dialog(index).ok_or(Refusal::NoDialog)?;
        let call_id = request.call_id().map_err(|_| Refusal::BadRequest)?;
        if call_id.to_string() != usage.dialog.call_id() {
            return Err(Refusal::NoDialog);
        }
        self.subscription_room(None)
            .map_err(|_| Refusal::Unavailable(self.retry_after))?;
        let usage = self.subscriptions.dialog(index).ok_or(Refusal::NoDialog)?;
        let (mut dialog, path) = (usage.dialog.clone(), usage.path.clone());
        dialog.establish_by(request)?;
        let subscription = self.subscriptions.get(of).ok_or(Refusal::NoDialog)?;
        let Side::Subscriber(subscriber) = &subscription.side else {
            return Err(Refusal::NoDialog);
        };
        if subscriber.forks_until.is_none_or(|until| until < now) {
            return Err(Refusal::NoDialog);
        }
        let branch = Subscriber {
            state: subscriber::State::NotifyWait,
            interval: subscriber.interval,
            refresh_at: None,
            forks_until: None,
            renewal: None,
        };
        let (event, media_type) = (subscription.event.clone(), subscription.media_type.clone());
        let (refer, until) = (subscription.refer, subscription.until);
        let home = Home::Own(self.subscriptions.insert_dialog(dialog, path));
        let key = self.enter_subscription(|key| Subscription {
            key,
            home,
            event,
            media_type,
            refer,
            until,
            patience: None,
            end: None,
            side: Side::Subscriber(branch),
            wake: None,
        });
        self.emit(SessionCoordinationEvent::SubscriptionForked { key, of });
        Ok(home)
    }
}
