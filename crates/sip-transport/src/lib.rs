//! Sockets, framing and flows for SIP, and a simulated network.
//!
//! Three parts that need each other only through [`Core`], [`Input`] and [`Output`]:
//!
//! - [`TransportLayer`]: messages on one side, datagrams and streams on the other; no socket, no
//!   clock. It frames and parses, notes in the top Via where a request came from, finds the way of a
//!   response, keeps one connection for each peer, and bounds all of it.
//! - [`driver`]: runs a core on UDP and TCP sockets as one tokio task, with feature `tls` on TLS, with feature `ws` on
//!   WebSocket, with both on WebSocket over TLS.
//! - `sim` (feature): runs the same cores on a simulated network in virtual time.
//!
//! | RFC | section | where |
//! |---|---|---|
//! | 3261 | 7.5, 18.3 framing by Content-Length | [`TransportLayer::handle_input`] |
//! | 3261 | 18.1.1 large requests | [`TransportLayer::stream_instead`] |
//! | 3261 | 18.1.1 sending requests, 18.1.2 receiving responses | [`TransportLayer::send_request`], [`TransportEvent::Response`] |
//! | 3261 | 18.2.1 receiving requests, 18.2.2 sending responses | [`TransportEvent::Request`], [`TransportLayer::send_response`] |
//! | 3261 | 18.4 errors of the network | [`TransportEvent::FlowFailed`] |
//! | 3261 | 26.2.1 TLS; 5922 domain certificates | [`driver`], feature `tls`; [`PeerIdentity`] |
//! | 7118 | WebSocket | [`driver`], feature `ws` |
//! | 3263 | 4, 5 locating servers; 4.3 those that have failed | [`TransportLayer::locate`], [`ServerLocation`], [`TransportLayer::take_target`] |
//! | 3581 | 4 `rport` | [`TransportLayer::send_response`] |
//! | 5626 | 3.5, 4.4 keep-alives with CRLF and STUN, both sides | [`TransportLayer::keep_alive`], [`TransportConfig::stream_keep_alive`] |
//! | 8489 | 6, 14.2, 14.7 binding requests on the SIP port | [`TransportLayer::keep_alive`], [`TransportEvent::MappedAddress`] |

pub use rvoip_sip_core as sip_core;

mod address_plan;
mod config;
mod core;
mod counters;
pub mod driver;
mod error;
mod event;
mod flow;
mod framing;
mod kind;
mod layer;
mod location;
mod peer_identity;
mod pool;
mod resource_record;
mod server_location;
#[cfg(feature = "sim")]
pub mod sim;
mod stun;
mod tap;
mod via;

pub use self::core::{Core, Input, LookupId, Output, soonest};
pub use address_plan::{LearnedAddresses, ListenerInfo};
pub use config::TransportConfig;
pub use counters::{DropReason, SharedGauge, TransportCounters};
pub use error::TransportError;
pub use event::TransportEvent;
pub use flow::{Carrier, ConnectionId, Flow, ListenerId, Target};
pub use kind::{TransportKind, UnknownTransport};
pub use layer::{Route, TransportLayer};
pub use location::{LocateId, Location, LocationConfig};
pub use peer_identity::PeerIdentity;
pub use resource_record::{LookupError, Naptr, Question, RecordData, Records, Srv};
pub use server_location::{LocateError, Reach, ServerLocation, Sought, Start};
pub use tap::{Direction, WireRecord, WireTap};
