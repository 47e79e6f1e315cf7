//! We subscribe: SUBSCRIBE sent, refreshed, and taken back (RFC 6665 section 4.1.2).

use std::time::{Duration, Instant};

use rvoip_transaction_core::sip_core::header::Event;
use rvoip_transaction_core::sip_core::{
    ByteString, Expires, HeaderName, Method, NameAddr, RequestBuilder, Uri,
};
use rvoip_transaction_core::sip_transport::Target;
use rvoip_transaction_core::{NextHop, OwnContact};

use super::DialogManager;
use super::client::ClientUse;
use super::errand::Errand;
use super::subscription::Asked;
use super::subscription::record::{Home, Renewal, Side, Subscriber, Subscription};
use crate::config::DialogManagerConfig;
use crate::dialog::Dialog;
use crate::id::{LocalTag, mint_call_id};
use crate::subscription::{OutgoingSubscription, subscriber};
use crate::{Body, DialogError, SubscriptionKey};

fn seconds(time: Duration) -> Expires {
    Expires(time.as_secs().try_into().unwrap_or(u32::MAX))
}

impl DialogManager {
    /// Subscribes. What becomes of it is told by events, the last of them
    /// [`SubscriptionEnded`](crate::SessionCoordinationEvent::SubscriptionEnded); until then it is refreshed as long as it lasts.
    ///
    /// # Errors
    /// When this manager is a server, drains, is full, or when the SUBSCRIBE cannot be sent; there is then no subscription.
    pub fn subscribe(
        &mut self,
        now: Instant,
        wanted: OutgoingSubscription,
    ) -> Result<SubscriptionKey, DialogError> {
        self.may_subscribe()?;
        let home = self.outgoing_dialog(&wanted.local, &wanted.remote, &wanted.route);
        let mut event = Event::new(wanted.package.name.clone());
        if let Some(id) = &wanted.id {
            event = event.with_param("id", Some(id));
        }
        let patience = now + self.patience();
        let key = self.enter_subscription(|key| Subscription {
            key,
            home,
            event: event.clone(),
            media_type: wanted.package.media_type.clone(),
            refer: None,
            until: None,
            patience: Some(patience),
            end: None,
            side: Side::Subscriber(Subscriber {
                state: match wanted.expires.is_zero() {
                    true => subscriber::State::Leaving,
                    false => subscriber::State::NotifyWait,
                },
                interval: wanted.expires,
                refresh_at: None,
                forks_until: wanted.package.forks.then_some(patience),
                renewal: (!wanted.expires.is_zero()).then(|| {
                    Box::new(Renewal {
                        wanted: wanted.clone(),
                        granted_at: None,
                        was_granted: false,
                        failures: 0,
                        wait: Duration::ZERO,
                    })
                }),
            }),
            wake: None,
        });
        let sent = self.send_first_subscribe(now, key, wanted);
        if let Err(error) = sent {
            self.forget_subscription(key);
            return Err(error);
        }
        self.pump(now);
        Ok(key)
    }

    /// Sends the SUBSCRIBE that makes a subscription.
    pub(super) fn send_first_subscribe(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        wanted: OutgoingSubscription,
    ) -> Result<(), DialogError> {
        let event = self.subscriptions.known_mut(key)?.event.clone();
        let whither = (&wanted.local, wanted.target);
        self.ask_outside(now, key, Method::Subscribe, whither, |request| {
            let mut request = request
                .header(&event)
                .header(&seconds(wanted.expires))
                .raw(&HeaderName::Accept, &wanted.package.media_type);
            for (name, value) in &wanted.headers {
                request = request.raw(name, value);
            }
            Body::attach(wanted.body.as_ref(), request)
        })
    }

