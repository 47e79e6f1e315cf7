//! Media control: descriptions, figures, and what a call sends.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rvoip_media_core::{AudioSource, MediaStatistics, RecordingSink};

use crate::core::SessionCore;
use crate::{CallState, MediaInfo, Result, SessionCoordinator, SessionError, SessionId};

/// How long a measurement may take before the last known figures are given instead.
const MEASURE_WITHIN: Duration = Duration::from_millis(250);

/// The tone that is sent when no other is named.
const TONE_HZ: f64 = 440.0;
const TONE_AMPLITUDE: f64 = 0.5;

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
/// The figures are `None` when there is no data. Everything fails with [`SessionError::SessionNotFound`] when the
/// session has ended.
pub trait MediaControl {
    /// Our offer for a session that has been prepared.
    ///
    /// # Errors
    /// No such session, or no media port.
    fn generate_sdp_offer(&self, session_id: &SessionId) -> impl Future<Output = Result<String>> + Send;

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
    /// No such session.
    fn get_media_info(&self, session_id: &SessionId) -> impl Future<Output = Result<Option<MediaInfo>>> + Send;

    /// All figures of the media, measured now; `None` without media.
    ///
    /// # Errors
    /// No such session.
    fn get_media_statistics(
        &self,
        session_id: &SessionId,
    ) -> impl Future<Output = Result<Option<MediaStatistics>>> + Send;

    /// The figures of the call and its media.
    ///
    /// # Errors
    /// No such session.
    fn get_call_statistics(
        &self,
        session_id: &SessionId,
    ) -> impl Future<Output = Result<Option<CallStatistics>>> + Send;

    /// The figures of RTP.
    ///
    /// # Errors
    /// No such session.
    fn get_rtp_statistics(&self, session_id: &SessionId)
    -> impl Future<Output = Result<Option<RtpStatistics>>> + Send;

    /// The mean opinion score over the last seconds, 1.0 to 4.5.
    ///
    /// # Errors
    /// No such session.
    fn get_call_quality_score(&self, session_id: &SessionId) -> impl Future<Output = Result<Option<f64>>> + Send;

    /// Packets that the network lost, in per cent of those expected.
    ///
    /// # Errors
    /// No such session.
    fn get_packet_loss_rate(&self, session_id: &SessionId) -> impl Future<Output = Result<Option<f64>>> + Send;

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

    /// Ends [`start_statistics_monitoring`](Self::start_statistics_monitoring).
    ///
    /// # Errors
    /// No such session, or it has no media here.
    fn stop_statistics_monitoring(&self, session_id: &SessionId) -> impl Future<Output = Result<()>> + Send;

    /// Sends a tone of 440 Hz.
    ///
    /// # Errors
    /// No such session, or it has no media here.
    fn start_audio_transmission(&self, session_id: &SessionId) -> impl Future<Output = Result<()>> + Send;

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
    fn stop_audio_transmission(&self, session_id: &SessionId) -> impl Future<Output = Result<()>> + Send;

    /// Whether packets are sent once the call is answered.
    ///
    /// # Errors
    /// No such session.
    fn is_audio_transmission_active(&self, session_id: &SessionId) -> impl Future<Output = Result<bool>> + Send;

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
    fn set_audio_muted(&self, session_id: &SessionId, muted: bool) -> impl Future<Output = Result<()>> + Send;

    /// Records what is received into a WAV file, until the end of the call.
    ///
    /// # Errors
    /// No such session, or it has no media here.
    fn start_recording(&self, session_id: &SessionId, path: PathBuf) -> impl Future<Output = Result<()>> + Send;

    /// Ends the recording.
    ///
    /// # Errors
    /// No such session, or it has no media here.
    fn stop_recording(&self, session_id: &SessionId) -> impl Future<Output = Result<()>> + Send;
}

/// Runs a command about one session on the core.
async fn command<R: Send + 'static>(
    coordinator: &Arc<SessionCoordinator>,
    session_id: &SessionId,
    command: impl FnOnce(&mut SessionCore, std::time::Instant, SessionId) -> Result<R> + Send + 'static,
) -> Result<R> {
    let id = *session_id;
    coordinator.switchboard.call(move |core, now| command(core, now, id)).await?
}

async fn measure(
    coordinator: &Arc<SessionCoordinator>,
    session_id: &SessionId,
) -> Result<Option<Arc<MediaStatistics>>> {
    let call = coordinator.switchboard.registry.get(*session_id);
    let call = call.ok_or(SessionError::SessionNotFound(*session_id))?;
    let known = call.media_statistics();
    let has_port = command(coordinator, session_id, |core, now, id| {
        core.report(now, id);
        Ok(core.media_info(id)?.is_some_and(|info| info.local_rtp_port != 0))
    });
    if has_port.await? {
        // Without a new report in time, the last one stands.
        let _ = tokio::time::timeout(MEASURE_WITHIN, call.wait_for_report(known.as_ref())).await;
    }
    Ok(call.media_statistics())
}

