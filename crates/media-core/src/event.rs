//! What the engine tells about a call's media.

use std::time::Duration;

use crate::codec::Codec;
use crate::controller::MediaSessionKey;
use crate::dtmf::DtmfDigit;
use crate::error::MediaError;
use crate::jitter_buffer::JitterBufferStatistics;
use crate::quality::{QualityMetrics, RemoteQuality};

/// A fact about one media session. [`MediaEvent::Ended`] comes last, and once.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum MediaEvent {
    /// Audio of the peer arrives.
    FlowStarted {
        /// The session.
        key: MediaSessionKey,
    },
    /// Nothing has arrived for a while, although the peer is expected to send and does not hold the call.
    FlowStopped {
        /// The session.
        key: MediaSessionKey,
    },
    /// The peer pressed a DTMF digit, or flashes its hook: a telephone event (RFC 4733), or tones where these are listened for. Told once, with the
    /// first that is heard of it.
    DtmfReceived {
        /// The session.
        key: MediaSessionKey,
        /// The digit.
        digit: DtmfDigit,
        /// How long it has been pressed by then.
        duration: Duration,
        /// Whether it was heard in the sound.
        in_band: bool,
    },
    /// The peer no longer presses a digit: it said so, pressed another one, or was not heard of for 150 ms.
    DtmfEnded {
        /// The session.
        key: MediaSessionKey,
        /// The digit.
        digit: DtmfDigit,
        /// How long it was pressed, as far as that is known.
        duration: Duration,
        /// Whether it was heard in the sound.
        in_band: bool,
    },
    /// Somebody begins to speak; told where it is listened for.
    VoiceStarted {
        /// The session.
        key: MediaSessionKey,
    },
    /// Nobody has spoken for a quarter of a second.
    VoiceStopped {
        /// The session.
        key: MediaSessionKey,
    },
    /// An application was late with what it says: silence was sent in between. Told at once, and then once a second.
    AudioUnderrun {
        /// The session.
        key: MediaSessionKey,
        /// How often, since this was told last.
        underruns: u64,
        /// How much silence that made.
        silence: Duration,
    },
    /// An application did not read what the peer says in time. Told at once, and then once a second.
    AudioDropped {
        /// The session.
        key: MediaSessionKey,
        /// How many frames it has lost, since this was told last.
        frames: u64,
    },
    /// The figures of the session; at the engine's interval and on request.
    Statistics {
        /// The session.
        key: MediaSessionKey,
        /// The figures so far.
        statistics: MediaStatistics,
    },
    /// The session hears the others of its bridge.
    Bridged {
        /// The session.
        key: MediaSessionKey,
        /// Whether it hears the only other one as that one's packets come, without decoding.
        relayed: bool,
    },
    /// Part of the session failed; the rest goes on.
    Failed {
        /// The session.
        key: MediaSessionKey,
        /// What failed.
        error: MediaError,
    },
    /// The session is over: its ports are closed and its recording is complete, unless the disk takes more than five
    /// seconds for the rest of it.
    Ended {
        /// The session.
        key: MediaSessionKey,
        /// The figures of the whole session.
        statistics: MediaStatistics,
    },
}

impl MediaEvent {
    /// The session that the event is about.
    #[must_use]
    pub fn key(&self) -> MediaSessionKey {
        match self {
            Self::FlowStarted { key }
            | Self::FlowStopped { key }
            | Self::VoiceStarted { key }
            | Self::VoiceStopped { key }
            | Self::DtmfReceived { key, .. }
            | Self::DtmfEnded { key, .. }
            | Self::AudioUnderrun { key, .. }
            | Self::AudioDropped { key, .. }
            | Self::Statistics { key, .. }
            | Self::Bridged { key, .. }
            | Self::Failed { key, .. }
            | Self::Ended { key, .. } => *key,
        }
    }
}

/// The figures of one media session.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MediaStatistics {
    /// The codec that is sent; `None` before negotiation.
    pub codec: Option<Codec>,
    /// RTP packets sent.
    pub packets_sent: u64,
    /// Payload octets sent.
    pub octets_sent: u64,
    /// RTP packets received.
    pub packets_received: u64,
    /// Payload octets received.
    pub octets_received: u64,
    /// Of the packets received those that were not audio to play: telephone events, comfort noise, payload types that were not agreed on,
    /// packets of more than 200 ms, audio while none is to be received.
    pub packets_ignored: u64,
    /// Datagrams on the RTP and RTCP ports that were not taken: malformed, from a foreign address, of a source or
    /// sequence that has not proved itself, or not SRTP under the peer's key in a secured call.
    pub packets_refused: u64,
    /// Packets the network lost, RFC 3550 A.3; never negative.
    pub packets_lost: u64,
    /// Lost packets in per cent of those expected; 0 before anything was expected.
    pub packet_loss_percent: f64,
    /// The interarrival jitter, RFC 3550 A.8.
    pub jitter: Duration,
    /// The round trip by the last report; `None` until a peer reported on us.
    pub round_trip_time: Option<Duration>,
    /// What the jitter buffer did.
    pub jitter_buffer: JitterBufferStatistics,
    /// Samples of a recording that the disk did not take in time; silence stands in their place.
    pub recording_samples_dropped: u64,
    /// Frames whose [processors](crate::FrameProcessor) took longer than they may.
    pub processor_overruns: u64,
    /// How this side sounds to the peer, if it says so (RFC 3611).
    pub remote_quality: Option<Box<RemoteQuality>>,
    /// The quality over the last seconds; `None` before anything was received.
    pub quality_metrics: Option<QualityMetrics>,
}
