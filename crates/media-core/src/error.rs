//! What can go wrong with a call's media, sorted by whose fault it is.

use std::io;

use crate::controller::MediaSessionKey;
use crate::engine::BridgeKey;
use crate::negotiate::NegotiationError;
use crate::rtp_core::RtpError;
use crate::sdp::SdpError;

/// Why something about a call's media could not be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MediaError {
    /// The peer's text is no session description.
    #[error("session description: {0}")]
    Sdp(#[from] SdpError),
    /// The peer's offer or answer cannot be met.
    #[error("offer and answer: {0}")]
    Negotiation(#[from] NegotiationError),
    /// No port, or no worker to serve it: our own lack.
    #[error("media port: {0}")]
    Port(#[from] RtpError),
    /// A recording could not be written.
    #[error("recording: {0}")]
    Recording(io::ErrorKind),
    /// A frame processor panicked; the others of its direction are taken out of the call with it.
    #[error("a frame processor panicked")]
    ProcessorPanicked,
    /// There is no such session, or it has been stopped: the caller's misuse.
    #[error("no media session {0}")]
    UnknownSession(MediaSessionKey),
    /// An answer without an outstanding offer: the caller's misuse.
    #[error("media session {0} has no offer outstanding")]
    NoOffer(MediaSessionKey),
    /// There is no way to the peer now: nothing was agreed on, or one of the two holds the call.
    #[error("nothing is sent to the peer of media session {0} now")]
    NothingSent(MediaSessionKey),
    /// The peer takes no hook flash as a telephone event, and it has no sound.
    #[error("the peer of media session {0} takes no hook flash")]
    NoHookFlash(MediaSessionKey),
    /// The bridge has as many members as it may have: the caller's misuse.
    #[error("bridge {} has {max_members} members, which are all there may be", .bridge.0)]
    BridgeFull {
        /// The bridge.
        bridge: BridgeKey,
        /// The limit.
        max_members: usize,
    },
    /// The session has no address for its descriptions: bound to all addresses, and none was set to be told to peers.
    #[error("media session {0} has no address to put into a description")]
    NoAddress(MediaSessionKey),
}

impl MediaError {
    /// The SIP status that refuses a request for this reason.
    #[must_use]
    pub fn sip_status(&self) -> u16 {
        match self {
            Self::Sdp(_) => 400,
            Self::Negotiation(_) => 488,
            Self::Port(RtpError::PortsExhausted { .. } | RtpError::WorkerBusy) => 503,
            _ => 500,
        }
    }

    /// The code and the text of the SIP Warning that goes with it (RFC 3261 section 20.43).
    #[must_use]
    pub const fn warning(&self) -> Option<(u16, &'static str)> {
        match self {
            Self::Negotiation(error) => Some(error.warning()),
            _ => None,
        }
    }
}
