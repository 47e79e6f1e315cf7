//! Offer and answer (RFC 3264): which codec, where to, in which direction. Pure: descriptions in, descriptions out.
//!
//! The rules, where the RFC leaves a choice:
//! - One audio stream is carried: the first acceptable `m=audio` over `RTP/AVP` or `RTP/SAVP`, with or without
//!   feedback (`F`); one that can be secured before one that cannot, where that is wanted. All others are refused by port 0.
//! - An answer names one codec, so that nobody changes it midway: the first common one in the order of
//!   [`Capabilities::preference`](crate::Capabilities). Payload types are the offerer's. `telephone-event` is added when offered.
//! - Packets are sent in the length the peer asks for, rounded down to whole frames of 20 ms, at least one frame, at most 120 ms and
//!   `a=maxptime`. Packets of any length are received.
//! - RTCP shares the port of RTP where the peer offers that, or takes it from our offer (RFC 5761); otherwise it goes where `a=rtcp`
//!   says, or one port higher.
//! - The answer's direction is the offered one mirrored, limited by what this side wants. A connection address of all
//!   zeros takes the peer's receiving away, as RFC 2543 phones mean it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::capabilities::FRAME;
use crate::codec::{Codec, OpusConfig};
use crate::dtmf::TelephoneEventSet;
use crate::rtp_core::srtp::{SrtpKey, SrtpKeys};
use crate::sdp::{Direction, SessionDescription};

mod answer;
mod expected;
mod formats;
mod offer;
mod remote;
mod rtcp;
mod security;

pub use answer::negotiate;
pub(crate) use expected::{expected, has_keys};
pub use offer::{accept_answer, offer, reoffer};
pub use security::SecurityMismatch;

/// The port that stands in a description when no socket is open: "discard".
pub const DISCARD_PORT: u16 = 9;

/// What this side puts into a description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalMedia {
    /// Where RTP is received; RTCP on the port above it.
    pub address: SocketAddr,
    /// What this side wants to do.
    pub direction: Direction,
    /// The keys for what this side sends, one of each suite that it takes, best first. Not needed where the policy is
    /// [`SrtpPolicy::Off`](crate::SrtpPolicy).
    pub keys: Vec<SrtpKey>,
}

/// An answer and what it means for the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiated<'a> {
    /// The answer to send.
    pub answer: SessionDescription<'a>,
    /// How the audio stream is to be run; `None` when the offer has none, or has it switched off.
    pub media: Option<MediaParameters>,
}

/// How an audio stream is to be run, as negotiated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaParameters {
    /// Where RTP goes.
    pub remote_rtp: SocketAddr,
    /// Where RTCP goes.
    pub remote_rtcp: SocketAddr,
    /// The codec to send.
    pub codec: Codec,
    /// The payload type to send it with: the peer's number.
    pub payload_type: u8,
    /// The payload types to expect: our numbers.
    pub receive: Vec<(u8, Codec)>,
    /// How telephone events are told, if both sides know them.
    pub telephone_event: Option<TelephoneEvent>,
    /// The payload types of comfort noise, if both sides know it.
    pub comfort_noise: Option<ComfortNoiseFormat>,
    /// How to encode, when the codec is Opus: as we are told to, within what the peer asks for.
    pub opus: OpusConfig,
    /// What this side does.
    pub direction: Direction,
    /// The length of the packets to send, a multiple of 20 ms.
    pub ptime: Duration,
    /// Whether the peer holds the call: it does not want to receive.
    pub held: bool,
    /// Whether the peer is told how it sounds (RFC 3611 section 4.7).
    pub extended_reports: bool,
    /// The keys of both directions; `None` for plain RTP.
    pub security: Option<SrtpKeys>,
}

