//! Digits of a session, and what is listened for.

use std::time::{Duration, Instant};

use super::sessions::Done;
use super::{MediaSessionController, MediaSessionKey};
use crate::dtmf::{DtmfDigit, DtmfTiming};
use crate::engine::MediaCommand;
use crate::error::MediaError;
use crate::stream::Listening;

impl MediaSessionController {
    /// Sends digits as telephone events (RFC 4733), those that the peer does not take as tones, one after the other, in place of the
    /// sound, with the timing of [`MediaConfig::dtmf_timing`](crate::MediaConfig::dtmf_timing). What is not sent when the session is
    /// held is dropped.
    ///
    /// # Errors
    /// [`MediaError::NothingSent`] when the peer takes nothing now; [`MediaError::NoHookFlash`] when a hook flash is among them, which
    /// has no sound, and the peer takes no such event; none is sent then. As [`start`](Self::start).
    pub fn send_dtmf(&mut self, now: Instant, key: MediaSessionKey, digits: &[DtmfDigit]) -> Done {
        self.send_dtmf_timed(now, key, digits, self.config.dtmf_timing)
    }

    /// Sends one digit that is pressed for so long, else as [`send_dtmf`](Self::send_dtmf): the press of another party, passed on.
    ///
    /// # Errors
    /// As [`send_dtmf`](Self::send_dtmf).
    pub fn pass_dtmf(
        &mut self,
        now: Instant,
        key: MediaSessionKey,
        digit: DtmfDigit,
        tone: Duration,
    ) -> Done {
        let timing = DtmfTiming {
            tone,
            ..self.config.dtmf_timing
        };
        self.send_dtmf_timed(now, key, &[digit], timing)
    }

    fn send_dtmf_timed(
        &mut self,
        now: Instant,
        key: MediaSessionKey,
        digits: &[DtmfDigit],
        timing: DtmfTiming,
    ) -> Done {
        let parameters = self.parameters(key);
        let Some(media) = parameters.filter(|media| media.direction.sends()) else {
            self.session_mut(key)?;
            return Err(MediaError::NothingSent(key));
        };
        let flash = DtmfDigit::FLASH;
        if digits.contains(&flash) && !media.takes_event(flash.event()) {
            return Err(MediaError::NoHookFlash(key));
        }
        let digits = digits.to_vec();
        self.command(
            now,
            key,
            MediaCommand::SendDtmf {
                key,
                digits,
                timing,
            },
        )
    }

    /// Listens for this in the peer's sound from now on.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn listen(&mut self, now: Instant, key: MediaSessionKey, listening: Listening) -> Done {
        self.session_mut(key)?;
        self.command(now, key, MediaCommand::Listen { key, listening })
    }
}