    /// Takes a subscription back. Its last event follows when the notifier knows, or cannot be told.
    ///
    /// # Errors
    /// When there is no such subscription of ours.
    pub fn unsubscribe(&mut self, now: Instant, key: SubscriptionKey) -> Result<(), DialogError> {
        let subscription = self.subscriptions.known_mut(key)?;
        if subscription.subscriber_mut().is_none() {
            return Err(DialogError::NoSuchSubscription(key));
        }
        self.step_subscriber(now, key, subscriber::Input::Unsubscribe, None);
        self.pump(now);
        Ok(())
    }

    /// Whether one more subscription of ours may be made outside of calls.
    pub(super) fn may_subscribe(&self) -> Result<(), DialogError> {
        if matches!(self.config, DialogManagerConfig::Server(_)) {
            return Err(DialogError::NotAClient);
        }
        if self.draining {
            return Err(DialogError::Draining);
        }
        self.subscription_room(None)
    }

    /// A dialog without peer, for a subscription outside of calls.
    pub(super) fn outgoing_dialog(
        &mut self,
        local: &NameAddr,
        remote: &Uri,
        route: &[Uri],
    ) -> Home {
        let (call_id, tag) = (mint_call_id(&mut self.rng), LocalTag::mint(&mut self.rng));
        let dialog = Dialog::outgoing(&call_id, tag, local, remote, route);
        Home::Own(self.subscriptions.insert_dialog(dialog, None))
    }

    /// Sends the request that makes a dialog of subscriptions.
    pub(super) fn ask_outside(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        method: Method,
        (local, target): (&NameAddr, Option<Target>),
        dress: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<(), DialogError> {
        let home = self.subscriptions.known_mut(key)?.home;
        let (dialog, _) = self
            .dialog_at(home)
            .ok_or(DialogError::NoSuchSubscription(key))?;
        let remote = dialog.remote_target();
        let (request, next_hop) = dialog
            .request(method, dialog.sequence.local())
            .map_err(|_| DialogError::Unreachable(remote.into()))?;
        let contact = OwnContact {
            user: local.uri().user().map(ByteString::from),
            secure: remote.starts_with("sips:") || next_hop.is_sips(),
            ..OwnContact::default()
        };
        let next_hop = match target {
            Some(target) => NextHop::Target(target),
            None => next_hop.into(),
        };
        let request = dress(self.capabilities.describe_request(request));
        let errand = Errand::new(request, next_hop).with_contact(contact).kept();
        let asked = Asked::First;
        self.dispatch(now, ClientUse::Subscription { key, asked }, errand)?;
        Ok(())
    }

    pub(super) fn send_resubscribe(&mut self, now: Instant, key: SubscriptionKey) {
        let Some(subscriber) = self
            .subscriptions
            .get_mut(key)
            .and_then(Subscription::subscriber_mut)
        else {
            return;
        };
        subscriber.refresh_at = None;
        let interval = subscriber.interval;
        if self
            .send_later_subscribe(now, key, Asked::Refresh, interval)
            .is_err()
        {
            self.refresh_failed(now, key);
        }
    }

    pub(super) fn send_unsubscribe(&mut self, now: Instant, key: SubscriptionKey) {
        let patience = now + self.patience();
        let Some(subscription) = self.subscriptions.get_mut(key) else {
            return;
        };
        subscription.patience = Some(patience);
        if let Some(subscriber) = subscription.subscriber_mut() {
            subscriber.refresh_at = None;
        }
        if self
            .send_later_subscribe(now, key, Asked::Leave, Duration::ZERO)
            .is_err()
        {
            self.step_subscriber(now, key, subscriber::Input::Failure, None);
        }
    }

    fn send_later_subscribe(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        asked: Asked,
        interval: Duration,
    ) -> Result<u32, DialogError> {
        let subscription = self.subscriptions.known_mut(key)?;
        let (event, accept) = (subscription.event.clone(), subscription.media_type.clone());
        self.ask(now, key, asked, Method::Subscribe, |request| {
            request
                .header(&event)
                .header(&seconds(interval))
                .raw(&HeaderName::Accept, &accept)
        })
    }
}
