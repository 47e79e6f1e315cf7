//! Sockets, framing and flows for SIP, and a simulated network.

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
