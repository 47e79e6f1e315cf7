//! Parsing and writing of SIP messages by several stacks, side by side.

pub mod contender;
pub mod measure;
pub mod torture;

/// The same messages that our own benchmarks use.
pub const INVITE: &[u8] = include_bytes!("../../testdata/invite.sip");
pub const OK: &[u8] = include_bytes!("../../testdata/ok200.sip");
