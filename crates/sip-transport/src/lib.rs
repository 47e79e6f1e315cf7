//! Sockets, framing and flows for SIP, and a simulated network.
//!
//! Three parts that need each other only through [`Core`], [`Input`] and [`Output`]:
//!
//! - [`TransportLayer`]: messages on one side, datagrams and streams on the other; no socket, no
//!   clock. It frames and parses, notes in the top Via where a request came from, finds the way of a
//!   response, keeps one connection for each peer, and bounds all of it.
//! - [`driver`]: runs a core on UDP and TCP sockets as one tokio task.
//! - `sim` (feature): runs the same cores on a simulated network in virtual time.
//!
//! | RFC | section | where |
//! |---|---|---|
//! | 3261 | 7.5, 18.3 framing by Content-Length | [`TransportLayer::handle_input`] |
//! | 3261 | 18.1.1 sending requests, 18.1.2 receiving responses | [`TransportLayer::send_request`], [`TransportEvent::Response`] |
//! | 3261 | 18.2.1 receiving requests, 18.2.2 sending responses | [`TransportEvent::Request`], [`TransportLayer::send_response`] |
//! | 3261 | 18.4 errors of the network | [`TransportEvent::FlowFailed`] |
//! | 3581 | 4 `rport` | [`TransportLayer::send_response`] |
//! | 5626 | 4.4.1 keep-alive with CRLF, answering side | [`TransportLayer::handle_input`] |

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
mod pool;
#[cfg(feature = "sim")]
pub mod sim;
mod tap;
mod via;

pub use self::core::{Core, Input, Output, ResolveId};
pub use address_plan::ListenerInfo;
pub use config::TransportConfig;
pub use counters::{DropReason, TransportCounters};
pub use error::TransportError;
pub use event::TransportEvent;
pub use flow::{Carrier, ConnectionId, Flow, ListenerId, Target};
pub use kind::{TransportKind, UnknownTransport};
pub use layer::{Route, TransportLayer};
pub use tap::{Direction, WireRecord, WireTap};