/// How telephone events are told (RFC 4733).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TelephoneEvent {
    /// The peer's number, to send with.
    pub send: u8,
    /// Our number, to expect.
    pub receive: u8,
    /// The clock of their durations in Hz: that of the codec, where the peer has such events.
    pub clock_rate_hz: u32,
    /// Those that the peer takes; ours are the digits and the hook flash.
    pub events: TelephoneEventSet,
}

impl MediaParameters {
    /// One codec both ways in packets of 20 ms, reports to the port above, and nothing besides.
    #[must_use]
    pub fn new(remote_rtp: SocketAddr, payload_type: u8, codec: Codec) -> Self {
        let next = remote_rtp.port().saturating_add(1);
        Self {
            remote_rtp,
            remote_rtcp: SocketAddr::new(remote_rtp.ip(), next),
            codec,
            payload_type,
            receive: vec![(payload_type, codec)],
            telephone_event: None,
            comfort_noise: None,
            opus: OpusConfig::default(),
            direction: Direction::SendRecv,
            ptime: FRAME,
            held: false,
            extended_reports: false,
            security: None,
        }
    }

    /// Whether the peer takes the telephone event of this number (RFC 4733 section 2.4.1).
    #[must_use]
    pub fn takes_event(&self, event: u8) -> bool {
        let agreed = self.telephone_event.as_ref();
        agreed.is_some_and(|agreed| agreed.events.contains(event))
    }
}

/// The payload types of comfort noise (RFC 3389).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ComfortNoiseFormat {
    /// The peer's number, to send with.
    pub send: u8,
    /// Our number, to expect.
    pub receive: u8,
}

/// Why an offer or an answer cannot be met; SIP says 488 to an offer like that.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NegotiationError {
    /// No media section is audio over RTP or SRTP with keys in the description.
    #[error("no audio over RTP/AVP or RTP/SAVP among the {sections} media sections")]
    NoAudio {
        /// How many sections there are.
        sections: usize,
    },
    /// Audio, but in no codec of ours.
    #[error("no common codec; the peer knows {}", .offered.join(", "))]
    NoCommonCodec {
        /// The encodings or payload types of the peer.
        offered: Vec<String>,
    },
    /// The security of a section cannot be as both sides want it.
    #[error("media section {section}, audio over {protocol}: {reason}")]
    Security {
        /// The place of its `m=` line, from 1.
        section: usize,
        /// Its protocol.
        protocol: String,
        /// What does not fit.
        reason: SecurityMismatch,
    },
    /// The section has no `c=` line, nor has the session.
    #[error("audio without a connection address")]
    NoConnection,
    /// The connection address is a host name; whoever has a resolver puts an address in its place before.
    #[error("connection address {0} is a host name")]
    HostName(String),
    /// The connection address is of the other family of addresses: nothing sent from here arrives there.
    #[error("nothing gets from here to {0}")]
    AddressFamily(IpAddr),
    /// The answer refuses the audio stream of our offer.
    #[error("the answer refuses the audio stream")]
    Refused,
    /// The answer does not fit our offer: another number or order of media sections.
    #[error("the answer has {answered} media sections for {offered}, or in another order")]
    SectionsDiffer {
        /// Sections in our offer.
        offered: usize,
        /// Sections in the answer.
        answered: usize,
    },
}

impl NegotiationError {
    /// The code of a SIP Warning that tells it, and its text for people (RFC 3261 section 20.43).
    #[must_use]
    pub const fn warning(&self) -> (u16, &'static str) {
        match self {
            Self::HostName(_) | Self::AddressFamily(_) => {
                (301, "Incompatible network address formats")
            }
            Self::Security { .. } => (302, "Incompatible transport protocol"),
            Self::NoAudio { .. } => (304, "Media type not available"),
            Self::NoCommonCodec { .. } => (305, "Incompatible media format"),
            Self::NoConnection => (399, "No connection address"),
            Self::Refused | Self::SectionsDiffer { .. } => {
                (399, "The answer does not fit the offer")
            }
        }
    }
}

#[cfg(test)]
mod tests;
