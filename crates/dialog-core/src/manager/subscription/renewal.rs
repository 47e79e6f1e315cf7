//! Subscriptions of ours that are made again after the notifier has ended them for a time (RFC 6665 section 4.1.3).

use std::time::{Duration, Instant};

use super::record::Subscription;
use crate::manager::DialogManager;
use crate::subscription::{Retry, subscriber};
use crate::{DialogError, SessionCoordinationEvent, SubscriptionEnd, SubscriptionKey};

impl DialogManager {
    /// A subscription of ours has ended: for a time, or for good by this input.
    pub(in crate::manager) fn lose_subscription(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        end: SubscriptionEnd,
        input: subscriber::Input,
        report: Option<SessionCoordinationEvent>,
    ) {
        let wait = self.renewal_wait(now, key, &end);
        let Some(subscription) = self.subscriptions.get_mut(key) else {
            return;
        };
        subscription.note(end);
        let renewal = subscription
            .subscriber_mut()
            .and_then(|subscriber| subscriber.renewal.as_mut());
        let input = match (wait, renewal) {
            (Some(wait), Some(renewal)) => {
                renewal.wait = wait;
                subscriber::Input::Interrupted
            }
            _ => input,
        };
        self.step_subscriber(now, key, input, report);
    }

    /// How long to wait before it is made again; `None` when it is not to be.
    fn renewal_wait(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        end: &SubscriptionEnd,
    ) -> Option<Duration> {
        let back_off = self.config.subscriptions().renewal?;
        let subscriber = self
            .subscriptions
            .get_mut(key)
            .and_then(Subscription::subscriber_mut)?;
        let state = subscriber.state;
        let renewal = subscriber.renewal.as_mut()?;
        let lives = matches!(
            state,
            subscriber::State::NotifyWait | subscriber::State::Pending | subscriber::State::Active
        );
        if self.draining || !lives || !renewal.was_granted {
            return None;
        }
        let at_once = match end.retry() {
            Retry::Never => return None,
            Retry::After(after) => return Some(after.max(Duration::from_secs(1))),
            Retry::Now => renewal
                .granted_at
                .is_some_and(|at| now.saturating_duration_since(at) >= back_off.base),
        };
        renewal.failures = match at_once {
            true => 0,
            false => renewal.failures.saturating_add(1),
        };
        Some(match at_once {
            true => Duration::ZERO,
            false => back_off.wait(renewal.failures, &mut self.rng),
        })
    }

    /// Leaves the dialog of a subscription that is to be made again.
    pub(in crate::manager) fn await_renewal(&mut self, now: Instant, key: SubscriptionKey) {
        let Some(subscription) = self.subscriptions.get_mut(key) else {
            return;
        };
        let cause = subscription.end.take();
        let Some(renewal) = subscription
            .subscriber_mut()
            .and_then(|subscriber| subscriber.renewal.as_ref())
        else {
            return;
        };
        let (wanted, wait) = (renewal.wanted.clone(), renewal.wait);
        let home = self.outgoing_dialog(&wanted.local, &wanted.remote, &wanted.route);
        self.subscriptions.move_to(key, home);
        if let Some(subscription) = self.subscriptions.get_mut(key) {
            (subscription.until, subscription.patience) = (None, now.checked_add(wait));
            if let Some(subscriber) = subscription.subscriber_mut() {
                (subscriber.refresh_at, subscriber.forks_until) = (None, None);
            }
        }
        self.emit(SessionCoordinationEvent::SubscriptionInterrupted {
            key,
            cause: cause.unwrap_or(SubscriptionEnd::Expired),
            retry_after: wait,
        });
    }

    /// Makes a subscription again, in the dialog that waits for it.
    pub(in crate::manager) fn renew_subscription(&mut self, now: Instant, key: SubscriptionKey) {
        let patience = now + self.patience();
        let Some(subscription) = self.subscriptions.get_mut(key) else {
            return;
        };
        subscription.patience = Some(patience);
        let Some(subscriber) = subscription.subscriber_mut() else {
            return;
        };
        let Some(renewal) = &mut subscriber.renewal else {
            return;
        };
        renewal.granted_at = None;
        let mut wanted = renewal.wanted.clone();
        subscriber.forks_until = wanted.package.forks.then_some(patience);
        // What the notifier wanted at least is asked for from the beginning.
        wanted.expires = subscriber.interval;
        if let Err(error) = self.send_first_subscribe(now, key, wanted) {
            let end = SubscriptionEnd::TransportFailed {
                error: match error {
                    DialogError::Unreachable(_) => std::io::ErrorKind::NotFound,
                    _ => std::io::ErrorKind::Other,
                },
            };
            self.lose_subscription(now, key, end, subscriber::Input::Failure, None);
        }
    }
}
