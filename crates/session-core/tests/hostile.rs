//! Strangers on every open port, and applications that misbehave: the call in progress goes on, and nothing is left of it
//! when it is over.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod hostile {
    mod answers;
    mod application;
    mod early;
    mod exhaustion;
    mod forged;
    mod media;
    mod mutation;
    mod noise;
    mod peer;
    mod scene;
    mod streams;
    mod tone;
    mod torture;
    mod wire;
}
