//! What our SUBSCRIBE and REFER bring back, and how long a subscription lasts then.

use std::time::{Duration, Instant};

use rvoip_transaction_core::ClientKey;
use rvoip_transaction_core::sip_core::header::{AllowEvents, MinExpires, ReferSub};
use rvoip_transaction_core::sip_core::{ByteString, HeaderName, Response, RetryAfter, StatusCode};

use super::Asked;
use super::record::{Side, Subscription};
use crate::manager::DialogManager;
use crate::subscription::{refresh_after, subscriber};
use crate::{SessionCoordinationEvent, SubscriptionEnd, SubscriptionKey};

/// The longest time that a notifier may ask us to subscribe for.
const MAX_INTERVAL: Duration = Duration::from_secs(24 * 3600);

impl DialogManager {
    /// A SUBSCRIBE or REFER of ours got its final response.
    pub(in crate::manager) fn handle_subscribe_answered(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        asked: Asked,
        response: &Response,
    ) {
        let status = response.status();
        if status.is_success() {
            return self.subscribe_accepted(now, key, asked, response);
        }
        let Some(subscription) = self.subscriptions.get_mut(key) else {
            return;
        };
        match asked {
            Asked::First => {
                let (end, input) = (refused(response), subscriber::Input::Failure);
                self.lose_subscription(now, key, end, input, None);
            }
            // Who refers has done without refreshes before, and will tell the outcome all the same.
            Asked::Refresh if subscription.refer.is_none() && ends_usage(status) => {
                let end = SubscriptionEnd::Lost { status };
                self.lose_subscription(now, key, end, subscriber::Input::Lost, None);
            }
            Asked::Refresh => self.refresh_failed(now, key),
            _ => {
                subscription.note(SubscriptionEnd::Lost { status });
                self.step_subscriber(now, key, subscriber::Input::Failure, None);
            }
        }
    }

    fn subscribe_accepted(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        asked: Asked,
        response: &Response,
    ) {
        let granted = response.expires().ok().flatten();
        let Some(subscription) = self.subscriptions.get_mut(key) else {
            return;
        };
        let status = response.status();
        if asked == Asked::First && subscription.refer.is_some() {
            subscription.refer = response.cseq().ok().map(|cseq| cseq.number);
            let told = response.headers().first::<ReferSub>().ok().flatten();
            if told.is_some_and(|told| !told.is_wanted()) {
                subscription.note(SubscriptionEnd::WithoutSubscription);
                self.emit(SessionCoordinationEvent::Subscribed { key, status });
                let input = subscriber::Input::WithoutSubscription;
                return self.step_subscriber(now, key, input, None);
            }
        }
        if let (Some(granted), Asked::First | Asked::Refresh) = (granted, asked) {
            self.lasts(now, key, Duration::from_secs(granted.0.into()));
        }
        if asked == Asked::First {
            let report = Some(SessionCoordinationEvent::Subscribed { key, status });
            self.step_subscriber(now, key, subscriber::Input::Accepted, report);
        }
        self.subscriptions.schedule(key);
    }

    /// A subscription of ours lasts this long from now on.
    pub(in crate::manager) fn lasts(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        granted: Duration,
    ) {
        let refresh_after = refresh_after(granted, &mut self.rng);
        let Some(subscription) = self.subscriptions.get_mut(key) else {
            return;
        };
        let Side::Subscriber(subscriber) = &mut subscription.side else {
            return;
        };
        let keeps = !matches!(
            subscriber.state,
            subscriber::State::Leaving | subscriber::State::Departing
        );
        if keeps && !granted.is_zero() {
            subscription.until = now.checked_add(granted);
            subscriber.refresh_at = now.checked_add(refresh_after);
        }
    }

    /// 423: asks once more, for as long as the notifier wants at least. Whether it was asked.
    pub(in crate::manager) fn subscribe_for_longer(
        &mut self,
        now: Instant,
        client: ClientKey,
        key: SubscriptionKey,
        response: &Response,
    ) -> bool {
        let Ok(Some(MinExpires(least))) = response.headers().first() else {
            return false;
        };
        let interval = Duration::from_secs(least.into());
        let Some(subscriber) = self
            .subscriptions
            .get_mut(key)
            .and_then(Subscription::subscriber_mut)
        else {
            return false;
        };
        if interval <= subscriber.interval || interval > MAX_INTERVAL {
            return false;
        }
        subscriber.interval = interval;
        let expires = (HeaderName::Expires, ByteString::from(least.to_string()));
        self.resend(now, client, &[expires])
    }

    /// A refresh came to nothing, but the subscription still lasts: again when half of what is left has passed.
    pub(in crate::manager) fn refresh_failed(&mut self, now: Instant, key: SubscriptionKey) {
        if let Some(subscription) = self.subscriptions.get_mut(key)
            && let Some(until) = subscription.until
            && let Some(subscriber) = subscription.subscriber_mut()
        {
            let left = until.saturating_duration_since(now);
            subscriber.refresh_at = (left > Duration::from_secs(10)).then(|| now + left / 2);
            self.subscriptions.schedule(key);
        }
    }
}

fn refused(response: &Response) -> SubscriptionEnd {
    let headers = response.headers();
    let retry_after = headers.first::<RetryAfter>().ok().flatten();
    let packages = headers.all::<AllowEvents>().filter_map(Result::ok);
    SubscriptionEnd::Refused {
        status: response.status(),
        retry_after: retry_after.map(|after| Duration::from_secs(after.seconds.into())),
        allow_events: packages
            .flat_map(|line| line.iter().map(ByteString::from).collect::<Vec<_>>())
            .take(32)
            .collect(),
    }
}

/// Whether the response to a refresh says that there is nothing to refresh (RFC 5057 section 5.1).
fn ends_usage(status: StatusCode) -> bool {
    matches!(
        status.code(),
        404 | 405 | 410 | 416 | 480..=485 | 489 | 501 | 604
    )
}
