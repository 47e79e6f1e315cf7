//! DTMF digits on their way to the media.

use std::time::Instant;

use rvoip_media_core::DtmfDigit;

use super::SessionCore;
use crate::{Operation, Result, SessionError, SessionId};

impl SessionCore {
    /// Sends DTMF digits as telephone events (RFC 4733), one after the other.
    ///
    /// # Errors
    /// A character that is no digit; no such session, one that is not answered, without media here, or whose peer takes no
    /// telephone events now.
    pub fn send_dtmf(&mut self, now: Instant, id: SessionId, digits: &str) -> Result<()> {
        self.permit(id, Operation::SendDtmf)?;
        let digit = |text| DtmfDigit::from_char(text).ok_or(SessionError::InvalidDigit(text));
        let digits: Vec<DtmfDigit> = digits.chars().map(digit).collect::<Result<_>>()?;
        self.with_media(id, |media, key| media.send_dtmf(now, key, &digits))
    }
}
