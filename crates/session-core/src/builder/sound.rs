//! What is done to the sound of calls.

use rvoip_media_core::{FrameProcessors, Listening};

use super::SessionManagerBuilder;
use crate::{Result, SessionError};

impl SessionManagerBuilder {
    /// Who works on the sound of calls until told otherwise, see
    /// [`FrameProcessor`](crate::media_core::FrameProcessor); without this, nobody.
    pub fn with_frame_processors(mut self, processors: FrameProcessors) -> Self {
        self.config.processors = processors;
        self
    }

    /// Listens for voices and for digits in the sound itself, in all calls until told otherwise; without this, for nothing.
    pub fn with_listening(mut self, listening: Listening) -> Self {
        self.config.listening = listening;
        self
    }

    /// Takes noise out of what peers say and brings their voices to one loudness, before the
    /// [processors](Self::with_frame_processors) of the application: noise suppression with the feature `noise-suppression`, then gain
    /// control with `gain-control`. With neither, [`build`](Self::build) fails.
    pub fn with_audio_processing(mut self, enabled: bool) -> Self {
        self.audio_processing = enabled;
        self
    }

    /// Takes the echo of what we send out of what peers say. No echo canceller is built in, so that [`build`](Self::build) fails:
    /// hand one to [`with_frame_processors`](Self::with_frame_processors), which gives it what was sent as
    /// [`reference`](crate::media_core::FrameContext::reference).
    pub fn with_echo_cancellation(mut self, enabled: bool) -> Self {
        self.echo_cancellation = enabled;
        self
    }

    /// The processors of a call, those that are built in before those of the application.
    pub(super) fn processors(&self) -> Result<FrameProcessors> {
        if self.echo_cancellation {
            return Err(SessionError::Configuration(
                "no echo canceller is built in: with_frame_processors takes one".to_owned(),
            ));
        }
        let own = self.config.processors.clone();
        if !self.audio_processing {
            return Ok(own);
        }
        let built_in = FrameProcessors::new();
        #[cfg(feature = "noise-suppression")]
        let built_in = built_in.on_received(rvoip_media_core::NoiseSuppression::new);
        #[cfg(feature = "gain-control")]
        let built_in = built_in.on_received(rvoip_media_core::GainControl::default);
        match built_in.is_empty() {
            true => Err(SessionError::Configuration(
                "audio processing needs the feature noise-suppression or gain-control".to_owned(),
            )),
            false => Ok(built_in.followed_by(own)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_built_in_is_refused_and_not_passed_over() {
        let builder = SessionManagerBuilder::new;
        assert!(builder().processors().unwrap().is_empty());
        assert!(builder().with_echo_cancellation(true).processors().is_err());
        let off = builder().with_echo_cancellation(true);
        assert!(off.with_echo_cancellation(false).processors().is_ok());
        let built_in = cfg!(any(feature = "gain-control", feature = "noise-suppression"));
        let processors = builder().with_audio_processing(true).processors();
        assert_eq!(processors.is_ok(), built_in);
        assert!(processors.is_ok_and(|it| !it.is_empty()) == built_in);
    }
}
