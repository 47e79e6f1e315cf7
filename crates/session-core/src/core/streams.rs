//! The streams of calls: their events, their figures, and what the application does with them.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rvoip_media_core::{
    AudioSource, MediaError, MediaEvent, MediaSessionController, MediaSessionKey, Recording,
    RecordingSink,
};

use super::SessionCore;
use super::session::Due;
use crate::dtmf::DtmfSource;
use crate::{BasicSessionEvent, CallRecord, Result, SessionError, SessionId};

/// The shortest interval at which media is measured.
const SHORTEST_REPORT: Duration = Duration::from_millis(100);

/// What was agreed on about the media of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct MediaInfo {
    /// Where we receive RTP.
    pub local_rtp_address: IpAddr,
    /// The port we receive RTP on; 0 when none is open.
    pub local_rtp_port: u16,
    /// Where the peer receives RTP; unspecified before it is known.
    pub remote_rtp_address: IpAddr,
    /// The port the peer receives RTP on; 0 before it is known.
    pub remote_rtp_port: u16,
    /// The codec we send, by its name in SDP.
    pub codec: Option<String>,
    /// Our session description.
    pub local_sdp: Option<String>,
    /// The peer's session description.
    pub remote_sdp: Option<String>,
}

impl SessionCore {
    /// Takes in what the media of a call did.
    pub fn handle_media(&mut self, now: Instant, event: MediaEvent) {
        self.media.handle_event(now, &event);
        let Some(id) = self.sessions.of_media(event.key()) else {
            return;
        };
        let Some(session) = self.sessions.get(id) else {
            return;
        };
        let call = Arc::clone(&session.record);
        match event {
            MediaEvent::FlowStarted { key } => {
                self.hear_early_flow(id);
                self.tell_flow(call, key, true);
            }
            MediaEvent::FlowStopped { key } => self.tell_flow(call, key, false),
            MediaEvent::DtmfReceived {
                digit, duration, ..
            } => {
                self.hear_dtmf(now, id, DtmfSource::Media, digit.as_char(), duration);
            }
            MediaEvent::DtmfEnded {
                digit,
                duration,
                in_band,
                ..
            } => {
                let told = self.end_dtmf(id, digit.as_char(), duration);
                // What is in the sound is heard by the other party, as it is.
                if told && !in_band {
                    self.pass_event(now, id, digit, duration);
                }
            }
            MediaEvent::Statistics { statistics, .. } => {
                let statistics = Arc::new(statistics);
                call.set_statistics(Arc::clone(&statistics));
                let reported = session.report_every.is_some();
                self.judge_quality(id, &statistics);
                if reported {
                    self.events
                        .push_back(BasicSessionEvent::MediaReported { call, statistics });
                }
            }
            MediaEvent::VoiceStarted { .. } => self.tell_voice(call, true),
            MediaEvent::VoiceStopped { .. } => self.tell_voice(call, false),
            MediaEvent::AudioUnderrun {
                underruns, silence, ..
            } => self.events.push_back(BasicSessionEvent::AudioUnderrun {
                call,
                underruns,
                silence,
            }),
            MediaEvent::AudioDropped { frames, .. } => {
                let event = BasicSessionEvent::AudioDropped { call, frames };
                self.events.push_back(event);
            }
            MediaEvent::Failed { error, .. } => {
                let message = Arc::from(error.to_string());
                self.events
                    .push_back(BasicSessionEvent::MediaFailed { call, message });
            }
            MediaEvent::Ended { statistics, .. } => {
                call.set_statistics(Arc::new(statistics));
                self.finish(now, id);
            }
            _ => {}
        }
    }

    fn tell_voice(&mut self, call: Arc<CallRecord>, speaking: bool) {
        let event = BasicSessionEvent::VoiceChanged { call, speaking };
        self.events.push_back(event);
    }

    fn tell_flow(&mut self, call: Arc<CallRecord>, key: MediaSessionKey, active: bool) {
        let codec = self.media.parameters(key).map(|media| media.codec);
        let event = BasicSessionEvent::MediaFlowChanged {
            call,
            active,
            codec,
        };
        self.events.push_back(event);
    }

