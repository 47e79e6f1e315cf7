//! Sound of calls, to and from the application.

use std::time::Instant;

use rvoip_media_core::audio::{AudioFormat, AudioFrame, AudioFrameSubscriber, AudioWriter};
use rvoip_media_core::{AudioSource, FrameProcessors, Listening, SampleRate};

use super::SessionCore;
use crate::{Result, SessionError, SessionId};

impl SessionCore {
    /// Begins to hand what the peer says to the application, and to take what the peer is to hear.
    ///
    /// # Errors
    /// No such session, or it has no media here.
    pub fn attach_audio(
        &mut self,
        now: Instant,
        id: SessionId,
        format: AudioFormat,
    ) -> Result<(AudioFrameSubscriber, AudioWriter)> {
        let ends = self.with_media(id, |media, key| media.attach_audio(now, key, format))?;
        if let Some(session) = self.sessions.get_mut(id) {
            session.sends_audio = true;
        }
        Ok(ends)
    }

    /// Listens for this in what the peer says from now on.
    ///
    /// # Errors
    /// No such session, or it has no media here.
    pub fn listen_for(&mut self, now: Instant, id: SessionId, listening: Listening) -> Result<()> {
        self.with_media(id, |media, key| media.listen(now, key, listening))
    }

    /// Lets these work on the sound of a call from now on, in place of those before.
    ///
    /// # Errors
    /// No such session, or it has no media here.
    pub fn set_processors(
        &mut self,
        now: Instant,
        id: SessionId,
        processors: &FrameProcessors,
    ) -> Result<()> {
        self.with_media(id, |media, key| media.set_processors(now, key, processors))
    }

    /// Sends a frame of the application after those before it, in place of the call's source.
    ///
    /// # Errors
    /// No such session, it has no media here, the rate is none that sound is taken at, or more than ten seconds wait to be sent.
    pub fn send_audio_frame(
        &mut self,
        now: Instant,
        id: SessionId,
        frame: &AudioFrame,
    ) -> Result<()> {
        let sample_rate = SampleRate::from_hz(frame.sample_rate_hz)
            .ok_or(SessionError::SampleRate(frame.sample_rate_hz))?;
        let known = self.session(id)?.extras();
        let known = known.and_then(|extras| extras.writer.as_ref());
        if known.is_none_or(|writer| writer.sample_rate() != sample_rate || writer.is_closed()) {
            let (_, writer) = self.attach_audio(now, id, AudioFormat::at(sample_rate))?;
            if let Some(session) = self.sessions.get_mut(id) {
                session.extras_mut().writer = Some(Box::new(writer));
            }
        }
        let session = self.sessions.get_mut(id);
        let writer = session.and_then(|session| session.extras_mut().writer.as_mut());
        let writer = writer.ok_or(SessionError::NoMedia { session_id: id })?;
        if writer.room() < frame.samples.len() {
            return Err(SessionError::ResourceExhausted);
        }
        let taken = writer.try_write(&frame.samples);
        taken.map_err(|_| SessionError::NoMedia { session_id: id })?;
        Ok(())
    }

    /// Sends what the application hands over and nothing else; silence in between.
    ///
    /// # Errors
    /// No such session, or it has no media here.
    pub fn pass_through(&mut self, now: Instant, id: SessionId) -> Result<()> {
        self.set_source(now, id, AudioSource::Silence)
    }
}
