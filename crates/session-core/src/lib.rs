//! The facade of rvoip: sessions, call control and media control over one API.
//!
//! [`SessionManagerBuilder`] binds sockets and gives a [`SessionCoordinator`]. [`SessionControl`] places, takes and ends
//! calls on it, [`MediaControl`] says what they send and how they sound, a [`CallHandler`] decides about incoming calls
//! and is told what becomes of all of them. `use rvoip_session_core::api::*` brings all names.
//!
//! ```no_run
//! use rvoip_session_core::api::*;
//!
//! # async fn run() -> Result<()> {
//! let coordinator = SessionManagerBuilder::new()
//!     .with_local_bind_addr("127.0.0.1:0".parse()?)
//!     .with_handler(Arc::new(AutoAnswerHandler))
//!     .build()
//!     .await?;
//! coordinator.start().await?;
//! println!("taking calls on {}", coordinator.get_bound_address());
//! # Ok(())
//! # }
//! ```
//!
//! What ends what:
//!
//! - Dropping a [`CallSession`] does nothing to its call: it is a handle, as cheap as a reference.
//! - Dropping a [`CallGuard`], made by [`CallSession::end_on_drop`], ends the call: CANCEL, BYE or a refusal is sent, and
//!   its RTP port, timers and memory are free as soon as that is done.
//! - Dropping the last clone of an undecided [`IncomingCall`] answers it with 480.
//! - Dropping the last handle on the [`SessionCoordinator`] ends all calls and closes all sockets, in the background;
//!   [`SessionControl::stop`] does the same and returns when it is done.
//!
//! Under the facade, [`SessionCore`] is sans-IO: with feature `sim`, [`sim`] runs whole calls with media in virtual time.

pub mod api;
mod builder;
mod call;
mod callbacks;
mod cause;
mod config;
mod control;
mod coordinator;
mod core;
mod error;
mod event_bus;
mod events;
mod handler;
mod id;
mod incoming;
mod manager;
mod media_control;
mod record;
mod registry;
#[cfg(feature = "sim")]
pub mod sim;
mod state;
mod stats;
mod switchboard;
mod waiting;

pub use rvoip_dialog_core as dialog_core;
pub use rvoip_media_core as media_core;

pub use self::core::{MediaInfo, SessionCore, SessionCoreParts};
pub use builder::SessionManagerBuilder;
pub use call::{CallGuard, CallSession};
pub use cause::TerminalCause;
pub use config::{SessionConfig, SessionManagerConfig};
pub use control::{PreparedCall, SessionControl};
pub use coordinator::SessionCoordinator;
pub use error::{ErrorCategory, Result, SessionError};
pub use event_bus::{BasicEventBus, Delivery, EventSubscriber};
pub use events::BasicSessionEvent;
pub use handler::{
    AutoAnswerHandler, CallDecision, CallHandler, CompositeHandler, MediaFlowDirection,
    QueueHandler, RoutingHandler, WarningCategory,
};
pub use id::SessionId;
pub use incoming::{CallHeaders, IncomingCall};
pub use manager::{SessionManager, create_sip_client, create_sip_server};
pub use media_control::{CallStatistics, MediaControl, RtpStatistics};
pub use record::{CallDirection, CallRecord};
pub use registry::Registry;
pub use state::CallState;
pub use stats::SessionStats;

/// Errors under the name that the README gives them.
pub mod errors {
    pub use crate::error::{ErrorCategory, Result, SessionError};
}

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
