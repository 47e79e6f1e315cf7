//! What the engine can be asked to do.

use super::BridgeKey;
use crate::audio::AudioTap;
use crate::codec::Codec;
use crate::controller::MediaSessionKey;
use crate::dtmf::{DtmfDigit, DtmfTiming};
use crate::frame_processor::ProcessorChains;
use crate::negotiate::MediaParameters;
use crate::play::AudioSource;
use crate::record::Recording;
use crate::rtp_core::PortKey;
use crate::stream::Listening;

/// What the engine is asked to do; every command names its session.
#[derive(Debug)]
#[non_exhaustive]
pub enum MediaCommand {
    /// Begin a stream on an open port; it sends nothing until configured and started.
    Open {
        /// The session.
        key: MediaSessionKey,
        /// Its port pair.
        port: PortKey,
        /// Where SSRC, sequence number and timestamp are drawn from.
        seed: u64,
        /// What to send.
        source: AudioSource,
    },
    /// Run the stream by these parameters from the next frame on.
    Configure {
        /// The session.
        key: MediaSessionKey,
        /// What was negotiated; `None` when there is to be no audio.
        parameters: Option<Box<MediaParameters>>,
    },
    /// An offer of ours is under way: what it names may arrive before its answer (RFC 3264 section 5.1).
    Expect {
        /// The session.
        key: MediaSessionKey,
        /// The payload types that it names, in its order.
        receive: Vec<(u8, Codec)>,
    },
    /// Let media flow as the parameters say.
    Start {
        /// The session.
        key: MediaSessionKey,
    },
    /// Send this from the next frame on; sequence and timestamp run on.
    SetSource {
        /// The session.
        key: MediaSessionKey,
        /// What to send.
        source: AudioSource,
    },
    /// Send silence in place of the source, or the source again.
    SetMuted {
        /// The session.
        key: MediaSessionKey,
        /// Whether to send silence.
        muted: bool,
    },
    /// While this side holds the call: send this in place of the source, which waits where it is. `None` goes on with
    /// the source.
    Hold {
        /// The session.
        key: MediaSessionKey,
        /// What to send.
        source: Option<AudioSource>,
    },
    /// Send digits, one after the other, in place of the source: telephone events, or tones when the peer takes none.
    SendDtmf {
        /// The session.
        key: MediaSessionKey,
        /// The digits.
        digits: Vec<DtmfDigit>,
        /// How long each of them is.
        timing: DtmfTiming,
    },
    /// Record, in place of an earlier recording, which is completed in the background; `None` ends it.
    Record {
        /// The session.
        key: MediaSessionKey,
        /// What and where to.
        recording: Option<Recording>,
    },
    /// Give the application what is heard, and send what it says.
    AttachAudio {
        /// The session.
        key: MediaSessionKey,
        /// The engine's end of it.
        tap: Box<AudioTap>,
    },
    /// Let these work on the sound from now on, in place of those before; empty chains end it.
    Process {
        /// The session.
        key: MediaSessionKey,
        /// Who works on it.
        chains: Box<ProcessorChains>,
    },
    /// Join a bridge, in place of one that the session is in: its members hear each other. Two are relayed without decoding
    /// where their codecs are the same, more are mixed. The session's own source waits meanwhile.
    JoinBridge {
        /// The session.
        key: MediaSessionKey,
        /// The bridge, which begins with its first member.
        bridge: BridgeKey,
    },
    /// Leave the bridge, and go on with the own source.
    LeaveBridge {
        /// The session.
        key: MediaSessionKey,
    },
    /// Let the others of the bridge hear the session louder or lower.
    SetBridgeGain {
        /// The session.
        key: MediaSessionKey,
        /// 1 as it is, 0 not at all, 4 (12 dB) at most.
        gain: f32,
    },
    /// Let the others of the bridge not hear the session, or hear it again.
    SetBridgeMuted {
        /// The session.
        key: MediaSessionKey,
        /// Whether they do not hear it.
        muted: bool,
    },
    /// Let everybody in the session's bridge hear this besides each other, which ends relaying.
    PlayToBridge {
        /// A session of the bridge.
        key: MediaSessionKey,
        /// What to play; `None` ends it.
        source: Option<AudioSource>,
    },
    /// Record what is said in the session's bridge; relayed legs are decoded for it.
    RecordBridge {
        /// A session of the bridge.
        key: MediaSessionKey,
        /// What and where to; `None` ends the recording.
        recording: Option<Recording>,
    },
    /// Listen for this in the peer's sound.
    Listen {
        /// The session.
        key: MediaSessionKey,
        /// For what.
        listening: Listening,
    },
    /// Report the session's figures now.
    Report {
        /// The session.
        key: MediaSessionKey,
    },
    /// End the stream and give its port back.
    Close {
        /// The session.
        key: MediaSessionKey,
    },
}

impl MediaCommand {
    /// The session that the command is for.
    #[must_use]
    pub fn key(&self) -> MediaSessionKey {
        match self {
            Self::Open { key, .. }
            | Self::Configure { key, .. }
            | Self::Expect { key, .. }
            | Self::Start { key }
            | Self::SetSource { key, .. }
            | Self::SetMuted { key, .. }
            | Self::Hold { key, .. }
            | Self::SendDtmf { key, .. }
            | Self::Record { key, .. }
            | Self::JoinBridge { key, .. }
            | Self::LeaveBridge { key }
            | Self::SetBridgeGain { key, .. }
            | Self::SetBridgeMuted { key, .. }
            | Self::PlayToBridge { key, .. }
            | Self::RecordBridge { key, .. }
            | Self::Listen { key, .. }
            | Self::AttachAudio { key, .. }
            | Self::Process { key, .. }
            | Self::Report { key }
            | Self::Close { key } => *key,
        }
    }

    /// Whether it is about the bridge that the session is in or joins.
    pub(super) fn is_about_bridge(&self) -> bool {
        matches!(
            self,
            Self::JoinBridge { .. }
                | Self::LeaveBridge { .. }
                | Self::SetBridgeGain { .. }
                | Self::SetBridgeMuted { .. }
                | Self::PlayToBridge { .. }
                | Self::RecordBridge { .. }
        )
    }
}
