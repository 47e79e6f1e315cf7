//! Steps the machines of `subscription`, does what they ask for, and brings them what becomes due.

use std::time::Instant;

use rvoip_transaction_core::ClientKey;
use rvoip_transaction_core::sip_core::{Response, StatusCode};

use super::Asked;
use super::record::{Side, Subscription};
use super::work::Work;
use crate::manager::DialogManager;
use crate::subscription::{notifier, subscriber};
use crate::{EndCause, SessionCoordinationEvent, SubscriptionEnd, SubscriptionKey};

impl DialogManager {
    /// A request of a subscription got its final response.
    pub(in crate::manager) fn handle_subscription_response(
        &mut self,
        now: Instant,
        client: ClientKey,
        (key, asked): (SubscriptionKey, Asked),
        response: &Response,
    ) {
        if response.status() == StatusCode::INTERVAL_TOO_BRIEF
            && matches!(asked, Asked::First | Asked::Refresh)
            && self.subscribe_for_longer(now, client, key, response)
        {
            return;
        }
        self.clients.remove(&client);
        match asked {
            Asked::Notify => self.handle_notify_answered(now, key, response),
            _ => self.handle_subscribe_answered(now, key, asked, response),
        }
    }

    /// A request of a subscription got no answer.
    pub(in crate::manager) fn handle_subscription_unanswered(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        asked: Asked,
        cause: &EndCause,
    ) {
        let end = match cause {
            EndCause::TransportFailed { error } => {
                SubscriptionEnd::TransportFailed { error: *error }
            }
            EndCause::Unlocated { .. } => SubscriptionEnd::TransportFailed {
                error: std::io::ErrorKind::NotFound,
            },
            _ => SubscriptionEnd::TimedOut,
        };
        match asked {
            Asked::Notify => self.notify_failed(now, key, end),
            Asked::Refresh => self.refresh_failed(now, key),
            Asked::First | Asked::Leave => {
                self.lose_subscription(now, key, end, subscriber::Input::Failure, None);
            }
        }
    }

    /// Does what is due in a subscription.
    pub(in crate::manager) fn handle_subscription_deadline(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
    ) {
        let due = |at: &mut Option<Instant>| at.take_if(|at| *at <= now).is_some();
        let Some(subscription) = self.subscriptions.get_mut(key) else {
            return;
        };
        let subscribes = matches!(subscription.side, Side::Subscriber(_));
        if due(&mut subscription.patience) {
            if let Some(subscriber) = subscription.subscriber_mut() {
                if subscriber.state == subscriber::State::Waiting {
                    return self.step_subscriber(now, key, subscriber::Input::RetryDue, None);
                }
                let (end, input) = (SubscriptionEnd::TimedOut, subscriber::Input::TimerN);
                return self.lose_subscription(now, key, end, input, None);
            }
            return self.refuse_undecided(now, key, StatusCode::TEMPORARILY_UNAVAILABLE);
        }
        if due(&mut subscription.until) {
            let end = SubscriptionEnd::Expired;
            if subscribes {
                return self.lose_subscription(now, key, end, subscriber::Input::Expired, None);
            }
            subscription.note(end);
            return self.expire_notifier(now, key);
        }
        if let Some(subscriber) = subscription.subscriber_mut()
            && due(&mut subscriber.refresh_at)
        {
            self.step_subscriber(now, key, subscriber::Input::RefreshDue, None);
        }
        self.subscriptions.schedule(key);
    }

    /// Steps a subscriber's machine. An input that has no meaning for the subscription changes nothing.
    pub(in crate::manager) fn step_subscriber(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        input: subscriber::Input,
        report: Option<SessionCoordinationEvent>,
    ) {
        let Some(subscriber) = self
            .subscriptions
            .get_mut(key)
            .and_then(Subscription::subscriber_mut)
        else {
            return;
        };
        let Some((next, actions)) = subscriber::step(subscriber.state, input) else {
            return;
        };
        tracing::debug!(subscription = %key, ?input, from = subscriber.state.name(), to = next.name(), "subscriber");
        subscriber.state = next;
        if let (true, Some(event)) = (actions.report, report) {
            self.emit(event);
        }
        if actions.refresh {
            self.send_resubscribe(now, key);
        }
        if actions.unsubscribe {
            self.send_unsubscribe(now, key);
        }
        if actions.wait {
            self.await_renewal(now, key);
        }
        if actions.renew {
            self.renew_subscription(now, key);
        }
        if actions.end {
            self.end_subscription(key);
        }
        self.subscriptions.schedule(key);
    }

    /// Steps a notifier's machine. An input that has no meaning for the subscription changes nothing.
    pub(in crate::manager) fn step_notifier(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        input: notifier::Input,
        work: Work,
    ) {
        let Some(notifier) = self
            .subscriptions
            .get_mut(key)
            .and_then(Subscription::notifier_mut)
        else {
            return;
        };
        let Some((next, actions)) = notifier::step(notifier.state, input) else {
            return;
        };
        tracing::debug!(subscription = %key, ?input, from = notifier.state.name(), to = next.name(), "notifier");
        notifier.state = next;
        if let (true, Some((server, response))) = (actions.respond, work.response) {
            self.send(now, server, response);
        }
        if let (true, Some(event)) = (actions.report, work.event) {
            self.emit(event);
        }
        if let (true, Some(notice)) = (actions.notify, work.notice) {
            self.queue_notice(now, key, notice);
        }
        if actions.end {
            self.end_subscription(key);
        }
        self.subscriptions.schedule(key);
    }
}
