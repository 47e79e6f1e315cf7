//! The record of one subscription: its machine, its dialog, and what is outstanding.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rvoip_transaction_core::ServerKey;
use rvoip_transaction_core::sip_core::header::Event;
use rvoip_transaction_core::sip_core::{ByteString, Request};
use rvoip_transaction_core::sip_transport::soonest;

use crate::subscription::{OutgoingSubscription, TerminationReason, notifier, subscriber};
use crate::{Body, CallKey, SubscriptionEnd, SubscriptionKey};

/// Whose dialog a subscription uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// That of a call.
    Call(CallKey),
    /// One that subscriptions alone use: its place in their store.
    Own(usize),
}

/// What a subscriber keeps.
#[derive(Debug)]
pub(crate) struct Subscriber {
    pub(crate) state: subscriber::State,
    /// How long it shall last each time.
    pub(crate) interval: Duration,
    pub(crate) refresh_at: Option<Instant>,
    /// Until then other branches of the first request may notify.
    pub(crate) forks_until: Option<Instant>,
    /// What it takes to make it again.
    pub(crate) renewal: Option<Box<Renewal>>,
}

/// What it takes to make a subscription of ours again.
#[derive(Debug)]
pub(crate) struct Renewal {
    pub(crate) wanted: OutgoingSubscription,
    /// Since when it has been granted this time.
    pub(crate) granted_at: Option<Instant>,
    /// It has been granted at some time.
    pub(crate) was_granted: bool,
    /// How often in a row it did not last.
    pub(crate) failures: u32,
    /// How long to wait before it is made again.
    pub(crate) wait: Duration,
}

/// One NOTIFY to send.
#[derive(Debug)]
pub(crate) struct Notice {
    pub(crate) body: Option<Body>,
    /// It is the last one.
    pub(crate) last: Option<(Option<TerminationReason>, Option<Duration>)>,
}

/// What a notifier keeps.
#[derive(Debug)]
pub(crate) struct Notifier {
    pub(crate) state: notifier::State,
    /// The SUBSCRIBE or REFER that waits for a decision.
    pub(crate) undecided: Option<(ServerKey, Arc<Request>)>,
    /// How long it was asked for; zero for a fetch.
    pub(crate) asked: Duration,
    /// Who subscribes wants to be told; not so after a REFER with `Refer-Sub: false`.
    pub(crate) wanted: bool,
    pub(crate) notices: VecDeque<Notice>,
    /// A NOTIFY is not yet answered; the next one waits.
    pub(crate) sending: bool,
    /// The state as it was told last.
    pub(crate) latest: Option<Body>,
}

#[derive(Debug)]
pub(crate) enum Side {
    Subscriber(Subscriber),
    Notifier(Notifier),
}

/// One subscription.
#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) key: SubscriptionKey,
    pub(crate) home: Home,
    pub(crate) event: Event,
    pub(crate) media_type: ByteString,
    /// The CSeq number of the REFER that made it: its `id`, told or not (RFC 3515 section 2.4.6).
    pub(crate) refer: Option<u32>,
    /// When it runs out.
    pub(crate) until: Option<Instant>,
    /// When the present state has lasted too long.
    pub(crate) patience: Option<Instant>,
    /// The first cause for which it ends; later ones are consequences.
    pub(crate) end: Option<SubscriptionEnd>,
    pub(crate) side: Side,
    /// What the deadline queue holds for it.
    pub(crate) wake: Option<Instant>,
}

impl Subscription {
    /// Keeps the first cause.
    pub(crate) fn note(&mut self, end: SubscriptionEnd) {
        self.end.get_or_insert(end);
    }

    /// The next moment at which something is due.
    pub(super) fn due(&self) -> Option<Instant> {
        let refresh_at = match &self.side {
            Side::Subscriber(subscriber) => subscriber.refresh_at,
            Side::Notifier(_) => None,
        };
        soonest([self.until, self.patience, refresh_at])
    }

    /// The name of its state.
    pub(crate) fn state_name(&self) -> &'static str {
        match &self.side {
            Side::Subscriber(subscriber) => subscriber.state.name(),
            Side::Notifier(notifier) => notifier.state.name(),
        }
    }

    pub(crate) fn subscriber_mut(&mut self) -> Option<&mut Subscriber> {
        match &mut self.side {
            Side::Subscriber(subscriber) => Some(subscriber),
            Side::Notifier(_) => None,
        }
    }

    pub(crate) fn notifier_mut(&mut self) -> Option<&mut Notifier> {
        match &mut self.side {
            Side::Subscriber(_) => None,
            Side::Notifier(notifier) => Some(notifier),
        }
    }

    /// Whether an Event header names this one. The `id` of a REFER's is the number of the REFER, and may be left out.
    pub(crate) fn is_of(&self, event: &Event) -> bool {
        match self.refer {
            None => self.event.equivalent(event),
            Some(number) => {
                self.event.package() == event.package()
                    && event.id().is_none_or(|id| id.parse() == Ok(number))
            }
        }
    }
}
