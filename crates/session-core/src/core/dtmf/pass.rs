//! Digits that pass from one party of a bridge of two to the other, in the way of the other's leg.

use std::time::{Duration, Instant};

use rvoip_media_core::DtmfDigit;

use crate::SessionId;
use crate::core::SessionCore;
use crate::dtmf::Press;

impl SessionCore {
    /// Lets the other party of a bridge of two know of a press that came as a telephone event. The media has passed it on where the
    /// other leg takes such an event.
    pub(in crate::core) fn pass_event(
        &mut self,
        now: Instant,
        id: SessionId,
        digit: DtmfDigit,
        duration: Duration,
    ) {
        let other = self.other_in_bridge(id);
        if let Some(other) = other.filter(|other| !self.takes_events(*other, &[digit])) {
            let digit = digit.as_char();
            self.pass(now, other, Press { digit, duration });
        }
    }

    /// Sends a press of another party: as a telephone event where that is taken, else as digits of ours are sent.
    pub(super) fn pass(&mut self, now: Instant, to: SessionId, press: Press) {
        let Some(digit) = DtmfDigit::from_char(press.digit) else {
            return;
        };
        let by_info = !self.takes_events(to, &[digit]) && self.sends_info(to, &[digit]);
        let passed = match by_info {
            true => self.send_as_info(now, to, std::iter::once(press)),
            false => self.with_media(to, |media, key| {
                media.pass_dtmf(now, key, digit, press.duration)
            }),
        };
        if let Err(error) = passed {
            tracing::debug!(session = %to, %error, "a digit is not passed on");
        }
    }
}
