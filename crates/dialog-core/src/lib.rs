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
//! | `options`, `out_of_dialog` | 8.2, 11: capabilities, and what is refused before there is a call |
//! | `manager` | the layer that runs all of it |

mod body;
mod config;
mod counters;
pub mod dialog;
mod error;
mod event;
pub mod fork;
mod id;
pub mod invite;
mod manager;
pub mod offer_answer;
pub mod options;
pub mod out_of_dialog;
pub mod route_set;
pub mod sequence;

pub use body::Body;
pub use config::{ClientConfig, DialogManagerConfig, HybridConfig, ServerConfig};
pub use counters::DialogCounters;
pub use error::DialogError;
pub use event::{EndCause, OutgoingCall, SessionCoordinationEvent, TerminateCause};
pub use id::{CallKey, KeyHasher, KeyMap, LocalTag, TagText};
pub use manager::DialogManager;

pub use rvoip_transaction_core as transaction_core;
pub use rvoip_transaction_core::{sip_core, sip_transport};
