//! What must hold for any octets, one module for each door through which strangers' octets come in.
//!
//! Each `check` panics when its law is broken. libFuzzer calls it through the programs in `fuzz_targets`; `replay` calls
//! it with the corpus and with changed copies of it, on any toolchain.

#![forbid(unsafe_code)]

pub mod bound;
pub mod digest;
pub mod header;
pub mod message;
pub mod mutation;
pub mod rtp;
pub mod sdp;
pub mod stream;
pub mod transaction;
pub mod uri;

/// One door.
pub struct Target {
    /// Its name: that of the module, the program and the folder of the corpus.
    pub name: &'static str,
    /// Panics when the law is broken.
    pub check: fn(&[u8]),
    /// How many changed inputs a replay tries.
    pub changes: u32,
}

/// All of them.
pub const TARGETS: [Target; 8] = [
    Target {
        name: "message",
        check: message::check,
        changes: 50_000,
    },
    Target {
        name: "uri",
        check: uri::check,
        changes: 100_000,
    },
    Target {
        name: "header",
        check: header::check,
        changes: 200_000,
    },
    Target {
        name: "digest",
        check: digest::check,
        changes: 50_000,
    },
    Target {
        name: "sdp",
        check: sdp::check,
        changes: 50_000,
    },
    Target {
        name: "stream",
        check: stream::check,
        changes: 30_000,
    },
    Target {
        name: "transaction",
        check: transaction::check,
        changes: 50_000,
    },
    Target {
        name: "rtp",
        check: rtp::check,
        changes: 100_000,
    },
];
