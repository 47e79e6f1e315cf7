//! Hold: what a session wants to do from now on, and what it sends meanwhile (RFC 3264 section 8.4).

use std::time::Instant;

use super::sessions::Done;
use super::{MediaSessionController, MediaSessionKey};
use crate::engine::MediaCommand;
use crate::play::AudioSource;
use crate::sdp::Direction;

impl MediaSessionController {
    /// Sets what this side wants in offers and answers from now on: [`Direction::SendOnly`] holds, for instance.
    ///
    /// # Errors
    /// [`MediaError::UnknownSession`](crate::MediaError::UnknownSession).
    pub fn set_direction(&mut self, key: MediaSessionKey, direction: Direction) -> Done {
        self.session_mut(key)?.direction = direction;
        Ok(())
    }

    /// Sends `source` in place of the session's own while this side holds the call; its own waits where it is and goes on
    /// with `None`. What is offered is [`set_direction`](Self::set_direction)'s matter.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn hold(
        &mut self,
        now: Instant,
        key: MediaSessionKey,
        source: Option<AudioSource>,
    ) -> Done {
        self.command(now, key, MediaCommand::Hold { key, source })
    }
}
