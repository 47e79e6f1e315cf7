//! Subscriptions as usages of dialogs (RFC 6665, RFC 5057): where each lives, its requests, its deadlines and its end.

mod answered;
mod branch;
mod decision;
pub(super) mod record;
mod renewal;
mod step;
pub(super) mod store;
mod usage;
pub(super) mod work;

use std::sync::Arc;
use std::time::{Duration, Instant};

use rvoip_transaction_core::sip_core::{HeaderName, Method, RequestBuilder};
use rvoip_transaction_core::sip_transport::Target;
use smallvec::SmallVec;

use super::DialogManager;
use super::client::ClientUse;
use super::errand::Errand;
use crate::out_of_dialog::Refusal;
use crate::{CallKey, DialogError, SessionCoordinationEvent, SubscriptionEnd, SubscriptionKey};

use record::{Home, Subscription};

/// What a request of a subscription is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// The SUBSCRIBE or REFER that makes it.
    First,
    /// A SUBSCRIBE that refreshes it.
    Refresh,
    /// A SUBSCRIBE that ends it.
    Leave,
    /// A NOTIFY.
    Notify,
}

/// What a call keeps for what happens beside it in its dialog; most have nothing.
#[derive(Debug, Default)]
pub(super) struct Usages {
    pub(super) subscriptions: SmallVec<[SubscriptionKey; 2]>,
    /// The call that this one takes the place of when it is accepted.
    pub(super) replaces: Option<CallKey>,
}

impl DialogManager {
    /// Subscriptions of either side that have not ended.
    pub fn subscriptions(&self) -> usize {
        self.subscriptions.len()
    }

    /// Whether one more subscription has room in this dialog and in all.
    pub(super) fn subscription_room(&self, home: Option<Home>) -> Result<(), DialogError> {
        let config = self.config.subscriptions();
        let here = home.map_or(0, |home| self.usages(home).len());
        if self.subscriptions.len() >= config.max_subscriptions {
            Err(DialogError::TooManySubscriptions(config.max_subscriptions))
        } else if here >= config.max_per_dialog {
            Err(DialogError::TooManySubscriptions(config.max_per_dialog))
        } else {
            Ok(())
        }
    }

    /// Enters a subscription into the table and into its dialog.
    pub(super) fn enter_subscription(
        &mut self,
        make: impl FnOnce(SubscriptionKey) -> Subscription,
    ) -> SubscriptionKey {
        let key = self.subscriptions.insert(make);
        match self
            .subscriptions
            .get(key)
            .map(|subscription| subscription.home)
        {
            Some(Home::Call(call)) => {
                if let Some(call) = self.calls.get_mut(call) {
                    let usages = call.usages.get_or_insert_default();
                    usages.subscriptions.push(key);
                }
            }
            Some(Home::Own(index)) => {
                if let Some(usage) = self.subscriptions.dialog_mut(index) {
                    usage.usages.push(key);
                }
            }
            None => {}
        }
        self.subscriptions.schedule(key);
        key
    }

    /// Sends a request of a subscription inside its dialog; gives its CSeq number.
    pub(super) fn ask(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        asked: Asked,
        method: Method,
        dress: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<u32, DialogError> {
        let home = self.subscriptions.known_mut(key)?.home;
        let dialog = self
            .dialog_at_mut(home)
            .ok_or(DialogError::NoSuchSubscription(key))?;
        let unreachable = DialogError::Unreachable(dialog.remote_target().into());
        let Some(number) = dialog.sequence.advance() else {
            return Err(unreachable);
        };
        let Some((dialog, path)) = self.dialog_at(home) else {
            return Err(unreachable);
        };
        let Ok((request, next_hop)) = dialog.request(method, number) else {
            return Err(unreachable);
        };
        let request = request.raw(&HeaderName::Contact, dialog.contact());
        let errand = Errand::inside(request, next_hop, path);
        let request = self.capabilities.sign_request(dress(errand.request));
        let purpose = ClientUse::Subscription { key, asked };
        let errand = Errand { request, ..errand };
        let errand = match asked {
            Asked::Refresh => errand.kept(),
            _ => errand,
        };
        self.dispatch(now, purpose, errand)?;
        Ok(number)
    }

    /// The number of a request of a subscription that is sent again.
    pub(super) fn next_usage_number(&mut self, key: SubscriptionKey) -> Option<u32> {
        let home = self.subscriptions.get(key)?.home;
        self.dialog_at_mut(home)?.sequence.advance()
    }

    /// The first SUBSCRIBE or REFER goes to a server: its own dialog has a Contact and a path.
    pub(super) fn handle_subscription_sent(
        &mut self,
        key: SubscriptionKey,
        target: Target,
        contact: &str,
    ) {
        if let Some(Home::Own(index)) = self.subscriptions.get(key).map(|it| it.home)
            && let Some(usage) = self.subscriptions.dialog_mut(index)
        {
            usage.dialog.set_contact(contact);
            usage.path = Some(Arc::new(target));
        }
    }

    /// Forgets a subscription and tells so.
    pub(super) fn end_subscription(&mut self, key: SubscriptionKey) {
        let Some(mut subscription) = self.subscriptions.remove(key) else {
            return;
        };
        if let Home::Call(call) = subscription.home
            && let Some(usages) = self
                .calls
                .get_mut(call)
                .and_then(|call| call.usages.as_mut())
        {
            usages.subscriptions.retain(|other| *other != key);
        }
        let cause = subscription.end.take().unwrap_or(SubscriptionEnd::Expired);
        tracing::debug!(subscription = %key, ?cause, "subscription ended");
        self.emit(SessionCoordinationEvent::SubscriptionEnded { key, cause });
    }

    /// How long a subscription may last that asks for `wanted`: 423 when that is too brief.
    pub(super) fn granted_time(
        &self,
        wanted: Option<u32>,
        default: Duration,
    ) -> Result<Duration, Refusal> {
        let config = self.config.subscriptions();
        let wanted = wanted.map_or(default, |seconds| Duration::from_secs(seconds.into()));
        if !wanted.is_zero() && wanted < config.min_expires {
            return Err(Refusal::TooBrief(config.min_expires));
        }
        Ok(wanted.min(config.max_expires))
    }
}
