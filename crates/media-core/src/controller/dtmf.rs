//! Digits of a session.

use std::time::Instant;

use super::sessions::Done;
use super::{MediaSessionController, MediaSessionKey};
use crate::dtmf::DtmfDigit;
use crate::engine::MediaCommand;
use crate::error::MediaError;

impl MediaSessionController {
    /// Sends digits as telephone events (RFC 4733), one after the other, in place of the sound, with the timing of
    /// [`MediaConfig::dtmf_timing`](crate::MediaConfig::dtmf_timing). What is not sent when the session is held is dropped.
    ///
    /// # Errors
    /// [`MediaError::NoTelephoneEvents`] when the peer takes none, or takes nothing now; as
    /// [`start`](Self::start).
    pub fn send_dtmf(&mut self, now: Instant, key: MediaSessionKey, digits: &[DtmfDigit]) -> Done {
        let parameters = self.parameters(key);
        let takes = parameters
            .is_some_and(|media| media.telephone_event.is_some() && media.direction.sends());
        if !takes {
            self.session_mut(key)?;
            return Err(MediaError::NoTelephoneEvents(key));
        }
        let digits = digits.to_vec();
        let timing = self.config.dtmf_timing;
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
}
