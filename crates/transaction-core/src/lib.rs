//! The four SIP transaction machines of RFC 3261 section 17 and the layer that runs them.
//!
//! [`TransactionLayer`] owns the [`TransportLayer`](sip_transport::TransportLayer) below it and is itself a
//! [`Core`](sip_transport::Core): time and input go in, wire output and [`TransactionEvent`]s are polled out. It keeps no
//! clock, no socket, no task and no lock; all transactions of a shard share one table and one deadline queue.
//!
//! What the transaction user (TU) can rely on:
//!
//! - Every transaction whose key the TU has seen ends in exactly one terminal event
//!   ([`TransactionEvent::is_terminal`]), whatever is lost on the wire, and is freed at that moment.
//! - Only an INVITE may wait without end: while it rings, here for the answer of the TU, there for the answer of the peer.
//!   The TU ends it with [`respond`](TransactionLayer::respond) or [`cancel`](TransactionLayer::cancel).
//! - A request, a response, an ACK for a refusal or a CANCEL that is sent again is sent in the same octets.
//! - A request to a URI ([`NextHop::Uri`]) is one transaction to the TU, however many servers of the domain are tried: a
//!   silent one is given up after [`TransactionConfig::attempt_timeout`], one that answers 503 or cannot be reached at once
//!   (RFC 3263 section 4.3). An address costs none of that.
//! - The ACK for a 2xx and the repetition of the 2xx belong to the TU (RFC 3261 section 13); everything else of
//!   RFC 3261 section 17, RFC 6026 and CANCEL (section 9) happens here.

pub use rvoip_sip_transport as sip_transport;
pub use rvoip_sip_transport::sip_core;

mod ack;
mod arena;
mod branch;
mod config;
mod counters;
mod error;
mod event;
mod failover;
mod fingerprint;
mod flow;
mod index;
mod key;
mod layer;
mod machine;
mod matching;
mod next_hop;
mod refused;
mod ring;
mod store;
mod success_ack;
mod timer;
mod timer_wheel;
mod transaction;
mod unread;

pub use branch::shard_of;
pub use config::TransactionConfig;
pub use counters::TransactionCounters;
pub use error::TransactionError;
pub use event::{ServerFailure, TransactionEvent};
pub use key::{ClientKey, ServerKey};
pub use layer::TransactionLayer;
pub use next_hop::{NextHop, OwnContact};
pub use success_ack::Ack;
pub use timer::TimerConfig;
