//! Sound of sessions: recordings, and audio of the application.

use std::time::Instant;

use super::sessions::Done;
use super::{MediaSessionController, MediaSessionKey};
use crate::audio::{AudioFormat, AudioFrameSubscriber, AudioWriter, application_audio};
use crate::engine::MediaCommand;
use crate::error::MediaError;
use crate::record::Recording;

impl MediaSessionController {
    /// Records, in place of an earlier recording; `None` ends it.
    ///
    /// # Errors
    /// As [`MediaSessionController::start`].
    pub fn record(
        &mut self,
        now: Instant,
        key: MediaSessionKey,
        recording: Option<Recording>,
    ) -> Done {
        self.command(now, key, MediaCommand::Record { key, recording })
    }

    /// Gives the application what is heard, and sends what it says in place of the source for as long as its writer lives. Up
    /// to eight at a time; one more ends at once.
    ///
    /// # Errors
    /// As [`MediaSessionController::start`].
    pub fn attach_audio(
        &mut self,
        now: Instant,
        key: MediaSessionKey,
        format: AudioFormat,
    ) -> Result<(AudioFrameSubscriber, AudioWriter), MediaError> {
        let (tap, frames, writer) = application_audio(format);
        let tap = Box::new(tap);
        self.command(now, key, MediaCommand::AttachAudio { key, tap })?;
        Ok((frames, writer))
    }
}
