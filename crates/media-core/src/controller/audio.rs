//! Sound of sessions: recordings, and audio of the application.

use std::time::Instant;

use super::sessions::Done;
use super::{MediaSessionController, MediaSessionKey};
use crate::audio::{AudioFormat, AudioFrameSubscriber, AudioWriter, application_audio};
use crate::engine::MediaCommand;
use crate::error::MediaError;
use crate::frame_processor::FrameProcessors;
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

    /// Lets these work on the sound from now on, in place of those before; none ends it. The sound changes over within a frame,
    /// once the new ones have their delay's worth of it.
    ///
    /// # Errors
    /// As [`MediaSessionController::start`].
    pub fn set_processors(
        &mut self,
        now: Instant,
        key: MediaSessionKey,
        processors: &FrameProcessors,
    ) -> Done {
        let chains = Box::new(processors.make());
        self.command(now, key, MediaCommand::Process { key, chains })
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