impl MediaControl for Arc<SessionCoordinator> {
    async fn generate_sdp_offer(&self, session_id: &SessionId) -> Result<String> {
        let sdp = command(self, session_id, |core, now, id| core.generate_sdp(now, id, None)).await?;
        Ok(String::from(&*sdp))
    }

    async fn generate_sdp_answer(&self, session_id: &SessionId, offer: &str) -> Result<String> {
        let offer = offer.to_owned();
        let sdp = command(self, session_id, move |core, now, id| core.generate_sdp(now, id, Some(&offer))).await?;
        Ok(String::from(&*sdp))
    }

    async fn get_media_info(&self, session_id: &SessionId) -> Result<Option<MediaInfo>> {
        command(self, session_id, |core, _, id| core.media_info(id)).await
    }

    async fn get_media_statistics(&self, session_id: &SessionId) -> Result<Option<MediaStatistics>> {
        Ok(measure(self, session_id).await?.map(Arc::unwrap_or_clone))
    }

    async fn get_call_statistics(&self, session_id: &SessionId) -> Result<Option<CallStatistics>> {
        let media = measure(self, session_id).await?;
        let call = self.switchboard.registry.get(*session_id);
        Ok(call.map(|call| CallStatistics {
            session_id: call.id(),
            state: call.state(),
            duration: call.duration(std::time::Instant::now()),
            media,
        }))
    }

    async fn get_rtp_statistics(&self, session_id: &SessionId) -> Result<Option<RtpStatistics>> {
        Ok(measure(self, session_id).await?.map(|media| RtpStatistics {
            packets_sent: media.packets_sent,
            octets_sent: media.octets_sent,
            packets_received: media.packets_received,
            octets_received: media.octets_received,
            packets_lost: media.packets_lost,
            jitter: media.jitter,
            round_trip_time: media.round_trip_time,
        }))
    }

    async fn get_call_quality_score(&self, session_id: &SessionId) -> Result<Option<f64>> {
        let media = measure(self, session_id).await?;
        Ok(media.and_then(|media| media.quality_metrics.and_then(|quality| quality.mos_score)))
    }

    async fn get_packet_loss_rate(&self, session_id: &SessionId) -> Result<Option<f64>> {
        let media = measure(self, session_id).await?.filter(|media| media.packets_received > 0);
        Ok(media.map(|media| media.packet_loss_percent))
    }

    async fn start_statistics_monitoring(&self, session_id: &SessionId, interval: Duration) -> Result<()> {
        command(self, session_id, move |core, now, id| core.monitor(now, id, Some(interval))).await
    }

    async fn stop_statistics_monitoring(&self, session_id: &SessionId) -> Result<()> {
        command(self, session_id, |core, now, id| core.monitor(now, id, None)).await
    }

    async fn start_audio_transmission(&self, session_id: &SessionId) -> Result<()> {
        self.start_audio_transmission_with_tone(session_id, TONE_HZ, TONE_AMPLITUDE).await
    }

    async fn start_audio_transmission_with_tone(
        &self,
        session_id: &SessionId,
        frequency_hz: f64,
        amplitude: f64,
    ) -> Result<()> {
        self.set_audio_source(session_id, AudioSource::Tone { frequency_hz, amplitude }).await
    }

    async fn stop_audio_transmission(&self, session_id: &SessionId) -> Result<()> {
        self.set_audio_source(session_id, AudioSource::None).await
    }

    async fn is_audio_transmission_active(&self, session_id: &SessionId) -> Result<bool> {
        command(self, session_id, |core, _, id| core.is_sending(id)).await
    }

    async fn set_tone_generation(&self, session_id: &SessionId, frequency_hz: f64, amplitude: f64) -> Result<()> {
        self.start_audio_transmission_with_tone(session_id, frequency_hz, amplitude).await
    }

    async fn set_audio_source(&self, session_id: &SessionId, source: AudioSource) -> Result<()> {
        command(self, session_id, move |core, now, id| core.set_source(now, id, source)).await
    }

    async fn set_audio_muted(&self, session_id: &SessionId, muted: bool) -> Result<()> {
        command(self, session_id, move |core, now, id| core.set_muted(now, id, muted)).await
    }

    async fn start_recording(&self, session_id: &SessionId, path: PathBuf) -> Result<()> {
        command(self, session_id, move |core, now, id| core.record(now, id, Some(RecordingSink::File(path)))).await
    }

    async fn stop_recording(&self, session_id: &SessionId) -> Result<()> {
        command(self, session_id, |core, now, id| core.record(now, id, None)).await
    }
}
