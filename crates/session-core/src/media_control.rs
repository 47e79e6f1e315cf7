//! Media control: descriptions, figures, and what a call sends.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rvoip_media_core::audio::{AudioFrame, AudioFrameSubscriber};
use rvoip_media_core::quality::QualityThresholds;
use rvoip_media_core::{AudioSource, FrameProcessors, Listening, MediaStatistics, Recording};

use crate::{CallState, MediaInfo, Result, SessionId};

mod commands;
mod measurement;

/// RTP figures of a call.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct RtpStatistics {
    /// Packets sent.
    pub packets_sent: u64,
    /// Payload octets sent.
    pub octets_sent: u64,
    /// Packets received.
    pub packets_received: u64,
    /// Payload octets received.
    pub octets_received: u64,
    /// Packets that the network lost.
    pub packets_lost: u64,
    /// Interarrival jitter (RFC 3550 A.8).
    pub jitter: Duration,
    /// The round trip; `None` until a peer reported on us.
    pub round_trip_time: Option<Duration>,
}

/// The figures of a call.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CallStatistics {
    /// The identity of the session.
    pub session_id: SessionId,
    /// Its state.
    pub state: CallState,
    /// How long it has lasted since it was answered.
    pub duration: Duration,
    /// The figures of its media; `None` without media.
    pub media: Option<Arc<MediaStatistics>>,
}

/// Media control on an `Arc<SessionCoordinator>`.
///
/// What is looked at is `None` when there is no data, which includes a session that has ended. What is asked for fails with
/// [`SessionError::SessionNotFound`](crate::SessionError::SessionNotFound) then.
pub trait MediaControl {
    /// Our offer for a session that has been prepared.
    ///
    /// # Errors
    /// No such session, or no media port.
    fn generate_sdp_offer(
        &self,
        session_id: &SessionId,
    ) -> impl Future<Output = Result<String>> + Send;

    /// Our answer to the offer of a call that waits for a decision, by the codecs and the port that the call will use.
    ///
    /// # Errors
    /// No such session, one that owes no answer, or no common codec.
    fn generate_sdp_answer(
        &self,
        session_id: &SessionId,
        offer: &str,
    ) -> impl Future<Output = Result<String>> + Send;

    /// What was agreed on; `None` when the application handles the media itself.
    ///
    /// # Errors
    /// After the coordinator was stopped.
    fn get_media_info(
        &self,
        session_id: &SessionId,
    ) -> impl Future<Output = Result<Option<MediaInfo>>> + Send;

    /// All figures of the media, measured now; `None` without media.
    ///
    /// # Errors
    /// After the coordinator was stopped.
    fn get_media_statistics(
        &self,
        session_id: &SessionId,
    ) -> impl Future<Output = Result<Option<MediaStatistics>>> + Send;

    /// The figures of the call and its media.
    ///
    /// # Errors
    /// After the coordinator was stopped.
    fn get_call_statistics(
        &self,
        session_id: &SessionId,
    ) -> impl Future<Output = Result<Option<CallStatistics>>> + Send;

    /// The figures of RTP.
    ///
    /// # Errors
    /// After the coordinator was stopped.
    fn get_rtp_statistics(
        &self,
        session_id: &SessionId,
    ) -> impl Future<Output = Result<Option<RtpStatistics>>> + Send;

    /// The mean opinion score over the last seconds, 1.0 to 4.5.
    ///
    /// # Errors
    /// After the coordinator was stopped.
    fn get_call_quality_score(
        &self,
        session_id: &SessionId,
    ) -> impl Future<Output = Result<Option<f64>>> + Send;

    /// Packets that the network lost, in per cent of those expected.
    ///
    /// # Errors
    /// After the coordinator was stopped.
    fn get_packet_loss_rate(
        &self,
        session_id: &SessionId,
    ) -> impl Future<Output = Result<Option<f64>>> + Send;

