//! NOTIFY sent: one at a time for each subscription, in order (RFC 6665 section 4.2.2).

use std::time::{Duration, Instant};

use rvoip_transaction_core::sip_core::{HeaderName, Method, Response};

use super::DialogManager;
use super::subscription::Asked;
use super::subscription::record::{Notice, Subscription};
use super::subscription::work::{Work, subscription_state};
use crate::subscription::{TerminationReason, notifier};
use crate::{Body, DialogError, EndCause, SubscriptionEnd, SubscriptionKey};

/// Notifications of one subscription that may wait for the one before them.
const MAX_WAITING: usize = 16;

impl DialogManager {
    /// Tells a subscriber what is new.
    ///
    /// # Errors
    /// When it has no such subscription with us, it is not accepted yet or is ending, or too many notifications wait already.
    pub fn notify(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        body: Option<Body>,
    ) -> Result<(), DialogError> {
        let notifier = self.open_notifier(key, "notify")?;
        if notifier.notices.len() >= MAX_WAITING {
            return Err(DialogError::TooManyNotifications(key));
        }
        let work = Work::notice(Notice::of(body));
        self.step_notifier(now, key, notifier::Input::Notify, work);
        self.pump(now);
        Ok(())
    }

    /// Ends the subscription of a subscriber, after a last notification.
    ///
    /// # Errors
    /// When it has no such subscription with us, or it is not accepted yet or ending already.
    pub fn terminate_subscription(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        reason: TerminationReason,
        retry_after: Option<Duration>,
        body: Option<Body>,
    ) -> Result<(), DialogError> {
        self.open_notifier(key, "terminate")?;
        let notice = Notice::last(body, reason, retry_after);
        self.close_notifier(now, key, notice, retry_after);
        self.pump(now);
        Ok(())
    }

    pub(super) fn close_notifier(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        notice: Notice,
        retry_after: Option<Duration>,
    ) {
        if let Some(subscription) = self.subscriptions.get_mut(key) {
            let reason = notice.last.and_then(|(reason, _)| reason);
            subscription.note(SubscriptionEnd::Terminated {
                reason,
                retry_after,
            });
        }
        self.step_notifier(now, key, notifier::Input::Close, Work::notice(notice));
    }

    /// The time of a subscription with us has passed.
    pub(super) fn expire_notifier(&mut self, now: Instant, key: SubscriptionKey) {
        let notice = Notice::last(None, TerminationReason::Timeout, None);
        self.step_notifier(now, key, notifier::Input::Expired, Work::notice(notice));
    }

    /// A subscription with us that may be notified.
    pub(super) fn open_notifier(
        &mut self,
        key: SubscriptionKey,
        command: &'static str,
    ) -> Result<&mut super::subscription::record::Notifier, DialogError> {
        let subscription = self.subscriptions.known_mut(key)?;
        let state = subscription.state_name();
        match subscription.notifier_mut() {
            Some(notifier)
                if matches!(
                    notifier.state,
                    notifier::State::Pending | notifier::State::Active
                ) =>
            {
                Ok(notifier)
            }
            _ => Err(DialogError::InvalidSubscription {
                key,
                state,
                command,
            }),
        }
    }

    pub(super) fn queue_notice(&mut self, now: Instant, key: SubscriptionKey, notice: Notice) {
        let Some(subscription) = self.subscriptions.get_mut(key) else {
            return;
        };
        if notice.last.is_some() {
            subscription.until = None;
        }
        let Some(notifier) = subscription.notifier_mut() else {
            return;
        };
        notifier.notices.push_back(notice);
        if !notifier.sending {
            self.send_next_notice(now, key);
        }
    }

    fn send_next_notice(&mut self, now: Instant, key: SubscriptionKey) {
        let Some(subscription) = self.subscriptions.get_mut(key) else {
            return;
        };
        let (event, until) = (subscription.event.clone(), subscription.until);
        let Some(notifier) = subscription.notifier_mut() else {
            return;
        };
        let Some(notice) = notifier.notices.pop_front() else {
            return;
        };
        notifier.sending = true;
        let body = notice.body.or_else(|| notifier.latest.take());
        notifier.latest.clone_from(&body);
        let state = subscription_state(notifier.state, notice.last, until, now);
        let sent = self.ask(now, key, Asked::Notify, Method::Notify, |request| {
            let request = request.header(&event).header(&state);
            Body::attach(body.as_ref(), request)
        });
        if let Err(error) = sent {
            tracing::debug!(subscription = %key, %error, "a NOTIFY could not be sent");
            let cause = EndCause::TransportFailed {
                error: std::io::ErrorKind::HostUnreachable,
            };
            self.handle_subscription_unanswered(now, key, Asked::Notify, &cause);
        }
    }

    /// A NOTIFY of ours got its final response. A refusal ends the subscription, unless it says when to try again.
    pub(super) fn handle_notify_answered(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        response: &Response,
    ) {
        let status = response.status();
        let Some(notifier) = self
            .subscriptions
            .get_mut(key)
            .and_then(Subscription::notifier_mut)
        else {
            return;
        };
        let later = response.headers().contains(&HeaderName::RetryAfter)
            && notifier.state != notifier::State::Closing;
        if !status.is_success() && !later {
            return self.notify_failed(now, key, SubscriptionEnd::Lost { status });
        }
        notifier.sending = false;
        if notifier.notices.is_empty() {
            self.step_notifier(now, key, notifier::Input::Delivered, Work::default());
        } else {
            self.send_next_notice(now, key);
        }
    }

    pub(super) fn notify_failed(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        end: SubscriptionEnd,
    ) {
        if let Some(subscription) = self.subscriptions.get_mut(key) {
            subscription.note(end);
        }
        self.step_notifier(now, key, notifier::Input::NotifyFailed, Work::default());
    }
}