    /// Measures the media of a session every `interval`, or no longer.
    ///
    /// # Errors
    /// No such session, or it has no media here.
    pub fn monitor(
        &mut self,
        now: Instant,
        id: SessionId,
        interval: Option<Duration>,
    ) -> Result<()> {
        self.media_key(id)?;
        if let Some(session) = self.sessions.get_mut(id) {
            session.report_every = interval.map(|interval| interval.max(SHORTEST_REPORT));
        }
        self.report(now, id);
        Ok(())
    }

    /// Measures the media of a session now.
    pub fn report(&mut self, now: Instant, id: SessionId) {
        let Some(session) = self
            .sessions
            .get(id)
            .filter(|session| session.ended.is_none())
        else {
            return;
        };
        let next = session.report_every.map(|interval| now + interval);
        if let Some(Err(error)) = session
            .media
            .map(|key| self.media.request_statistics(now, key))
        {
            tracing::debug!(session = %id, %error, "cannot measure");
        }
        self.sessions.schedule(id, Due::Report, next);
    }

    /// Sets what is sent.
    ///
    /// # Errors
    /// No such session, or it has no media here.
    pub fn set_source(&mut self, now: Instant, id: SessionId, source: AudioSource) -> Result<()> {
        let sends_audio = !matches!(source, AudioSource::None);
        self.with_media(id, |media, key| media.set_source(now, key, source))?;
        if let Some(session) = self.sessions.get_mut(id) {
            session.sends_audio = sends_audio;
        }
        Ok(())
    }

    /// Whether packets are sent, or will be when the call is answered.
    pub fn is_sending(&self, id: SessionId) -> bool {
        let session = self.sessions.get(id);
        session.is_some_and(|session| session.media.is_some() && session.sends_audio)
    }

    /// Sends silence in place of the source, or the source again.
    ///
    /// # Errors
    /// No such session, or it has no media here.
    pub fn set_muted(&mut self, now: Instant, id: SessionId, muted: bool) -> Result<()> {
        self.with_media(id, |media, key| media.set_muted(now, key, muted))
    }

    /// Records, or no longer.
    ///
    /// # Errors
    /// No such session, or it has no media here.
    pub fn record(
        &mut self,
        now: Instant,
        id: SessionId,
        recording: Option<Recording>,
    ) -> Result<()> {
        self.with_media(id, |media, key| media.record(now, key, recording))
    }

    /// What was agreed on; `None` when the session has no media here, or has ended.
    pub fn media_info(&self, id: SessionId) -> Option<MediaInfo> {
        let session = self.sessions.get(id)?;
        let key = session.media?;
        let local = self.media.local_rtp(key);
        let parameters = self.media.parameters(key);
        let unspecified = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        Some(MediaInfo {
            local_rtp_address: local.map_or(unspecified, |local| local.ip()),
            local_rtp_port: local.map_or(0, |local| local.port()),
            remote_rtp_address: parameters.map_or(unspecified, |media| media.remote_rtp.ip()),
            remote_rtp_port: parameters.map_or(0, |media| media.remote_rtp.port()),
            codec: parameters.map(|media| media.codec.to_string()),
            local_sdp: session.local_sdp.as_deref().map(str::to_owned),
            remote_sdp: session.remote_sdp.as_deref().map(str::to_owned),
        })
    }

    pub(super) fn record_to_directory(&mut self, now: Instant, id: SessionId) {
        let Some(directory) = &self.settings.recording_directory else {
            return;
        };
        let sink = RecordingSink::File(directory.join(format!("{id}.wav")));
        if let Err(error) = self.record(now, id, Some(sink.into())) {
            tracing::debug!(session = %id, %error, "no recording");
        }
    }

    pub(super) fn media_key(&self, id: SessionId) -> Result<MediaSessionKey> {
        self.session(id)?
            .media
            .ok_or(SessionError::NoMedia { session_id: id })
    }

    pub(super) fn with_media<R>(
        &mut self,
        id: SessionId,
        act: impl FnOnce(&mut MediaSessionController, MediaSessionKey) -> Result<R, MediaError>,
    ) -> Result<R> {
        let key = self.media_key(id)?;
        act(&mut self.media, key).map_err(|source| SessionError::Media {
            session_id: id,
            source,
        })
    }
}
