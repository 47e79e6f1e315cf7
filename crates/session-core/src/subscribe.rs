//! Subscriptions to events (RFC 6665): to those of others, and of others to ours.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rvoip_dialog_core::event_package::EventPackage;
use rvoip_dialog_core::sip_core::header::Substate;
use rvoip_dialog_core::sip_core::{Request, StatusCode};
use rvoip_dialog_core::{Body, SubscriptionEnd, SubscriptionKey, TerminationReason};
use tokio::sync::{mpsc, watch};

use crate::switchboard::Switchboard;
use crate::{Result, SessionCoordinator};

/// What a subscription of ours tells.
#[derive(Debug, Clone)]
pub struct SubscriptionNotice {
    /// Which of several branches tells it, when the request forked.
    pub branch: SubscriptionKey,
    /// What it tells.
    pub change: SubscriptionChange,
}

/// What happened to a subscription of ours.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum SubscriptionChange {
    /// The notifier has accepted it.
    Accepted,
    /// The state of what is watched was told.
    Notified {
        /// Whether it may be told: `Pending` says nothing yet.
        state: Substate,
        /// The state, in the media type of the package.
        body: Option<Body>,
    },
    /// The notifier has ended it for a time (RFC 6665 section 4.1.3); it is made again by itself.
    Interrupted {
        /// Why.
        cause: SubscriptionEnd,
        /// When it is made again.
        retry_after: Duration,
    },
    /// It is over; other branches may go on.
    Ended(SubscriptionEnd),
}

/// A subscription of ours, refreshed by itself, and made again where the notifier allows. Dropping it takes it back.
pub struct Subscription {
    key: SubscriptionKey,
    notices: mpsc::Receiver<SubscriptionNotice>,
    switchboard: Arc<Switchboard>,
}

impl Subscription {
    /// Its name.
    pub fn key(&self) -> SubscriptionKey {
        self.key
    }

    /// The next notice; `None` when all branches are over. A reader that is slow misses some of what was told, never the
    /// end.
    pub async fn next(&mut self) -> Option<SubscriptionNotice> {
        self.notices.recv().await
    }

    /// Takes it back; [`next`](Self::next) tells when the notifier knows.
    ///
    /// # Errors
    /// When it is over.
    pub async fn unsubscribe(&self) -> Result<()> {
        let key = self.key;
        self.switchboard
            .call(move |core, now| core.unsubscribe(now, key))
            .await?
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        let key = self.key;
        if !self.notices.is_closed() {
            // It may be over already.
            self.switchboard.post_soon(move |core, now| {
                let _ = core.unsubscribe(now, key);
            });
        }
    }
}

/// A peer that wants to be told events of ours.
#[derive(Debug, Clone)]
pub struct IncomingSubscription {
    /// The name of the package.
    pub package: String,
    /// Who subscribes.
    pub from: String,
    /// The SUBSCRIBE.
    pub request: Arc<Request>,
    pub(crate) key: SubscriptionKey,
    pub(crate) end: watch::Receiver<Option<SubscriptionEnd>>,
}

/// What to do with a peer that subscribes.
#[derive(Debug, Clone)]
pub enum SubscriptionDecision {
    /// Tell it the state now, and what becomes of it.
    Accept(Option<Body>),
    /// Somebody has to be asked first; [`Watcher::notify`] grants it.
    Postpone,
    /// Answered with this status, 300..=699.
    Reject(StatusCode),
}

/// A peer that is told events of ours.
#[derive(Debug, Clone)]
pub struct Watcher {
    subscription: IncomingSubscription,
    switchboard: Arc<Switchboard>,
}

impl Watcher {
    pub(crate) fn new(switchboard: &Arc<Switchboard>, subscription: IncomingSubscription) -> Self {
        Watcher {
            subscription,
            switchboard: Arc::clone(switchboard),
        }
    }

    /// What it subscribed to.
    pub fn subscription(&self) -> &IncomingSubscription {
        &self.subscription
    }

    /// Tells it the state, and grants what was postponed.
    ///
    /// # Errors
    /// When the subscription is over, or too many notifications wait.
    pub async fn notify(&self, state: Body) -> Result<()> {
        let key = self.subscription.key;
        self.switchboard
            .call(move |core, now| core.notify(now, key, state))
            .await?
    }

    /// Ends the subscription.
    ///
    /// # Errors
    /// When it is over, or waits for a decision.
    pub async fn terminate(
        &self,
        reason: TerminationReason,
        retry_after: Option<Duration>,
    ) -> Result<()> {
        let key = self.subscription.key;
        self.switchboard
            .call(move |core, now| core.end_subscription(now, key, reason, retry_after))
            .await?
    }

    /// Waits until the subscription is over; `None` when the coordinator has stopped before.
    pub async fn ended(&self) -> Option<SubscriptionEnd> {
        let mut end = self.subscription.end.clone();
        let over = end.wait_for(Option::is_some).await.ok()?;
        over.clone()
    }
}

impl SessionCoordinator {
    /// Subscribes to the events of `to`, for as long as the package proposes each time.
    ///
    /// # Errors
    /// A URI that cannot be used, too many subscriptions, or a request that cannot be sent.
    pub async fn subscribe_to_events(
        &self,
        from: &str,
        to: &str,
        package: EventPackage,
    ) -> Result<Subscription> {
        let (from, to) = (from.to_owned(), to.to_owned());
        let made = self
            .switchboard
            .call(move |core, now| core.subscribe(now, &from, &to, package));
        let (key, notices) = made.await??;
        Ok(Subscription {
            key,
            notices,
            switchboard: Arc::clone(&self.switchboard),
        })
    }
}
