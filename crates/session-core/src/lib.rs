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
mod bridge;
mod builder;
mod call;
mod callbacks;
mod cause;
mod config;
mod connections;
mod control;
mod coordinator;
mod core;
mod dependency;
mod dtmf;
mod error;
mod event_bus;
mod events;
mod groups;
mod handler;
mod hold;
mod id;
mod incoming;
mod leftovers;
mod limits;
mod manager;
mod media_control;
mod message;
mod operation;
mod priority;
mod publish;
mod record;
mod redirect;
mod register;
mod registrar;
mod registry;
mod secrets;
#[cfg(feature = "sim")]
pub mod sim;
mod state;
mod stats;
mod subscribe;
mod switchboard;
mod transfer;
mod waiting;

pub use rvoip_dialog_core as dialog_core;
pub use rvoip_media_core as media_core;

pub use rvoip_dialog_core::PublicationStatus;
pub use rvoip_dialog_core::compositor::{CompositorConfig, PublicationChange, PublicationEvent};
pub use rvoip_dialog_core::registrar::{
    AddressOfRecord, Binding, BindingChange, BindingEvent, Located, LocationStore,
    MemoryLocationStore, RegistrarConfig, StoreFull,
};
pub use rvoip_dialog_core::registration::{Grant, RegisteredContact, RegistrationStatus};
pub use rvoip_dialog_core::soft_state::BackOff;
pub use rvoip_dialog_core::{
    Account, AccountSecret, Bearer, BearerTokens, CredentialStore, Guarded, Lookup,
    MemoryCredentials, OfferMethod, Realm, SecretKey, SecretQuery, TokenVerifier,
};

pub use self::core::{CoreSettings, MediaInfo, RequestReply, SessionCore, SessionCoreParts};
pub use bridge::{BridgeEvent, BridgeEvents, BridgeId, BridgeInfo};
pub use builder::SessionManagerBuilder;
pub use call::{CallGuard, CallSession};
pub use cause::{CauseKind, TerminalCause};
pub use config::{SessionConfig, SessionManagerConfig};
pub use connections::ConnectionLimits;
pub use control::{PreparedCall, SessionControl};
pub use coordinator::SessionCoordinator;
pub use dependency::{DependencyError, SessionDependencyTracker};
pub use dtmf::DtmfMethod;
pub use error::{ErrorCategory, Result, SessionError};
pub use event_bus::{BasicEventBus, Delivery, EventFilter, EventPriority, EventSubscriber};
pub use events::BasicSessionEvent;
pub use groups::{BasicGroupType, BasicSessionGroup, GroupError};
pub use handler::{
    AutoAnswerHandler, CallDecision, CallHandler, CompositeHandler, MediaFlowDirection,
    QueueHandler, RoutingHandler, WarningCategory,
};
pub use hold::HoldState;
pub use id::SessionId;
pub use incoming::{CallHeaders, IncomingCall};
pub use leftovers::{Leftover, WaitsFor};
pub use limits::{LimitScope, SessionLimits};
pub use manager::{SessionManager, create_sip_client, create_sip_server};
pub use media_control::{CallStatistics, MediaControl, RtpStatistics};
pub use message::{IncomingRequest, RequestAnswer, SipRequest, SipResponse};
pub use operation::Operation;
pub use priority::SessionPriority;
pub use publish::{Publication, PublicationConfig};
pub use record::{CallDirection, CallRecord};
pub use redirect::{ForwardMode, RedirectPolicy};
pub use register::{Registration, RegistrationConfig};
pub use registry::Registry;
pub use secrets::AsyncCredentialStore;
pub use state::CallState;
pub use stats::SessionStats;
pub use subscribe::{
    IncomingSubscription, Subscription, SubscriptionChange, SubscriptionDecision,
    SubscriptionNotice, Watcher,
};
pub use transfer::{
    Transfer, TransferDecision, TransferFailure, TransferId, TransferProgress, TransferRole,
    TransferType,
};

/// Errors under the name that the README gives them.
pub mod errors {
    pub use crate::error::{ErrorCategory, Result, SessionError};
}

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/COOKBOOK.md")]
struct Cookbook;