    /// Measures the media every `interval` (at least 100 ms), for the handler's `on_media_quality` and as
    /// [`MediaReported`](crate::BasicSessionEvent::MediaReported).
    ///
    /// # Errors
    /// No such session, or it has no media here.
    fn start_statistics_monitoring(
        &self,
        session_id: &SessionId,
        interval: Duration,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Watches how the call sounds, for the handler's `on_warning` and as
    /// [`QualityChanged`](crate::BasicSessionEvent::QualityChanged). It is measured every two seconds, or as often as
    /// [`start_statistics_monitoring`](Self::start_statistics_monitoring) says, over the last eight to ten seconds; while nothing is
    /// received, as on hold, nothing is judged.
    ///
    /// # Errors
    /// No such session, or it has no media here.
    fn monitor_call_quality(
        &self,
        session_id: &SessionId,
        thresholds: QualityThresholds,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Ends [`start_statistics_monitoring`](Self::start_statistics_monitoring) and
    /// [`monitor_call_quality`](Self::monitor_call_quality).
    ///
    /// # Errors
    /// No such session, or it has no media here.
    fn stop_statistics_monitoring(
        &self,
        session_id: &SessionId,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Sends a tone of 440 Hz.
    ///
    /// # Errors
    /// No such session, or it has no media here.
    fn start_audio_transmission(
        &self,
        session_id: &SessionId,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Sends a tone.
    ///
    /// # Errors
    /// No such session, or it has no media here.
    fn start_audio_transmission_with_tone(
        &self,
        session_id: &SessionId,
        frequency_hz: f64,
        amplitude: f64,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Sends no packets.
    ///
    /// # Errors
    /// No such session, or it has no media here.
    fn stop_audio_transmission(
        &self,
        session_id: &SessionId,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Whether packets are sent once the call is answered.
    ///
    /// # Errors
    /// After the coordinator was stopped.
    fn is_audio_transmission_active(
        &self,
        session_id: &SessionId,
    ) -> impl Future<Output = Result<bool>> + Send;

    /// Changes the tone: its frequency in Hz and its amplitude from 0 to 1.
    ///
    /// # Errors
    /// No such session, or it has no media here.
    fn set_tone_generation(
        &self,
        session_id: &SessionId,
        frequency_hz: f64,
        amplitude: f64,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Sends something else from the next frame on; sequence and timestamp run on.
    ///
    /// # Errors
    /// No such session, or it has no media here.
    fn set_audio_source(
        &self,
        session_id: &SessionId,
        source: AudioSource,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Sends silence in place of the source, or the source again. RTP flows on.
    ///
    /// # Errors
    /// No such session, or it has no media here.
    fn set_audio_muted(
        &self,
        session_id: &SessionId,
        muted: bool,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Frames of 20 ms of what the peer says, at 16 kHz, for as long as they are read; see
    /// [`CallSession::audio`](crate::CallSession::audio) for other rates and for speech to the peer.
    ///
    /// # Errors
    /// No such session, or it has no media here.
    fn subscribe_to_audio_frames(
        &self,
        session_id: &SessionId,
    ) -> impl Future<Output = Result<AudioFrameSubscriber>> + Send;

    /// Sends a frame after those before it, in place of the call's source. Frames may be of any length and come faster than they
    /// are spoken; silence is sent when there is none.
    ///
    /// # Errors
    /// No such session, it has no media here, the rate is none that frames are taken at, or more than ten seconds wait.
    fn send_audio_frame(
        &self,
        session_id: &SessionId,
        frame: AudioFrame,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Sends the frames of [`send_audio_frame`](Self::send_audio_frame) and nothing of its own: silence in between.
    ///
    /// # Errors
    /// No such session, or it has no media here.
    fn set_pass_through_mode(
        &self,
        session_id: &SessionId,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Listens for voices and for digits in the sound itself, from now on. The peer's voice is told as
    /// [`VoiceChanged`](crate::BasicSessionEvent::VoiceChanged).
    ///
    /// # Errors
    /// No such session, or it has no media here.
    fn listen_for(
        &self,
        session_id: &SessionId,
        listening: Listening,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Lets these work on the sound from now on, in place of those before, without a click; none ends it. See
    /// [`FrameProcessor`](crate::media_core::FrameProcessor).
    ///
    /// # Errors
    /// No such session, or it has no media here.
    fn set_frame_processors(
        &self,
        session_id: &SessionId,
        processors: FrameProcessors,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Records what is received into a WAV file, until the end of the call.
    ///
    /// # Errors
    /// No such session, or it has no media here.
    fn start_recording(
        &self,
        session_id: &SessionId,
        path: PathBuf,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Records into a file or into memory, one party or both, in one channel or two, until the end of the call.
    ///
    /// # Errors
    /// No such session, or it has no media here.
    fn start_recording_of(
        &self,
        session_id: &SessionId,
        recording: Recording,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Ends the recording.
    ///
    /// # Errors
    /// No such session, or it has no media here.
    fn stop_recording(&self, session_id: &SessionId) -> impl Future<Output = Result<()>> + Send;
}
