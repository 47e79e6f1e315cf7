//! Media of a call: SDP, offer and answer, codecs, jitter buffer, streams and quality.
//!
//! Three floors, each usable without the ones above it. [`sdp`] and [`negotiate`](mod@negotiate) are pure: text in, answer out.
//! [`MediaEngine`] carries all streams of a worker on one 20 ms clock and is sans-IO: it runs under rtp-core's media
//! worker or in virtual time. [`MediaSessionController`] joins the two for a call: it opens ports through [`MediaPorts`],
//! writes and reads descriptions, and steers the engine.

pub use rvoip_rtp_core as rtp_core;

pub mod audio;
mod capabilities;
mod codec;
pub mod controller;
mod dtmf;
mod engine;
mod error;
mod event;
mod frame_processor;
pub mod jitter_buffer;
pub mod mixer;
pub mod negotiate;
mod play;
pub mod quality;
pub mod record;
mod resample;
pub mod sdp;
mod stream;
mod tone;
mod voice_activity;
pub mod wav;

pub use capabilities::{Capabilities, CodecPreference, FRAME, FRAME_SAMPLES, SrtpPolicy};
pub use codec::{
    Codec, ComfortNoise, Decoder, Encoder, NoiseEstimator, OpusConfig, SAMPLE_RATE_HZ, SampleRate,
};
pub use controller::{
    MediaConfig, MediaMode, MediaPorts, MediaSessionController, MediaSessionKey, OpenPort,
    SimulatedMedia, SimulatedPorts, SocketPorts, Stopped,
};
pub use dtmf::{DtmfDetector, DtmfDigit, DtmfTiming, TelephoneEventSet};
pub use engine::{BridgeKey, EngineConfig, MediaCommand, MediaEngine, MovingStream};
pub use error::MediaError;
pub use event::{MediaEvent, MediaStatistics};
#[cfg(feature = "noise-suppression")]
pub use frame_processor::NoiseSuppression;
pub use frame_processor::{FrameContext, FrameProcessor, FrameProcessors, ProcessorChains};
#[cfg(feature = "gain-control")]
pub use frame_processor::{GainControl, GainControlConfig};
pub use negotiate::{LocalMedia, MediaParameters, NegotiationError, SecurityMismatch};
pub use play::AudioSource;
pub use quality::{QualityMetrics, RemoteQuality};
pub use record::{MemoryRecording, RecordedParties, Recording, RecordingSink};
pub use resample::{Resampler, Sample};
pub use sdp::{Direction, SdpError, SessionDescription};
pub use stream::Listening;
pub use voice_activity::VoiceActivity;
pub use wav::{Audio, WavError};
