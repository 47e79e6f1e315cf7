//! The layer as its peers see it: octets in and out, in virtual time.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets the unexpected has failed"
)]

mod bed;
mod cancel;
mod client;
mod failover;
mod homing;
mod hostile;
mod loss;
mod overload;
mod server;
mod servers;
mod timers;
