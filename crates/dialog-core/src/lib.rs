//! SIP dialogs: calls, route sets, sequence numbers and the crossings between them.
//!
//! [`DialogManager`] is a sans-IO layer over the transactions of `rvoip-transaction-core`: commands go down as methods
//! that take the time, facts come up as [`SessionCoordinationEvent`]s, and every call ends in exactly one
//! [`SessionCoordinationEvent::Ended`], whatever the network loses. Bodies are opaque here; the ledger in
//! [`offer_answer`] only knows *that* an offer or an answer is there.
//!
//! | file | RFC 3261 unless named otherwise |
//! |---|---|
//! | `invite` | 9, 13, 15: a call as caller and as called, two pure state machines |
//! | `dialog`, `route_set`, `sequence`, `fork` | 12: identity, where requests go, their order, several early dialogs |
//! | `offer_answer` | RFC 3264, RFC 6337: who may offer when, 491 |
//! | `prack`, `session_timer` | RFC 3262, RFC 4028: reliable provisional responses, sessions kept alive, two pure state machines |
//! | `request` | 8.1, 8.2, RFC 3428, RFC 6086: requests that make and change no call |
//! | `account`, `protection_space`, `realm`, `credential_store` | 22, RFC 7616, RFC 8760: credentials given, and asked for |
//! | `subscription`, `event_package` | RFC 6665: subscriber and notifier, two pure state machines, and what is subscribed to |
//! | `refer`, `replaces` | RFC 3515, RFC 3891: transfer |
//! | `options`, `out_of_dialog` | 8.2, 11: capabilities, and what is refused before there is a call |
//! | `manager` | the layer that runs all of it |

mod account;
mod bearer;
mod body;
pub mod compositor;
mod config;
mod counters;
mod credential_store;
mod deadline_queue;
pub mod dialog;
mod error;
mod event;
pub mod event_package;
mod extensions;
pub mod fork;
mod gatekeeper;
mod id;
pub mod invite;
mod manager;
pub mod offer_answer;
pub mod options;
pub mod out_of_dialog;
mod outgoing_call;
pub mod prack;
mod protection_space;
pub mod publication;
mod realm;
pub mod refer;
pub mod registrar;
pub mod registration;
pub mod replaces;
pub mod request;
pub mod route_set;
pub mod sequence;
pub mod session_timer;
pub mod soft_state;
pub mod subscription;
mod table;

pub use account::{Account, AccountSecret, BearerTokens};
pub use bearer::{Bearer, TokenVerifier};
pub use body::Body;
pub use config::{
    ClientConfig, DialogManagerConfig, HybridConfig, ServerConfig, SubscriptionConfig,
};
pub use counters::DialogCounters;
pub use credential_store::{CredentialStore, Lookup, MemoryCredentials, SecretKey, SecretQuery};
pub use error::DialogError;
pub use event::{EndCause, SessionCoordinationEvent, TerminateCause};
pub use event_package::EventPackage;
pub use extensions::{CallExtensions, ReliableProvisionals};
pub use fork::{ForkId, Leg};
pub use id::{CallKey, KeyHasher, KeyMap, LocalTag, TagText};
pub use manager::{DialogManager, HostLookup, OutgoingRefer};
pub use offer_answer::{OfferMethod, Party};
pub use outgoing_call::OutgoingCall;
pub use publication::{OutgoingPublication, PublicationKey, PublicationStatus};
pub use realm::{Guarded, Realm};
pub use refer::Refer;
pub use registration::{OutgoingRegistration, RegistrationKey, RegistrationStatus};
pub use request::{IncomingRequestKey, OutgoingRequest, RequestKey};
pub use session_timer::SessionTimerConfig;
pub use subscription::{
    Grant, OutgoingSubscription, Retry, SubscriptionEnd, SubscriptionKey, TerminationReason,
};

pub use rvoip_transaction_core as transaction_core;
pub use rvoip_transaction_core::{sip_core, sip_transport};
