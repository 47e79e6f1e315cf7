//! What a dialog manager is: a client, a server or both, and its limits.

use std::time::Duration;

use rvoip_transaction_core::sip_core::ByteString;

/// The role of a [`DialogManager`](crate::DialogManager).
#[derive(Clone, Debug)]
pub enum DialogManagerConfig {
    /// Places calls; an incoming one is refused with 403.
    Client(ClientConfig),
    /// Takes calls; placing one is an error.
    Server(ServerConfig),
    /// Does both over the same sockets.
    Hybrid(HybridConfig),
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
    /// Media types that an INVITE may carry, others are answered 415.
    pub accept: Vec<ByteString>,
}

/// A client and a server in one; the smaller `max_calls` holds.
#[derive(Clone, Debug, Default)]
pub struct HybridConfig {
    /// The calling side.
    pub client: ClientConfig,
    /// The called side.
    pub server: ServerConfig,
}

impl Default for ClientConfig {
    fn default() -> Self {
        ClientConfig {
            user_agent: None,
            max_calls: 100_000,
            max_ringing: Duration::from_secs(180),
        }
    }
}

impl Default for ServerConfig {
    fn default() -> Self {
        ServerConfig {
            server: None,
            max_calls: 100_000,
            max_ringing: Duration::from_secs(180),
            accept: vec![ByteString::from_static("application/sdp")],
        }
    }
}
