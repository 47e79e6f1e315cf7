//! Digits that pass from one party of a bridge of two to the other, in the way of the other's leg.

use std::time::{Duration, Instant};

use rvoip_media_core::DtmfDigit;

use crate::SessionId;
use crate::core::SessionCore;
use crate::dtmf::Press;

impl SessionCore {
    /// Lets the other party of a bridge of two know of a press that came as a telephone event. The media has passed it on where the
    /// other leg has such events.
    pub(in crate::core) fn pass_event(
        &mut self,
        now: Instant,
        id: SessionId,
        digit: char,
        duration: Duration,
    ) {
        let other = self.other_in_bridge(id);
        if let Some(other) = other.filter(|other| !self.has_events(*other)) {
            self.pass(now, other, Press { digit, duration });
        }
    }

    /// Sends a press of another party: as a telephone event where they were agreed on, else as digits of ours are sent.
    pub(super) fn pass(&mut self, now: Instant, to: SessionId, press: Press) {
        let by_info = !self.has_events(to) && self.sends_info(to);
        let digit = DtmfDigit::from_char(press.digit);
        let passed = match digit {
            Some(_) if by_info => self.send_as_info(now, to, std::iter::once(press)),
            Some(digit) => self.with_media(to, |media, key| {
                media.pass_dtmf(now, key, digit, press.duration)
            }),
            None => Ok(()),
        };
        if let Err(error) = passed {
            tracing::debug!(session = %to, %error, "a digit is not passed on");
        }
    }
}
