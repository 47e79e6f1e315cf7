//! Subscriptions of this side and of peers, and whom what they tell concerns.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rvoip_dialog_core::event_package::EventPackage;
use rvoip_dialog_core::sip_core::{ByteString, NameAddr};
use rvoip_dialog_core::{
    Body, DialogError, Grant, KeyMap, OutgoingSubscription, SessionCoordinationEvent,
    SubscriptionEnd, SubscriptionKey, TerminationReason,
};
use tokio::sync::{mpsc, watch};

use super::SessionCore;
use super::outgoing::parse_uri;
use crate::{
    BasicSessionEvent, IncomingSubscription, Result, SessionError, SubscriptionChange,
    SubscriptionDecision, SubscriptionNotice,
};

/// Notices of a subscription that may wait for a slow reader; one place more is kept for the end.
const MAX_WAITING: usize = 64;

/// The subscriptions that have not ended, but for those of transfers.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    ours: KeyMap<SubscriptionKey, mpsc::Sender<SubscriptionNotice>>,
    theirs: KeyMap<SubscriptionKey, watch::Sender<Option<SubscriptionEnd>>>,
}

impl SessionCore {
    /// Subscribes to the events of somebody; what they are is read from the receiver, which ends with the subscription.
    ///
    /// # Errors
    /// A URI that cannot be used, too many subscriptions, or a request that cannot be sent.
    pub fn subscribe(
        &mut self,
        now: Instant,
        from: &str,
        to: &str,
        package: EventPackage,
    ) -> Result<(SubscriptionKey, mpsc::Receiver<SubscriptionNotice>)> {
        let local = NameAddr::parse(ByteString::from(from))
            .map_err(|_| SessionError::InvalidUri(from.to_owned()))?;
        let route = self.account_route(local.uri());
        let mut wanted = OutgoingSubscription::new(local, parse_uri(to)?, package);
        wanted.route = route;
        let key = self
            .dialogs
            .subscribe(now, wanted)
            .map_err(|source| match source {
                DialogError::Unreachable(_) => SessionError::InvalidUri(to.to_owned()),
                DialogError::TooManySubscriptions(_) => SessionError::ResourceExhausted,
                source => failed(source),
            })?;
        let (sender, notices) = mpsc::channel(MAX_WAITING + 1);
        self.subscriptions.ours.insert(key, sender);
        self.pump(now);
        Ok((key, notices))
    }

    /// Takes a subscription of ours back.
    ///
    /// # Errors
    /// When it is over.
    pub fn unsubscribe(&mut self, now: Instant, key: SubscriptionKey) -> Result<()> {
        let left = self.dialogs.unsubscribe(now, key);
        self.pump(now);
        left.map_err(failed)
    }

    /// Carries out the decision about a peer that subscribes.
    ///
    /// # Errors
    /// When it no longer waits for one.
    pub fn decide_subscription(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        decision: SubscriptionDecision,
    ) -> Result<()> {
        let decided = match decision {
            SubscriptionDecision::Accept(state) => {
                self.dialogs
                    .accept_subscription(now, key, Grant::Active, state)
            }
            SubscriptionDecision::Postpone => {
                self.dialogs
                    .accept_subscription(now, key, Grant::Pending, None)
            }
            SubscriptionDecision::Reject(status) => {
                self.dialogs.refuse_subscription(now, key, status)
            }
        };
        self.pump(now);
        decided.map_err(failed)
    }

    /// Tells a peer the state that it subscribed to, and grants what was postponed.
    ///
    /// # Errors
    /// When its subscription is over or undecided, or too many notifications wait.
    pub fn notify(&mut self, now: Instant, key: SubscriptionKey, state: Body) -> Result<()> {
        let told = self
            .dialogs
            .accept_subscription(now, key, Grant::Active, Some(state));
        self.pump(now);
        told.map_err(failed)
    }

    /// Ends the subscription of a peer.
    ///
    /// # Errors
    /// When it is over or undecided.
    pub fn end_subscription(
        &mut self,
        now: Instant,
        key: SubscriptionKey,
        reason: TerminationReason,
        retry_after: Option<Duration>,
    ) -> Result<()> {
        let ended = self
            .dialogs
            .terminate_subscription(now, key, reason, retry_after, None);
        self.pump(now);
        ended.map_err(failed)
    }

    /// What dialog-core tells of subscriptions, those of transfers included.
    pub(super) fn on_subscription_event(&mut self, now: Instant, event: SessionCoordinationEvent) {
        use SessionCoordinationEvent as Event;
        match event {
            Event::IncomingSubscription {
                key,
                package,
                request,
                ..
            } => {
                let (sender, end) = watch::channel(None);
                self.subscriptions.theirs.insert(key, sender);
                let subscription = IncomingSubscription {
                    package: package.to_string(),
                    from: request.from_uri().unwrap_or_default().to_owned(),
                    request: Arc::clone(&request),
                    key,
                    end,
                };
                self.events
                    .push_back(BasicSessionEvent::SubscriptionReceived(subscription));
            }
            Event::SubscriptionForked { key, of } => {
                if let Some(sender) = self.subscriptions.ours.get(&of).cloned() {
                    self.subscriptions.ours.insert(key, sender);
                }
            }
            Event::Notified { key, state, body } => {
                self.tell(key, SubscriptionChange::Notified { state, body });
            }
            Event::SubscriptionInterrupted {
                key,
                cause,
                retry_after,
            } => self.tell(key, SubscriptionChange::Interrupted { cause, retry_after }),
            Event::Subscribed { key, .. } if self.subscriptions.ours.contains_key(&key) => {
                self.tell(key, SubscriptionChange::Accepted);
            }
            Event::SubscriptionEnded { key, cause } => {
                if let Some(sender) = self.subscriptions.theirs.remove(&key) {
                    sender.send_replace(Some(cause));
                } else if self.subscriptions.ours.contains_key(&key) {
                    self.tell(key, SubscriptionChange::Ended(cause));
                    self.subscriptions.ours.remove(&key);
                } else {
                    self.on_transfer_event(now, Event::SubscriptionEnded { key, cause });
                }
            }
            event => self.on_transfer_event(now, event),
        }
    }

    fn tell(&self, branch: SubscriptionKey, change: SubscriptionChange) {
        let Some(sender) = self.subscriptions.ours.get(&branch) else {
            return;
        };
        let is_last = matches!(change, SubscriptionChange::Ended(_));
        // A reader that is slow or gone misses it.
        if is_last || sender.capacity() > 1 {
            let _ = sender.try_send(SubscriptionNotice { branch, change });
        }
    }
}

fn failed(source: DialogError) -> SessionError {
    SessionError::Dialog {
        session_id: None,
        source,
    }
}
