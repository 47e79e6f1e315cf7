//! Digest authentication as arithmetic (RFC 7616, RFC 8760, RFC 3261 section 22).
//!
//! A client [`choose`]s among the challenges of a 401 or 407 and [`answer`]s; a server [`verify`]s what came. There is no
//! clock and no randomness: nonces are made of a time and a key that are handed in ([`NonceMint`]), client nonces come from
//! the caller, and what must be remembered of a nonce to refuse a replay is a [`NonceWindow`] that the caller keeps.
//!
//! ```
//! use rvoip_sip_core::digest::{self, DigestRequest, Secret};
//! use rvoip_sip_core::header::WwwAuthenticate;
//!
//! let challenge: WwwAuthenticate = "Digest realm=\"biloxi.example\", nonce=\"dcd98b\", algorithm=SHA-256, qop=\"auth\""
//!     .parse()?;
//! let secret = Secret::Password("zanzibar");
//! let request = DigestRequest { method: "REGISTER", uri: "sip:biloxi.example", body: b"" };
//! let chosen = digest::choose([&*challenge], &secret);
//! let credentials = digest::answer(chosen[0], "bob", &secret, &request, "0a4f113b", 1)?;
//!
//! let proven = digest::verify(&credentials, "bob", &secret, &request, &digest::Expected {
//!     realm: "biloxi.example",
//!     algorithms: &[digest::Algorithm::Sha256],
//!     requires_qop: true,
//! })?;
//! assert_eq!((&*proven.nonce, proven.count), ("dcd98b", Some(1)));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod algorithm;
mod answer;
mod authentication_info;
mod challenge;
mod error;
mod nonce;
mod nonce_window;
mod response;
mod secret;
#[cfg(test)]
mod tests;
mod verify;

pub use algorithm::{Algorithm, HashFunction, Qop};
pub use answer::{answer, choose};
pub use authentication_info::{confirm, is_confirmed};
pub use challenge::{ChallengeOffer, challenges};
pub use error::DigestError;
pub use nonce::{Nonce, NonceMint};
pub use nonce_window::NonceWindow;
pub use response::DigestRequest;
pub use secret::{Ha1, Secret, userhash};
pub use verify::{Expected, Proven, is_of_user, verify};
