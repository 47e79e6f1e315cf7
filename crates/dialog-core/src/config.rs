//! What a dialog manager is: a client, a server or both, and its limits.

use std::time::Duration;

use rvoip_transaction_core::sip_core::{ByteString, Method};

use crate::extensions::CallExtensions;
use crate::soft_state::BackOff;

use crate::{EventPackage, Realm};

/// The role of a [`DialogManager`](crate::DialogManager).
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one for each manager, and it is not moved about"
)]
pub enum DialogManagerConfig {
    /// Places calls; an incoming one is refused with 403.
    Client(ClientConfig),
    /// Takes calls; placing one is an error.
    Server(ServerConfig),
    /// Does both over the same sockets.
    Hybrid(HybridConfig),
}

impl DialogManagerConfig {
    /// The extensions of the calls that are placed, or of those that come in.
    pub(crate) fn extensions(&self, outgoing: bool) -> &CallExtensions {
        match self {
            DialogManagerConfig::Client(client) => &client.extensions,
            DialogManagerConfig::Server(server) => &server.extensions,
            DialogManagerConfig::Hybrid(both) if outgoing => &both.client.extensions,
            DialogManagerConfig::Hybrid(both) => &both.server.extensions,
        }
    }
}

/// Limits and names of the calling side.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The `User-Agent` header of requests, if any.
    pub user_agent: Option<ByteString>,
    /// Calls that may exist at once, both directions together.
    pub max_calls: usize,
    /// How long an INVITE may stay unanswered after a provisional response before it is cancelled.
    pub max_ringing: Duration,
    /// The extensions of the calls that are placed.
    pub extensions: CallExtensions,
    /// Requests outside and inside calls that may wait for an answer at once, in each direction.
    pub max_requests: usize,
    /// Subscriptions of either side.
    pub subscriptions: SubscriptionConfig,
    /// Registrations and publications of ours that may exist at once. Default 10,000.
    pub max_registrations: usize,
}

/// Limits and names of the called side.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// The `Server` header of responses, if any.
    pub server: Option<ByteString>,
    /// Calls that may exist at once, both directions together; more are answered 503 with the
    /// `Retry-After` of the [`TransactionConfig`](rvoip_transaction_core::TransactionConfig).
    pub max_calls: usize,
    /// How long an incoming call may wait for a decision before it is answered 480.
    pub max_ringing: Duration,
    /// The extensions of the calls that come in.
    pub extensions: CallExtensions,
    /// Media types that an INVITE may carry, others are answered 415.
    pub accept: Vec<ByteString>,
    /// The methods that the application answers: OPTIONS, INFO, MESSAGE, PUBLISH and such as this stack does not know; others
    /// are passed over. Requests of any other method are answered by this layer, 405 with Allow if it does not know what
    /// to do with them.
    pub methods: Vec<Method>,
    /// Requests outside and inside calls that may wait for an answer at once, in each direction; more are answered 503.
    pub max_requests: usize,
    /// The realm that requests have to bring credentials for, if any.
    pub realm: Option<Realm>,
    /// How long a request may wait for the application before it is answered 500: less than the 64*T1 after which its sender
    /// gives up.
    pub max_answering: Duration,
    /// Subscriptions of either side; those of a hybrid.
    pub subscriptions: SubscriptionConfig,
}

/// Limits of subscriptions (RFC 6665).
#[derive(Clone, Debug)]
pub struct SubscriptionConfig {
    /// What peers may subscribe to; other packages are answered 489. REFER needs no entry.
    pub packages: Vec<EventPackage>,
    /// Subscriptions that may exist at once, of either side; more are answered 503.
    pub max_subscriptions: usize,
    /// Those of them that may share a dialog.
    pub max_per_dialog: usize,
    /// The shortest time that a peer may subscribe for; less is answered 423.
    pub min_expires: Duration,
    /// The longest time that is granted.
    pub max_expires: Duration,
    /// How long to wait before a subscription of ours is made again that the notifier has ended for a time, and that does
    /// not last then; with none it is over (RFC 6665 section 4.1.3).
    pub renewal: Option<BackOff>,
    /// Packages whose NOTIFY is taken without a subscription, as some servers send it to every phone that is registered.
    pub unsolicited: Vec<ByteString>,
}

/// A client and a server in one; the smaller `max_calls` holds.
#[derive(Clone, Debug, Default)]
pub struct HybridConfig {
    /// The calling side.
    pub client: ClientConfig,
    /// The called side.
    pub server: ServerConfig,
}

impl DialogManagerConfig {
    /// The limits of subscriptions.
    pub(crate) fn subscriptions(&self) -> &SubscriptionConfig {
        match self {
            DialogManagerConfig::Client(client) => &client.subscriptions,
            DialogManagerConfig::Server(server) => &server.subscriptions,
            DialogManagerConfig::Hybrid(both) => &both.server.subscriptions,
        }
    }

    /// The called side, if there is one.
    pub(crate) fn server(&self) -> Option<&ServerConfig> {
        match self {
            DialogManagerConfig::Client(_) => None,
            DialogManagerConfig::Server(server) => Some(server),
            DialogManagerConfig::Hybrid(both) => Some(&both.server),
        }
    }
}

impl Default for SubscriptionConfig {
    fn default() -> Self {
        SubscriptionConfig {
            packages: Vec::new(),
            max_subscriptions: 10_000,
            max_per_dialog: 8,
            min_expires: Duration::from_secs(60),
            max_expires: Duration::from_secs(3600),
            renewal: Some(BackOff::default()),
            unsolicited: Vec::new(),
        }
    }
}

impl Default for ClientConfig {
    fn default() -> Self {
        ClientConfig {
            user_agent: None,
            max_calls: 100_000,
            max_ringing: Duration::from_secs(180),
            extensions: CallExtensions::default(),
            max_requests: 10_000,
            max_registrations: 10_000,
            subscriptions: SubscriptionConfig::default(),
        }
    }
}

impl Default for ServerConfig {
    fn default() -> Self {
        ServerConfig {
            server: None,
            max_calls: 100_000,
            max_ringing: Duration::from_secs(180),
            extensions: CallExtensions::default(),
            accept: vec![ByteString::from_static("application/sdp")],
            methods: Vec::new(),
            realm: None,
            max_requests: 10_000,
            max_answering: Duration::from_secs(16),
            subscriptions: SubscriptionConfig::default(),
        }
    }
}
