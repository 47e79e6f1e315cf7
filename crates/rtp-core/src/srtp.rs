//! SRTP and SRTCP: packets encrypted and authenticated in place (RFC 3711, RFC 6188, RFC 7714).
//!
//! [`SrtpSender`] and [`SrtpReceiver`] are one direction each, made from a [`SrtpKey`]; [`SrtpKeys`] are the two of a
//! session, which [`RtpSession::set_security`](crate::RtpSession::set_security) takes. Session keys are derived and
//! expanded once; a packet costs no allocation.
//!
//! ```
//! use rand::SeedableRng;
//! use rvoip_rtp_core::srtp::*;
//!
//! let mut rng = rand::rngs::StdRng::from_seed([7; 32]);
//! let key = SrtpKey::generate(SrtpSuite::AesCm128HmacSha1_80, &mut rng);
//! let (mut sender, mut receiver) = (SrtpSender::new(&key), SrtpReceiver::new(&key));
//!
//! let plain = [0x80, 0, 0, 1, 0, 0, 0, 160, 1, 2, 3, 4, 0xff, 0xff];
//! let mut packet = plain.to_vec();
//! sender.protect_rtp(&mut packet, 0)?;
//! assert_eq!(packet.len(), plain.len() + 10);
//!
//! let octets = receiver.unprotect_rtp(&mut packet)?;
//! assert_eq!(packet[..octets], plain);
//! # Ok::<(), SrtpError>(())
//! ```

mod association;
mod header;
mod index;
mod key;
mod mki;
mod receiver;
mod replay;
mod sender;
mod suite;
mod transform;

pub(crate) use association::Association;
pub use key::{SrtpKey, SrtpKeys};
pub use receiver::SrtpReceiver;
pub use sender::SrtpSender;
pub use suite::SrtpSuite;

/// How many sources one key serves. A source is remembered as long as the key, since its index must never begin anew.
pub const MAX_SOURCES: usize = 64;

/// Why a packet was not protected or not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SrtpError {
    /// It is too short or its header does not fit into it.
    #[error("no room for header and authentication tag")]
    TooShort,
    /// The tag is not that of the packet under this key: forged, damaged, plain RTP, or of another key (RFC 3711 section 3.3).
    #[error("authentication failed")]
    Unauthenticated,
    /// A packet of this index was taken before, or the index is older than the replay window (RFC 3711 section 3.3.2).
    #[error("replayed or too old")]
    Replayed,
    /// More than [`MAX_SOURCES`] under one key.
    #[error("too many sources under one key")]
    TooManySources,
    /// To send it would use an index twice: the sequence number does not go on from the last one.
    #[error("sequence number was used before")]
    Reused,
    /// The key has served for as many packets as it may (RFC 3711 section 9.2).
    #[error("the key's lifetime is over")]
    KeyExhausted,
}

/// What SRTP has refused, by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SrtpCounts {
    /// Datagrams that were no packet under the present key: forged, damaged or plain.
    pub unauthenticated: u64,
    /// Datagrams that had been taken before, or that came too late.
    pub replayed: u64,
    /// Datagrams too short to be one.
    pub too_short: u64,
    /// Datagrams of one source too many.
    pub too_many_sources: u64,
    /// Packets of ours that were not sent because they could not be protected.
    pub not_protected: u64,
}

impl SrtpCounts {
    pub(crate) fn count(&mut self, error: SrtpError) {
        *match error {
            SrtpError::TooShort => &mut self.too_short,
            SrtpError::Unauthenticated => &mut self.unauthenticated,
            SrtpError::Replayed => &mut self.replayed,
            SrtpError::TooManySources => &mut self.too_many_sources,
            SrtpError::Reused | SrtpError::KeyExhausted => &mut self.not_protected,
        } += 1;
    }

    /// Datagrams that were refused.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.unauthenticated + self.replayed + self.too_short + self.too_many_sources
    }
}

#[cfg(test)]
mod tests;
