//! Subscriptions to events (RFC 6665): what both sides of one agree on, and the two pure machines that live it.
//!
//! A subscription is a usage of a dialog (RFC 5057). It has a dialog of its own when a SUBSCRIBE or a REFER outside of
//! calls made it, and shares the dialog of a call when a REFER inside the call did; it then outlives the call.

pub mod notifier;
pub mod subscriber;
mod termination;

use std::io;
use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;
use rvoip_transaction_core::sip_core::{ByteString, HeaderName, NameAddr, StatusCode, Uri};
use rvoip_transaction_core::sip_transport::Target;

use crate::Body;
use crate::event_package::EventPackage;

pub use termination::{Retry, TerminationReason};

/// A subscription of one [`DialogManager`](crate::DialogManager), of either side: slab index and generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SubscriptionKey {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

crate::table::key!(SubscriptionKey);

/// A subscription to make.
#[derive(Clone, Debug)]
pub struct OutgoingSubscription {
    /// Who subscribes: the From header; its user also goes into the Contact.
    pub local: NameAddr,
    /// Whose events: the To header and the Request-URI.
    pub remote: Uri,
    /// Where the SUBSCRIBE goes when not where the route or the remote URI points.
    pub target: Option<Target>,
    /// A pre-loaded route set, the outbound proxy first.
    pub route: Vec<Uri>,
    /// Which events.
    pub package: EventPackage,
    /// Tells apart several subscriptions to one package in one dialog: the `id` of the Event header.
    pub id: Option<ByteString>,
    /// How long it shall last before it is refreshed; zero fetches the state once.
    pub expires: Duration,
    /// A filter, if the package knows one.
    pub body: Option<Body>,
    /// Further headers of the first SUBSCRIBE, in order.
    pub headers: Vec<(HeaderName, ByteString)>,
}

impl OutgoingSubscription {
    /// A subscription for as long as the package proposes.
    pub fn new(local: NameAddr, remote: Uri, package: EventPackage) -> OutgoingSubscription {
        OutgoingSubscription {
            local,
            remote,
            target: None,
            route: Vec::new(),
            expires: package.expires,
            package,
            id: None,
            body: None,
            headers: Vec::new(),
        }
    }
}

/// Whether a peer may have what it subscribed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grant {
    /// It may.
    Active,
    /// Somebody has to be asked first; what it gets until then says nothing.
    Pending,
}

/// Why a subscription ended, as either side sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SubscriptionEnd {
    /// The notifier said so: a NOTIFY with `terminated`, ours or the peer's.
    Terminated {
        /// Why.
        reason: Option<TerminationReason>,
        /// When to try again, as it stands in the NOTIFY.
        retry_after: Option<Duration>,
    },
    /// The SUBSCRIBE or REFER was refused, by the peer or by us.
    Refused {
        /// The final status, 300..=699.
        status: StatusCode,
        /// When to try again.
        retry_after: Option<Duration>,
        /// The packages that the notifier knows, when it does not know this one (489).
        allow_events: Vec<ByteString>,
    },
    /// It was agreed that there is no subscription (RFC 4488).
    WithoutSubscription,
    /// The peer no longer knows the subscription: 481 or its like.
    Lost {
        /// The status that said so.
        status: StatusCode,
    },
    /// The subscriber took it back, or wanted to know the state only once.
    Unsubscribed,
    /// Its time ran out without a refresh.
    Expired,
    /// The SUBSCRIBE was answered but no NOTIFY came, or not answered at all (Timer N).
    TimedOut,
    /// Nothing could be sent to the peer.
    TransportFailed {
        /// What the socket said.
        error: io::ErrorKind,
    },
}

/// When a subscription of this length is refreshed: between seven and nine tenths of it, so that those made at once are
/// not refreshed at once.
pub fn refresh_after(expires: Duration, rng: &mut StdRng) -> Duration {
    expires.mul_f64(rng.random_range(0.7..0.9))
}

#[cfg(test)]
mod tests;
