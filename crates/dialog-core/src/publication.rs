//! What an event publication agent asks of its compositor, and what it is told (RFC 3903 section 4). How a publication
//! lives is the machine in [`soft_state`](crate::soft_state).

use std::fmt;
use std::time::Duration;

use rvoip_transaction_core::sip_core::{ByteString, HeaderName, NameAddr, Uri};
use rvoip_transaction_core::sip_transport::Target;

use crate::soft_state::{BackOff, SoftStateKey};
use crate::{Body, EndCause};

/// State to publish and to keep published.
#[derive(Clone, Debug)]
pub struct OutgoingPublication {
    /// Who publishes: the From header.
    pub local: NameAddr,
    /// Whose state it is: the To header and the Request-URI.
    pub entity: Uri,
    /// The event package, as in `presence`.
    pub event: ByteString,
    /// The state.
    pub body: Body,
    /// The lifetime that is asked for. Default 1 hour.
    pub expires: Duration,
    /// Where the request goes when not where the route or the entity's URI points.
    pub target: Option<Target>,
    /// A pre-loaded route set, the outbound proxy first.
    pub route: Vec<Uri>,
    /// How long to wait after failures.
    pub back_off: BackOff,
    /// Further headers, in order.
    pub headers: Vec<(HeaderName, ByteString)>,
}

impl OutgoingPublication {
    /// A publication for an hour, without route and further headers.
    pub fn new(
        local: NameAddr,
        entity: Uri,
        event: impl Into<ByteString>,
        body: Body,
    ) -> OutgoingPublication {
        OutgoingPublication {
            local,
            entity,
            event: event.into(),
            body,
            expires: Duration::from_secs(3600),
            target: None,
            route: Vec::new(),
            back_off: BackOff::default(),
            headers: Vec::new(),
        }
    }
}

/// A publication of one [`DialogManager`](crate::DialogManager); a key of an ended one never names a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PublicationKey(pub(crate) SoftStateKey);

impl fmt::Display for PublicationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Where a publication stands. [`Ended`](Self::Ended) comes exactly once and is the last.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublicationStatus {
    /// The state is on its way.
    Publishing,
    /// The compositor has it.
    Published {
        /// What the compositor calls it now (RFC 3903 section 4.1).
        etag: ByteString,
        /// How long it holds.
        expires: Duration,
    },
    /// It is being refreshed or modified.
    Refreshing,
    /// The compositor could not be reached, or does not do it now.
    Failed {
        /// Why.
        cause: EndCause,
        /// When it is tried again.
        retry_in: Duration,
    },
    /// It is over: removed, or refused for good.
    Ended {
        /// Why it was refused; `None` when it was removed.
        refusal: Option<EndCause>,
    },
}
