//! Media control, carried out by the coordinator's core.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rvoip_media_core::audio::{AudioFormat, AudioFrame, AudioFrameSubscriber};
use rvoip_media_core::quality::QualityThresholds;
use rvoip_media_core::{
    AudioSource, FrameProcessors, Listening, MediaStatistics, Recording, RecordingSink,
};

use super::measurement::measure;
use super::{CallStatistics, MediaControl, RtpStatistics};
use crate::{MediaInfo, Result, SessionCoordinator, SessionCore, SessionId};

/// The tone that is sent when no other is named.
const TONE_HZ: f64 = 440.0;
const TONE_AMPLITUDE: f64 = 0.5;

/// Runs a command about one session on the core.
pub(super) async fn command<R: Send + 'static>(
    coordinator: &Arc<SessionCoordinator>,
    session_id: &SessionId,
    command: impl FnOnce(&mut SessionCore, Instant, SessionId) -> Result<R> + Send + 'static,
) -> Result<R> {
    let id = *session_id;
    coordinator
        .switchboard
        .call(move |core, now| command(core, now, id))
        .await?
}

impl MediaControl for Arc<SessionCoordinator> {
    async fn generate_sdp_offer(&self, session_id: &SessionId) -> Result<String> {
        let sdp = command(self, session_id, |core, now, id| {
            core.generate_sdp(now, id, None)
        })
        .await?;
        Ok(String::from(&*sdp))
    }

    async fn generate_sdp_answer(&self, session_id: &SessionId, offer: &str) -> Result<String> {
        let offer = offer.to_owned();
        let sdp = command(self, session_id, move |core, now, id| {
            core.generate_sdp(now, id, Some(&offer))
        })
        .await?;
        Ok(String::from(&*sdp))
    }

    async fn get_media_info(&self, session_id: &SessionId) -> Result<Option<MediaInfo>> {
        command(self, session_id, |core, _, id| Ok(core.media_info(id))).await
    }

    async fn get_media_statistics(
        &self,
        session_id: &SessionId,
    ) -> Result<Option<MediaStatistics>> {
        Ok(measure(self, session_id).await?.map(Arc::unwrap_or_clone))
    }

    async fn get_call_statistics(&self, session_id: &SessionId) -> Result<Option<CallStatistics>> {
        let media = measure(self, session_id).await?;
        let call = self.switchboard.registry.get(*session_id);
        Ok(call.map(|call| CallStatistics {
            session_id: call.id(),
            state: call.state(),
            duration: call.duration(Instant::now()),
            media,
        }))
    }

    async fn get_rtp_statistics(&self, session_id: &SessionId) -> Result<Option<RtpStatistics>> {
        let media = measure(self, session_id).await?;
        Ok(media.map(|media| RtpStatistics::from(&*media)))
    }

    async fn get_call_quality_score(&self, session_id: &SessionId) -> Result<Option<f64>> {
        let media = measure(self, session_id).await?;
        Ok(media.and_then(|media| media.quality_metrics.and_then(|quality| quality.mos_score)))
    }

    async fn get_packet_loss_rate(&self, session_id: &SessionId) -> Result<Option<f64>> {
        let media = measure(self, session_id)
            .await?
            .filter(|media| media.packets_received > 0);
        Ok(media.map(|media| media.packet_loss_percent))
    }

    async fn start_statistics_monitoring(
        &self,
        session_id: &SessionId,
        interval: Duration,
    ) -> Result<()> {
        command(self, session_id, move |core, now, id| {
            core.monitor(now, id, Some(interval))
        })
        .await
    }

    async fn monitor_call_quality(
        &self,
        session_id: &SessionId,
        thresholds: QualityThresholds,
    ) -> Result<()> {
        command(self, session_id, move |core, _, id| {
            core.watch_quality(id, Some(thresholds))
        })
        .await
    }

    async fn stop_statistics_monitoring(&self, session_id: &SessionId) -> Result<()> {
        command(self, session_id, |core, now, id| {
            core.watch_quality(id, None)?;
            core.monitor(now, id, None)
        })
        .await
    }

    async fn start_audio_transmission(&self, session_id: &SessionId) -> Result<()> {
        self.start_audio_transmission_with_tone(session_id, TONE_HZ, TONE_AMPLITUDE)
            .await
    }

    async fn start_audio_transmission_with_tone(
        &self,
        session_id: &SessionId,
        frequency_hz: f64,
        amplitude: f64,
    ) -> Result<()> {
        self.set_audio_source(
            session_id,
            AudioSource::Tone {
                frequency_hz,
                amplitude,
            },
        )
        .await
    }

    async fn stop_audio_transmission(&self, session_id: &SessionId) -> Result<()> {
        self.set_audio_source(session_id, AudioSource::None).await
    }

    async fn is_audio_transmission_active(&self, session_id: &SessionId) -> Result<bool> {
        command(self, session_id, |core, _, id| Ok(core.is_sending(id))).await
    }

    async fn set_tone_generation(
        &self,
        session_id: &SessionId,
        frequency_hz: f64,
        amplitude: f64,
    ) -> Result<()> {
        self.start_audio_transmission_with_tone(session_id, frequency_hz, amplitude)
            .await
    }

    async fn set_audio_source(&self, session_id: &SessionId, source: AudioSource) -> Result<()> {
        command(self, session_id, move |core, now, id| {
            core.set_source(now, id, source)
        })
        .await
    }

    async fn set_audio_muted(&self, session_id: &SessionId, muted: bool) -> Result<()> {
        command(self, session_id, move |core, now, id| {
            core.set_muted(now, id, muted)
        })
        .await
    }

    async fn subscribe_to_audio_frames(
        &self,
        session_id: &SessionId,
    ) -> Result<AudioFrameSubscriber> {
        let ends = command(self, session_id, |core, now, id| {
            core.attach_audio(now, id, AudioFormat::default())
        });
        Ok(ends.await?.0)
    }

    async fn send_audio_frame(&self, session_id: &SessionId, frame: AudioFrame) -> Result<()> {
        command(self, session_id, move |core, now, id| {
            core.send_audio_frame(now, id, &frame)
        })
        .await
    }

    async fn set_pass_through_mode(&self, session_id: &SessionId) -> Result<()> {
        command(self, session_id, |core, now, id| core.pass_through(now, id)).await
    }

    async fn listen_for(&self, session_id: &SessionId, listening: Listening) -> Result<()> {
        command(self, session_id, move |core, now, id| {
            core.listen_for(now, id, listening)
        })
        .await
    }

    async fn set_frame_processors(
        &self,
        session_id: &SessionId,
        processors: FrameProcessors,
    ) -> Result<()> {
        let processors = processors.timed_by(Instant::now);
        command(self, session_id, move |core, now, id| {
            core.set_processors(now, id, &processors)
        })
        .await
    }

    async fn start_recording(&self, session_id: &SessionId, path: PathBuf) -> Result<()> {
        self.start_recording_of(session_id, RecordingSink::File(path).into())
            .await
    }

    async fn start_recording_of(&self, session_id: &SessionId, recording: Recording) -> Result<()> {
        command(self, session_id, move |core, now, id| {
            core.record(now, id, Some(recording))
        })
        .await
    }

    async fn stop_recording(&self, session_id: &SessionId) -> Result<()> {
        command(self, session_id, |core, now, id| core.record(now, id, None)).await
    }
}
