//! Every typed header: the examples of its RFC, what is refused, and what its methods say.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod authentication;
mod comparison;
mod identity;
mod negotiation;
mod own;
mod plain;
mod reference;
mod subscription;
mod table;
